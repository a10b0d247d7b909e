/* SPDX-License-Identifier: Apache-2.0 */
#include "dns/worker_msg.h"

#include "base/octets.h"
#include "dns/found.h"

#define PATH_TEXT_MAX 4096

/* Parts of a configuration. */
enum part {
    PART_TRUST_ANCHOR = 1,
    PART_STUB_ZONE,
    PART_STUB_ADDRESS,
    PART_FORWARD,
    PART_ROOT_HINTS,
    PART_SOURCE,
    PART_ANCHOR,
};

const struct hf_greeting hf_worker_greetings[HF_WORKER_STARTS] = {
    [HF_WORKER_READY] = {HF_OK, NULL},
    [HF_WORKER_MEMORY] = {HF_ENOMEM, "resolver: out of memory"},
    [HF_WORKER_CONFIG] = {HF_ESYNTAX, "resolver: broken configuration"},
    [HF_WORKER_TRUST_ANCHOR] = {HF_ENOTFOUND,
                                "resolver: a trust anchor file cannot be "
                                "read"},
    [HF_WORKER_FORWARD] = {HF_ESYNTAX,
                           "resolver: the address to forward to is not one; "
                           "write ADDRESS or ADDRESS@PORT"},
    [HF_WORKER_STUB] = {HF_ESYNTAX, "resolver: a stub is not ZONE=ADDRESS or "
                                    "ZONE=ADDRESS@PORT"},
    [HF_WORKER_ROOT_HINTS] = {HF_ENOTFOUND,
                              "resolver: the root hints cannot be read"},
    [HF_WORKER_LIBRARY] = {HF_ESYNTAX,
                           "resolver: libunbound refuses the trust anchors or "
                           "the root hints"},
    [HF_WORKER_WALL] = {HF_EPEER,
                        "resolver: this kernel cannot wall it in (Landlock "
                        "and seccomp); --sandbox=off goes without"},
};

static void put_part(struct hf_buf *out, enum part part, struct hf_span text)
{
    if (text.len == 0)
        return;
    hf_put_number(out, part, 1);
    hf_put_text(out, text);
}

void hf_msg_put_config(struct hf_buf *out,
                       const struct hf_resolver_config *config)
{
    size_t at = hf_frame_begin(out, HF_FRAME_CONFIG);

    hf_put_number(out, config->no_wall, 1);
    hf_put_number(out, config->forgets, 1);
    hf_put_number(out, config->window, 4);
    hf_put_number(out, config->cache_max_s, 4);
    for (size_t i = 0; i < config->trust_anchor_count; i++)
        put_part(out, PART_TRUST_ANCHOR, hf_span_str(config->trust_anchors[i]));
    for (size_t i = 0; i < config->stub_count; i++) {
        put_part(out, PART_STUB_ZONE, config->stubs[i].zone);
        put_part(out, PART_STUB_ADDRESS, config->stubs[i].address);
    }
    put_part(out, PART_FORWARD, hf_span_str(config->forward));
    put_part(out, PART_ROOT_HINTS, hf_span_str(config->root_hints));
    put_part(out, PART_SOURCE, hf_span_str(config->source));
    put_part(out, PART_ANCHOR, hf_span_str(config->anchor));
    hf_frame_end(out, at);
}

void hf_msg_put_query(struct hf_buf *out, const struct hf_worker_query *query)
{
    size_t at = hf_frame_begin(out, HF_FRAME_QUERY);

    hf_put_number(out, query->ticket, 8);
    hf_put_number(out, query->timeout_ms, 4);
    hf_put_number(out, query->type, 2);
    hf_put_text(out, query->owner);
    hf_put_text(out, query->server);
    hf_frame_end(out, at);
}

void hf_msg_put_answer(struct hf_buf *out, uint64_t ticket,
                       const struct hf_found *found)
{
    size_t at = hf_frame_begin(out, HF_FRAME_ANSWER);

    hf_put_number(out, ticket, 8);
    hf_found_put(out, found);
    hf_frame_end(out, at);
}

/* A copy of `text` with a NUL behind it; NULL when there is one inside. */
static const char *keep(struct hf_buf *room, struct hf_span text)
{
    const char *kept = room->ptr + room->len;

    if (hf_span_find(text, '\0') != text.len)
        return NULL;
    hf_buf_put(room, text);
    hf_buf_putc(room, '\0');
    return room->full ? NULL : kept;
}

