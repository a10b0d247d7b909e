/* SPDX-License-Identifier: Apache-2.0 */
#include "dns/primary_msg.h"

#include "base/octets.h"
#include "dns/found.h"

#define MS_MAX UINT32_MAX

const struct hf_greeting hf_primary_greetings[HF_PRIMARY_STARTS] = {
    [HF_PRIMARY_STARTED] = {HF_OK, NULL},
    [HF_PRIMARY_NO_MEMORY] = {HF_ENOMEM, "updates: out of memory"},
    [HF_PRIMARY_BAD_CONFIG] = {HF_ESYNTAX, "updates: broken configuration"},
    [HF_PRIMARY_NO_CRYPTO] = {HF_ECRYPTO,
                              "updates: OpenSSL does not offer the key's "
                              "algorithm"},
    [HF_PRIMARY_NO_WALL] = {HF_EPEER,
                            "updates: this kernel cannot wall in who sends "
                            "them (Landlock and seccomp); --sandbox=off goes "
                            "without"},
};

static enum hf_err broken(struct hf_why *why)
{
    return hf_fail(why, HF_ESYNTAX, 0, "updates: broken message");
}

static uint64_t whole_ms(int64_t ms)
{
    return ms < 1 ? 1 : (uint64_t)(ms > MS_MAX ? MS_MAX : ms);
}

static void put_name(struct hf_buf *out, const struct hf_wire_name *name)
{
    char room[HF_OWNER_TEXT_MAX];
    struct hf_buf text;

    hf_buf_init(&text, room, sizeof(room));
    hf_wire_name_put(&text, name);
    out->full |= text.full;
    hf_put_text(out, hf_buf_span(&text));
}

static bool take_name(struct hf_span *rest, struct hf_wire_name *out)
{
    struct hf_span text;

    return hf_take_text(rest, HF_OWNER_TEXT_MAX, &text) &&
           hf_wire_name_parse(text, out, NULL) == HF_OK;
}

/* ---- the configuration ---- */

void hf_primary_put_config(struct hf_buf *out,
                           const struct hf_primary_config *config,
                           int64_t now_ms)
{
    size_t at = hf_frame_begin(out, HF_FRAME_CONFIG);

    hf_put_number(out, config->no_wall, 1);
    hf_put_number(out, whole_ms(config->idle_ms), 4);
    hf_put_number(
        out, config->until_ms > 0 ? whole_ms(config->until_ms - now_ms) : 0, 4);
    hf_put_text(out, hf_span_str(config->server->label));
    hf_tsig_key_put(config->key, out);
    hf_frame_end(out, at);
}

enum hf_err hf_primary_read_config(struct hf_span body, int64_t now_ms,
                                   struct hf_primary_room *out,
                                   struct hf_why *why)
{
    struct hf_primary_room got = {0};
    struct hf_span server;
    uint64_t idle_ms, left_ms;
    bool no_wall;
    enum hf_err err;

    if (!hf_take_flag(&body, &no_wall) || !hf_take_number(&body, 4, &idle_ms) ||
        !hf_take_number(&body, 4, &left_ms) ||
        !hf_take_text(&body, HF_SERVER_LABEL_MAX, &server) ||
        hf_server_parse(server, &got.server, NULL) != HF_OK)
        return broken(why);
    err = hf_tsig_key_take(body, &got.key, why);
    if (err != HF_OK)
        return err;
    got.config = (struct hf_primary_config){
        .no_wall = no_wall,
        .idle_ms = (int64_t)idle_ms,
        .until_ms = left_ms > 0 ? now_ms + (int64_t)left_ms : 0};
    *out = got;
    out->config.server = &out->server;
    out->config.key = out->key;
    return HF_OK;
}

/* ---- questions and answers ---- */

