/* SPDX-License-Identifier: Apache-2.0 */
/*
 * server_hall.h -- all connections of a front, and what becomes of them: from
 * the handshake over requests, which are handed to the parent as frames, and
 * their replies to the end. Nothing here waits.
 *
 * A connection is in one state, and goes on from there until it must wait.
 * Whatever it waits for has a deadline, which hf_server_hall_sweep() enforces.
 */
#pragma once

#include <sys/queue.h>
#include <sys/socket.h>

#include "net/server_crowd.h"
#include "net/server_fixed.h"
#include "net/server_read.h"
#include "net/server_wire.h"

/* Events of epoll(7) of connections are numbers below this. */
#define HF_SERVER_HALL_EVENTS (UINT64_C(1) << 48)
#define HF_SERVER_DATE_MAX    32

struct hf_server_conn;

TAILQ_HEAD(hf_server_conns, hf_server_conn);

struct hf_server_hall {
    /* Set by its owner. */
    struct hf_server_config config;
    struct hf_server_place places[HF_SERVER_PLACES_MAX];
    int epoll;
    SSL_CTX *tls;      /* for connections to come */
    struct hf_buf out; /* frames for the parent */
    int64_t now_ms;
    bool is_closing; /* every reply is the last one of its connection */

    /* For its owner to read. */
    uint64_t counts[HF_SERVER_COUNTS];
    size_t vacant_count; /* connections that there may be */

    /* Its own. */
    struct hf_server_bounds bounds;
    BIO_METHOD *method;
    struct hf_server_conn **conns; /* by slot; made when first needed */
    uint32_t *vacant;              /* slots */
    uint32_t serials;              /* of connections */
    uint32_t numbers;              /* of requests */
    struct hf_server_crowd *crowd;
    struct hf_server_conns again; /* that had enough steps for one turn */
    struct hf_server_conns queue; /* for the parent, the first one first */
    struct hf_server_fixed_table *fixed;
    int64_t date_s;
    char date[HF_SERVER_DATE_MAX];
};

/* Make room, when the configuration is set. False when there is none. Release
 * with hf_server_hall_clear(). */
bool hf_server_hall_init(struct hf_server_hall *hall);
void hf_server_hall_clear(struct hf_server_hall *hall);

/* Somebody came by this place; `fd` is ours from now on. There is a slot. */
void hf_server_hall_enter(struct hf_server_hall *hall, size_t place, int fd,
                          const struct sockaddr_storage *address);

/* Something happened to a connection. */
void hf_server_hall_event(struct hf_server_hall *hall, uint64_t who,
                          uint32_t events);

/* The parent answered. False when that cannot be: it was not asked. */
bool hf_server_hall_answer(struct hf_server_hall *hall, uint64_t id,
                           const struct hf_server_reply *reply);

/* At the end of each turn: what events alone do not bring forward. */
void hf_server_hall_turn(struct hf_server_hall *hall);

/* hf_server_hall_turn() has more to do, without any event. */
bool hf_server_hall_is_busy(const struct hf_server_hall *hall);

/* End what took too long. */
void hf_server_hall_sweep(struct hf_server_hall *hall);

/* Look at the clock on the wall, for Date. */
void hf_server_hall_keep_date(struct hf_server_hall *hall);