static bool keep_anchor(struct hf_resolver_config *config, const char *text)
{
    if (config->trust_anchor_count == HF_RESOLVER_FILES_MAX)
        return false;
    config->trust_anchors[config->trust_anchor_count++] = text;
    return true;
}

/* The zone opens a stub, its address completes it. */
static bool keep_stub(struct hf_resolver_config *config, enum part part,
                      const char *text)
{
    struct hf_stub *stub = &config->stubs[config->stub_count];

    if (config->stub_count == HF_RESOLVER_STUBS_MAX)
        return false;
    if (part == PART_STUB_ZONE) {
        stub->zone = hf_span_str(text);
        return true;
    }
    stub->address = hf_span_str(text);
    config->stub_count++;
    return stub->zone.ptr != NULL;
}

static bool keep_part(struct hf_resolver_config *config, uint64_t part,
                      const char *text)
{
    switch (part) {
    case PART_TRUST_ANCHOR:
        return keep_anchor(config, text);
    case PART_STUB_ZONE:
    case PART_STUB_ADDRESS:
        return keep_stub(config, (enum part)part, text);
    case PART_FORWARD:
        config->forward = text;
        return true;
    case PART_ROOT_HINTS:
        config->root_hints = text;
        return true;
    case PART_SOURCE:
        config->source = text;
        return true;
    case PART_ANCHOR:
        config->anchor = text;
        return true;
    default:
        return false;
    }
}

enum hf_err hf_msg_read_config(struct hf_span body, struct hf_config_room *room,
                               struct hf_resolver_config *out,
                               struct hf_why *why)
{
    struct hf_resolver_config config = {0};
    struct hf_span rest = body;
    struct hf_span text;
    struct hf_buf kept;
    uint64_t window, cache_max_s, part;

    hf_buf_init(&kept, room->text, sizeof(room->text));
    if (!hf_take_flag(&rest, &config.no_wall) ||
        !hf_take_flag(&rest, &config.forgets) ||
        !hf_take_number(&rest, 4, &window) ||
        !hf_take_number(&rest, 4, &cache_max_s))
        return hf_fail(why, HF_ESYNTAX, 0, "resolver: broken configuration");
    config.window = (size_t)window;
    config.cache_max_s = (uint32_t)cache_max_s; /* four octets of it */
    while (rest.len > 0) {
        const char *copy = NULL;

        if (hf_take_number(&rest, 1, &part) &&
            hf_take_text(&rest, PATH_TEXT_MAX, &text))
            copy = keep(&kept, text);
        if (copy == NULL || !keep_part(&config, part, copy))
            return hf_fail(why, HF_ESYNTAX, body.len - rest.len,
                           "resolver: broken configuration");
    }
    *out = config;
    return HF_OK;
}

bool hf_msg_await_config(int fd, struct hf_buf *in, struct hf_config_room *room,
                         struct hf_resolver_config *out)
{
    struct hf_frame frame;

    if (!hf_role_next(fd, in, HF_CONFIG_FRAME_MAX, &frame) ||
        frame.kind != HF_FRAME_CONFIG ||
        hf_msg_read_config(frame.body, room, out, NULL) != HF_OK)
        return false;
    hf_frame_drop(in, &frame);
    return true;
}

enum hf_err hf_msg_read_query(struct hf_span body, struct hf_worker_query *out,
                              struct hf_why *why)
{
    struct hf_worker_query query = {0};
    uint64_t timeout_ms, type;

    if (!hf_take_number(&body, 8, &query.ticket) ||
        !hf_take_number(&body, 4, &timeout_ms) ||
        !hf_take_number(&body, 2, &type) ||
        !hf_take_text(&body, HF_OWNER_TEXT_MAX, &query.owner) ||
        !hf_take_text(&body, HF_SERVER_LABEL_MAX - 1, &query.server) ||
        body.len > 0)
        return hf_fail(why, HF_ESYNTAX, 0, "resolver: broken query");
    query.timeout_ms = (uint32_t)timeout_ms;
    query.type = (uint16_t)type;
    *out = query;
    return HF_OK;
}

enum hf_err hf_msg_read_answer(struct hf_span body, uint64_t *ticket,
                               struct hf_found *found, struct hf_why *why)
{
    uint64_t number;
    enum hf_err err;

    if (!hf_take_number(&body, 8, &number))
        return hf_fail(why, HF_ESYNTAX, 0, "resolver: broken answer");
    err = hf_found_read(body, found, why);
    if (err == HF_OK)
        *ticket = number;
    return err;
}
