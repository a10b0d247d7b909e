/* SPDX-License-Identifier: Apache-2.0 */
/*
 * server_msg.h -- what the front and its parent say to each other over their
 * socket pair, in frames (os/role.h).
 *
 *     parent: config, then fixes, answers, reloads; at last a drain
 *     front:  ready (or why not), then requests, counts; at last drained
 *
 * Both sides read with bounds; the parent takes the front for an enemy.
 */
#pragma once

#include "net/server.h"
#include "os/role.h"

#define HF_SERVER_PEM_MAX    ((size_t)256 << 10)
#define HF_SERVER_CONFIG_MAX (3 * HF_SERVER_PEM_MAX + 1024)
/* A request with a body of so many octets. */
#define HF_SERVER_REQUEST_MAX(body) ((body) + HF_SERVER_HEADER_LIMIT + 1024)
#define HF_SERVER_ANSWER_MAX        (HF_SERVER_REPLY_MAX + 131072)
#define HF_SERVER_ID_MAX            ((UINT64_C(1) << 48) - 1)
#define HF_SERVER_FINGERPRINT_LEN   64

enum hf_server_frame {
    HF_SERVER_RELOAD = HF_FRAME_OTHERS,
    HF_SERVER_FIX,
    HF_SERVER_ANSWER,
    HF_SERVER_DRAIN,
    HF_SERVER_REQUEST,
    HF_SERVER_COUNTERS,
    HF_SERVER_DRAINED,
};

/* How its start went. */
enum hf_server_start {
    HF_SERVER_STARTED,
    HF_SERVER_MEMORY,
    HF_SERVER_BROKEN,
    HF_SERVER_NO_TLS,
    HF_SERVER_SYSTEM,
    HF_SERVER_WALL,
    HF_SERVER_STARTS, /* how many there are */
};

extern const struct hf_greeting hf_server_greetings[HF_SERVER_STARTS];

/* Write whole frames. What does not fit sets out->full. Of the places of a
 * configuration only `plain` is sent: the sockets are given (os/role.h). */
void hf_server_put_config(struct hf_buf *out,
                          const struct hf_server_config *config);
void hf_server_put_reload(struct hf_buf *out, struct hf_span certificate,
                          struct hf_span key);
void hf_server_put_fix(struct hf_buf *out, struct hf_span target,
                       const struct hf_server_reply *reply);
void hf_server_put_answer(struct hf_buf *out, uint64_t id,
                          const struct hf_server_reply *reply);
void hf_server_put_request(struct hf_buf *out,
                           const struct hf_server_request *request);
void hf_server_put_counters(struct hf_buf *out, const uint64_t *counters);
void hf_server_put_word(struct hf_buf *out, enum hf_server_frame kind);

/* Read bodies; false when they are not what they should be. All is borrowed:
 * of a configuration the places are in `places`. */
bool hf_server_take_config(struct hf_span body, struct hf_server_place *places,
                           struct hf_server_config *out);
bool hf_server_take_reload(struct hf_span body, struct hf_span *certificate,
                           struct hf_span *key);
bool hf_server_take_fix(struct hf_span body, struct hf_span *target,
                        bool *there, struct hf_server_reply *out);
bool hf_server_take_answer(struct hf_span body, uint64_t *id,
                           struct hf_server_reply *out);
bool hf_server_take_request(struct hf_span body, size_t body_max,
                            struct hf_server_request *out);
bool hf_server_take_counters(struct hf_span body, uint64_t *out);

/* May this be sent? Names are tokens that are not the front's own business,
 * values have no control octets. */
bool hf_server_reply_is_good(const struct hf_server_reply *reply);
