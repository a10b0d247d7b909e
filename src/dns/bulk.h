/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bulk.h -- the same question about very many names: the sockets, system calls
 * and connections around bulk_engine.h. It decides nothing itself.
 *
 *     while there are names or some are under way:
 *         add names while there is room
 *         hf_bulk_step(): send, wait, receive; answers go to `done`
 *
 * One thread. Every socket is connected to one server, so that the kernel
 * drops what others send; a few hundred of them, each with a port of its own,
 * are opened once and chosen at random (RFC 5452).
 */
#pragma once

#include "dns/bulk_engine.h"
#include "dns/server.h"

struct hf_bulk;

struct hf_bulk_options {
    const struct hf_server *servers; /* copied */
    size_t server_count;
    size_t sockets; /* over all servers; each gets at least four */
    /* Of `engine` the caller sets window, tries, timeout_ns, the rates, type,
     * recurse, keep_case, tcp, done and to. */
    struct hf_bulk_config engine;
};

/* Owns: hf_bulk_free(). Fails: HF_EINVAL, HF_ENOMEM, HF_ESYSTEM. */
enum hf_err hf_bulk_new(const struct hf_bulk_options *options,
                        struct hf_bulk **out, struct hf_why *why);
void hf_bulk_free(struct hf_bulk *bulk);

size_t hf_bulk_room(const struct hf_bulk *bulk);

/* There must be room. */
void hf_bulk_add(struct hf_bulk *bulk, const struct hf_wire_name *name,
                 uint64_t ticket);

/* Also end a wait when `fd` is readable. It stays the caller's. */
enum hf_err hf_bulk_watch(struct hf_bulk *bulk, int fd, struct hf_why *why);

/*
 * Send what may be sent, wait at most `wait_ms` for something to happen, and
 * take what arrived. Calls `done` for each question that ended.
 * Fails: HF_ESYSTEM (no more sockets to be had, no random octets).
 */
enum hf_err hf_bulk_step(struct hf_bulk *bulk, int64_t wait_ms,
                         struct hf_why *why);

struct hf_bulk_stats hf_bulk_stats(const struct hf_bulk *bulk);
