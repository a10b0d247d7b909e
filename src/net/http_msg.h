/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http_msg.h -- what the HTTP worker and its parent say to each other over
 * their socket pair, in frames (os/role.h).
 *
 *     parent: config, then any number of requests; end of file ends the worker
 *     worker: ready (or why not), then one reply for each request
 *
 * Both sides read with bounds; the parent takes the worker for an enemy.
 */
#pragma once

#include "net/http.h"
#include "net/url.h"
#include "os/role.h"

#define HF_NET_ADDRESSES_MAX   HF_HTTP_ADDRESSES_MAX
#define HF_NET_ADDRESS_MAX     45 /* octets of an address as text */
#define HF_NET_FIELD_MAX       2048
#define HF_NET_CONFIG_MAX      ((size_t)65536)
#define HF_NET_REQUEST_MAX     (HF_HTTP_SEND_MAX + 16384)
#define HF_NET_REPLY_MAX(body) ((body) + 81920) /* with its fields */

enum hf_net_frame {
    HF_NET_REQUEST = HF_FRAME_OTHERS,
    HF_NET_REPLY,
};

/* How the worker's start went. */
enum hf_net_start {
    HF_NET_STARTED,
    HF_NET_MEMORY,
    HF_NET_BROKEN,
    HF_NET_CA_FILE,
    HF_NET_CA_EMPTY,
    HF_NET_TLS,
    HF_NET_IDENTITY,
    HF_NET_WALL,
    HF_NET_STARTS, /* how many there are */
};

extern const struct hf_greeting hf_net_greetings[HF_NET_STARTS];

/* A sentence for a failure; `detail` is OpenSSL's code of an untrusted
 * certificate. Static. */
const char *hf_net_reason(enum hf_http_failure failure, int detail);

/* A request on its way to the worker. */
struct hf_net_request {
    uint64_t ticket;
    uint32_t timeout_ms;
    enum hf_http_method method;
    enum hf_url_host kind;
    bool tls;
    uint16_t port;
    struct hf_span host;
    struct hf_span addresses[HF_NET_ADDRESSES_MAX];
    size_t address_count; /* at least one */
    struct hf_span authority;
    struct hf_span target;
    struct hf_span accept;
    struct hf_span content_type;
    struct hf_span body;
};

/* A reply on its way to the parent: of `reply` everything but `reason` and
 * `bytes` is sent, and the detail of a failure. */
struct hf_net_reply {
    uint64_t ticket;
    int detail;
    struct hf_http_reply reply;
};

/* Write whole frames. What does not fit sets out->full. */
void hf_net_put_config(struct hf_buf *out, const struct hf_http_config *config);
void hf_net_put_request(struct hf_buf *out,
                        const struct hf_net_request *request);
void hf_net_put_reply(struct hf_buf *out, const struct hf_net_reply *reply);

/* Room for the texts of a configuration, with a NUL behind each. */
struct hf_net_room {
    char text[HF_NET_CONFIG_MAX];
};

/* Read bodies. Fail: HF_ESYNTAX; spans and text are borrowed. */
enum hf_err hf_net_read_config(struct hf_span body, struct hf_net_room *room,
                               struct hf_http_config *out, struct hf_why *why);
enum hf_err hf_net_read_request(struct hf_span body, struct hf_net_request *out,
                                struct hf_why *why);

/* The reply owns a copy: release it with hf_http_reply_clear(). Fails also:
 * HF_ENOMEM. */
enum hf_err hf_net_read_reply(struct hf_span body, struct hf_net_reply *out,
                              struct hf_why *why);

/* Printable ASCII of at most `max` octets, without blanks unless `blanks`? */
bool hf_net_is_clean(struct hf_span text, size_t max, bool blanks);
