/* SPDX-License-Identifier: Apache-2.0 */
/*
 * exchange.h -- one question to one server: UDP, again when nothing comes,
 * TCP when the answer was cut, all before a deadline. Any number may run at
 * once; none of them blocks. Runs behind a wall, in an asker (dns/asker.h).
 *
 * Who sent an answer, its id and its question (letter case included) are
 * checked before anything else is believed (REQ VAL-36; RFC 5452, section 9).
 */
#pragma once

#include <poll.h>

#include "dns/server.h"
#include "dns/wire.h"

/* What to ask whom. Copied. */
struct hf_asking {
    const struct hf_server *server;
    const struct hf_wire_name *name;
    uint16_t type;
    uint16_t flags; /* HF_WIRE_RD, HF_WIRE_AD, HF_WIRE_CD */
    bool dnssec_ok;
    int64_t until_ms; /* hf_clock_ms() when to give up */
};

enum hf_exchange_state {
    HF_EXCHANGE_IDLE,
    HF_EXCHANGE_UDP,
    HF_EXCHANGE_TCP_WRITE, /* connecting, too */
    HF_EXCHANGE_TCP_READ,
    HF_EXCHANGE_DONE,   /* `message` is the answer, whatever its rcode */
    HF_EXCHANGE_FAILED, /* `why` says how */
};

/* Zeroed before its first use. */
struct hf_exchange {
    enum hf_exchange_state state;
    int fd;             /* of the socket in use; -1 */
    short events;       /* what to poll it for */
    int64_t step_at_ms; /* step at this time at the latest */
    unsigned opened;    /* sockets so far: a number may return */
    bool used_tcp;
    struct hf_wire_message message; /* borrows from `in` */
    struct hf_why why;
    /* Its own business. */
    struct hf_server server;
    struct hf_wire_name name;
    int64_t until_ms;
    int64_t pause_ms;
    size_t query_len;
    size_t sent;
    struct hf_buf in;
    uint8_t query[2 + HF_WIRE_QUERY_MAX]; /* TCP's length in front */
};

/* Begin. What went wrong at once is a state, too: FAILED. */
void hf_exchange_start(struct hf_exchange *x, const struct hf_asking *asking);

/* Do what can be done without waiting; `ready` as poll() reports it, or 0.
 * Call it when `events` occur and when `step_at_ms` has come. */
void hf_exchange_step(struct hf_exchange *x, short ready);

static inline bool hf_exchange_is_over(const struct hf_exchange *x)
{
    return x->state == HF_EXCHANGE_IDLE || x->state == HF_EXCHANGE_DONE ||
           x->state == HF_EXCHANGE_FAILED;
}

/* Close and free. Harmless on a zeroed one. */
void hf_exchange_clear(struct hf_exchange *x);