void hf_primary_put_question(struct hf_buf *out, enum hf_primary_frame kind,
                             const struct hf_primary_question *question)
{
    size_t at = hf_frame_begin(out, kind);

    hf_put_number(out, (uint64_t)question->now_s, 8);
    if (kind == HF_PRIMARY_UPDATE) {
        hf_buf_put(out, question->update);
    } else {
        hf_put_number(out, question->type, 2);
        put_name(out, &question->owner);
    }
    hf_frame_end(out, at);
}

enum hf_err hf_primary_read_question(const struct hf_frame *frame,
                                     struct hf_primary_question *out,
                                     struct hf_why *why)
{
    struct hf_primary_question got = {0};
    struct hf_span rest = frame->body;
    uint64_t now_s, type;

    if (!hf_take_number(&rest, 8, &now_s))
        return broken(why);
    got.now_s = (int64_t)now_s;
    if (frame->kind == HF_PRIMARY_UPDATE) {
        got.update = rest;
    } else {
        if (!hf_take_number(&rest, 2, &type) || !take_name(&rest, &got.owner) ||
            rest.len > 0)
            return broken(why);
        got.type = (uint16_t)type;
    }
    *out = got;
    return HF_OK;
}

void hf_primary_put_zone(struct hf_buf *out, const struct hf_wire_name *zone)
{
    size_t at = hf_frame_begin(out, HF_PRIMARY_ZONE_IS);

    put_name(out, zone);
    hf_frame_end(out, at);
}

enum hf_err hf_primary_read_zone(struct hf_span body, struct hf_wire_name *out,
                                 struct hf_why *why)
{
    struct hf_wire_name name;

    if (!take_name(&body, &name) || body.len > 0)
        return broken(why);
    *out = name;
    return HF_OK;
}

void hf_primary_put_found(struct hf_buf *out, const struct hf_found *found)
{
    size_t at = hf_frame_begin(out, HF_PRIMARY_FOUND);

    hf_found_put(out, found);
    hf_frame_end(out, at);
}

void hf_primary_put_answer(struct hf_buf *out, enum hf_update_answer answer)
{
    size_t at = hf_frame_begin(out, HF_PRIMARY_ANSWERED);

    hf_put_number(out, answer, 1);
    hf_frame_end(out, at);
}

enum hf_err hf_primary_read_answer(struct hf_span body,
                                   enum hf_update_answer *out,
                                   struct hf_why *why)
{
    unsigned answer;

    if (!hf_take_below(&body, HF_UPDATE_CHANGED + 1, &answer) || body.len > 0)
        return broken(why);
    *out = (enum hf_update_answer)answer;
    return HF_OK;
}

void hf_primary_put_failed(struct hf_buf *out, enum hf_err err,
                           const struct hf_why *why)
{
    struct hf_span text = hf_span_str(why->text);
    size_t at = hf_frame_begin(out, HF_PRIMARY_FAILED);

    if (text.len > HF_PRIMARY_SAID_MAX)
        text.len = HF_PRIMARY_SAID_MAX;
    hf_put_number(out, err, 1);
    hf_put_number(out, (uint64_t)why->sys, 2);
    hf_buf_put(out, text);
    hf_frame_end(out, at);
}

enum hf_err hf_primary_read_failed(struct hf_span body, char *said,
                                   struct hf_why *why)
{
    struct hf_buf text;
    uint64_t err, sys;

    if (!hf_take_number(&body, 1, &err) || err == HF_OK || err > HF_ECRYPTO ||
        !hf_take_number(&body, 2, &sys) || body.len > HF_PRIMARY_SAID_MAX) {
        (void)broken(why);
        return HF_EPEER;
    }
    hf_buf_init(&text, said, 4 * HF_PRIMARY_SAID_MAX + 1);
    hf_buf_put_escaped(&text, body, body.len);
    hf_buf_putc(&text, '\0');
    if (why != NULL)
        *why = (struct hf_why){.text = said, .sys = (int)sys};
    return (enum hf_err)err;
}
