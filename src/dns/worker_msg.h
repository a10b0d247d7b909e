/* SPDX-License-Identifier: Apache-2.0 */
/*
 * worker_msg.h -- what a worker that resolves, or asks, and its parent say to
 * each other over their socket pair, in frames (os/role.h).
 *
 *     parent: config, then any number of queries; end of file ends the worker
 *     worker: ready (or why not), then one answer for each query
 *
 * Both sides read with bounds; the parent takes the worker for an enemy.
 */
#pragma once

#include "dns/resolver.h"
#include "dns/server.h"
#include "os/role.h"

#define HF_FRAME_MAX (HF_FOUND_MAX + 64)
#define HF_QUERY_FRAME_MAX                                                     \
    (HF_FRAME_HEAD + 32 + HF_OWNER_TEXT_MAX + HF_SERVER_LABEL_MAX)
#define HF_CONFIG_FRAME_MAX 65536

enum hf_frame_kind { HF_FRAME_QUERY = HF_FRAME_OTHERS, HF_FRAME_ANSWER };

/* How the worker's start went. */
enum hf_worker_start {
    HF_WORKER_READY,
    HF_WORKER_MEMORY,
    HF_WORKER_CONFIG,
    HF_WORKER_TRUST_ANCHOR,
    HF_WORKER_FORWARD,
    HF_WORKER_STUB,
    HF_WORKER_ROOT_HINTS,
    HF_WORKER_LIBRARY,
    HF_WORKER_WALL,
    HF_WORKER_STARTS, /* how many there are */
};

extern const struct hf_greeting hf_worker_greetings[HF_WORKER_STARTS];

/* A query on its way to the worker. */
struct hf_worker_query {
    uint64_t ticket;
    uint32_t timeout_ms;
    uint16_t type;
    struct hf_span owner;  /* presentation text */
    struct hf_span server; /* as in struct hf_lookup */
};

/* Write whole frames. What does not fit sets out->full. */
void hf_msg_put_config(struct hf_buf *out,
                       const struct hf_resolver_config *config);
void hf_msg_put_query(struct hf_buf *out, const struct hf_worker_query *query);
void hf_msg_put_answer(struct hf_buf *out, uint64_t ticket,
                       const struct hf_found *found);

/* Room for the texts of a configuration, with a NUL behind each. */
struct hf_config_room {
    char text[HF_CONFIG_FRAME_MAX];
};

/*
 * Wait for the configuration; `in` may grow for it. False when the parent hung
 * up or sent something else.
 */
bool hf_msg_await_config(int fd, struct hf_buf *in, struct hf_config_room *room,
                         struct hf_resolver_config *out);

/* Read bodies. Fail: HF_ESYNTAX; spans and text are borrowed. */
enum hf_err hf_msg_read_config(struct hf_span body, struct hf_config_room *room,
                               struct hf_resolver_config *out,
                               struct hf_why *why);
enum hf_err hf_msg_read_query(struct hf_span body, struct hf_worker_query *out,
                              struct hf_why *why);

/* Release *found with hf_found_clear(). Fails also: HF_ENOMEM. */
enum hf_err hf_msg_read_answer(struct hf_span body, uint64_t *ticket,
                               struct hf_found *found, struct hf_why *why);
