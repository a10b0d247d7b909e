/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/issuer_msg.h"

#include "base/alloc.h"
#include "base/octets.h"

#define TEXT_MAX UINT16_MAX

static enum hf_err garbled(struct hf_why *why)
{
    return hf_fail(why, HF_ESYNTAX, 0,
                   "a process that has a CA's key speaks another language");
}

static bool take_moment(struct hf_span *rest, int64_t *out)
{
    uint64_t value;

    if (!hf_take_number(rest, 8, &value))
        return false;
    *out = (int64_t)value;
    return true;
}

/* ---- OPEN ---- */

static void put_profiles(struct hf_buf *out,
                         const struct hf_issuer_profiles *profiles)
{
    hf_put_number(out, profiles->count, 1);
    for (size_t i = 0; i < profiles->count; i++) {
        const struct hf_issuer_profile *profile = &profiles->list[i];

        hf_put_text(out, profile->name);
        hf_put_number(out, (uint64_t)profile->lifetime_s, 8);
        hf_put_number(out, profile->client_auth, 1);
    }
}

static bool take_profiles(struct hf_span *rest, struct hf_issuer_profiles *out)
{
    unsigned count;

    if (!hf_take_below(rest, HF_ISSUER_PROFILES_MAX + 1, &count))
        return false;
    out->count = count;
    for (size_t i = 0; i < out->count; i++) {
        struct hf_issuer_profile *profile = &out->list[i];

        if (!hf_take_text(rest, HF_ISSUER_WORD_MAX, &profile->name) ||
            !take_moment(rest, &profile->lifetime_s) ||
            !hf_take_flag(rest, &profile->client_auth))
            return false;
    }
    return true;
}

void hf_issuer_put_want(struct hf_buf *out, const struct hf_issuer_want *want)
{
    const struct hf_issuer_config *config = &want->config;
    size_t at = hf_frame_begin(out, HF_ISSUER_OPEN);

    hf_put_number(out, want->founds, 1);
    hf_put_number(out, want->make, 1);
    hf_put_number(out, want->kind, 1);
    hf_put_number(out, config->no_wall, 1);
    hf_put_number(out, config->is_public, 1);
    hf_put_number(out, config->shards, 4);
    hf_put_text(out, config->certificate);
    hf_put_text(out, config->key);
    hf_put_text(out, config->passphrase);
    hf_key_reach_put(out, &config->reach);
    hf_put_text(out, config->log_folder);
    hf_put_text(out, config->ca_url);
    hf_put_text(out, config->crl_url);
    put_profiles(out, &config->profiles);
    hf_frame_end(out, at);
}

static bool take_config(struct hf_span *rest, struct hf_issuer_config *out)
{
    return hf_take_text(rest, TEXT_MAX, &out->certificate) &&
           hf_take_text(rest, TEXT_MAX, &out->key) &&
           hf_take_text(rest, HF_PASSPHRASE_MAX, &out->passphrase) &&
           hf_key_reach_take(rest, &out->reach) &&
           hf_take_text(rest, TEXT_MAX, &out->log_folder) &&
           hf_take_text(rest, HF_ISSUER_URL_MAX, &out->ca_url) &&
           hf_take_text(rest, HF_ISSUER_URL_MAX, &out->crl_url) &&
           take_profiles(rest, &out->profiles);
}

enum hf_err hf_issuer_read_want(const struct hf_frame *frame,
                                struct hf_issuer_want *out, struct hf_why *why)
{
    struct hf_span rest = frame->body;
    struct hf_issuer_want want = {0};
    unsigned kind;
    uint64_t shards;

    if (frame->kind != HF_ISSUER_OPEN || !hf_take_flag(&rest, &want.founds) ||
        !hf_take_flag(&rest, &want.make) ||
        !hf_take_below(&rest, HF_KEY_KIND_COUNT, &kind) ||
        !hf_take_flag(&rest, &want.config.no_wall) ||
        !hf_take_flag(&rest, &want.config.is_public) ||
        !hf_take_number(&rest, 4, &shards) || shards == 0 ||
        !take_config(&rest, &want.config) || rest.len > 0)
        return garbled(why);
    want.kind = (enum hf_key_kind)kind;
    want.config.shards = (uint32_t)shards;
    *out = want;
    return HF_OK;
}

/* ---- PROFILES ---- */

void hf_issuer_put_profiles(struct hf_buf *out,
                            const struct hf_issuer_profiles *profiles)
{
    size_t at = hf_frame_begin(out, HF_ISSUER_PROFILES);

    put_profiles(out, profiles);
    hf_frame_end(out, at);
}

enum hf_err hf_issuer_read_profiles(struct hf_span body,
                                    struct hf_issuer_profiles *out,
                                    struct hf_why *why)
{
    struct hf_issuer_profiles profiles = {0};

    if (!take_profiles(&body, &profiles) || body.len > 0)
        return garbled(why);
    *out = profiles;
    return HF_OK;
}

/* ---- READY ---- */

void hf_issuer_put_ready(struct hf_buf *out,
                         const struct hf_issuer_ready *ready)
{
    size_t at = hf_frame_begin(out, HF_ISSUER_READY);

    hf_put_number(out, ready->kind, 1);
    hf_put_text(out, ready->spki);
    hf_buf_put(out, ready->key);
    hf_frame_end(out, at);
}

enum hf_err hf_issuer_read_ready(const struct hf_frame *frame,
                                 struct hf_issuer_ready *out,
                                 struct hf_why *why)
{
    struct hf_span rest = frame->body;
    struct hf_issuer_ready ready;
    unsigned kind;

    if (frame->kind != HF_ISSUER_READY ||
        !hf_take_below(&rest, HF_KEY_KIND_COUNT, &kind) ||
        !hf_take_text(&rest, TEXT_MAX, &ready.spki))
        return garbled(why);
    ready.kind = (enum hf_key_kind)kind;
    ready.key = rest;
    *out = ready;
    return HF_OK;
}

/* ---- ISSUE ---- */

void hf_issuer_put_order(struct hf_buf *out,
                         const struct hf_issuer_order *order)
{
    size_t at = hf_frame_begin(out, HF_ISSUER_ISSUE);

    hf_put_number(out, order->ticket, 8);
    hf_put_number(out, (uint64_t)order->now_at, 8);
    hf_put_number(out, (uint64_t)order->not_before_at, 8);
    hf_put_number(out, (uint64_t)order->not_after_at, 8);
    hf_put_text(out, order->order);
    hf_put_text(out, order->account);
    hf_put_text(out, order->profile);
    hf_put_text(out, order->spki);
    hf_put_number(out, order->name_count, 2);
    for (size_t i = 0; i < order->name_count; i++) {
        hf_put_number(out, order->names[i].is_ip, 1);
        hf_put_text(out, order->names[i].value);
        hf_put_long(out, order->names[i].evidence);
    }
    hf_frame_end(out, at);
}

static bool take_names(struct hf_span *rest, struct hf_issuer_name *room,
                       struct hf_issuer_order *out)
{
    uint64_t count;

    if (!hf_take_number(rest, 2, &count) || count > HF_ISSUER_NAMES_MAX)
        return false;
    out->names = room;
    out->name_count = (size_t)count;
    for (size_t i = 0; i < out->name_count; i++)
        if (!hf_take_flag(rest, &room[i].is_ip) ||
            !hf_take_text(rest, TEXT_MAX, &room[i].value) ||
            !hf_take_long(rest, HF_ISSUER_EVIDENCE_MAX, &room[i].evidence))
            return false;
    return true;
}

enum hf_err hf_issuer_read_order(struct hf_span body,
                                 struct hf_issuer_name *room,
                                 struct hf_issuer_order *out,
                                 struct hf_why *why)
{
    struct hf_issuer_order order;

    if (body.len > HF_ISSUER_ORDER_MAX ||
        !hf_take_number(&body, 8, &order.ticket) ||
        !take_moment(&body, &order.now_at) ||
        !take_moment(&body, &order.not_before_at) ||
        !take_moment(&body, &order.not_after_at) ||
        !hf_take_text(&body, HF_ISSUER_URL_MAX, &order.order) ||
        !hf_take_text(&body, HF_ISSUER_URL_MAX, &order.account) ||
        !hf_take_text(&body, HF_ISSUER_WORD_MAX, &order.profile) ||
        !hf_take_text(&body, TEXT_MAX, &order.spki) ||
        !take_names(&body, room, &order) || body.len > 0)
        return garbled(why);
    *out = order;
    return HF_OK;
}

/* ---- LIST ---- */

static void put_revoked(struct hf_buf *out, const struct hf_revoked *list,
                        size_t count)
{
    hf_put_number(out, count, 4);
    for (size_t i = 0; i < count; i++) {
        hf_put_text(out, (struct hf_span){(const char *)list[i].serial,
                                          list[i].serial_len});
        hf_put_number(out, list[i].reason, 1);
        hf_put_number(out, (uint64_t)list[i].at, 8);
    }
}

void hf_issuer_put_crl(struct hf_buf *out, const struct hf_issuer_crl *crl)
{
    size_t at = hf_frame_begin(out, HF_ISSUER_LIST);

    hf_put_number(out, crl->ticket, 8);
    hf_put_number(out, crl->shard, 4);
    hf_put_number(out, crl->number, 8);
    hf_put_number(out, (uint64_t)crl->this_update_at, 8);
    hf_put_number(out, (uint64_t)crl->next_update_at, 8);
    put_revoked(out, crl->revoked, crl->count);
    hf_frame_end(out, at);
}

static bool take_revoked(struct hf_span *rest, struct hf_revoked *out)
{
    struct hf_span serial;
    uint64_t reason;

    if (!hf_take_text(rest, sizeof(out->serial), &serial) || serial.len == 0 ||
        !hf_take_number(rest, 1, &reason) || !take_moment(rest, &out->at))
        return false;
    memcpy(out->serial, serial.ptr, serial.len);
    out->serial_len = (uint8_t)serial.len;
    out->reason = (uint8_t)reason;
    return true;
}

enum hf_err hf_issuer_read_crl(struct hf_span body, struct hf_issuer_crl *out,
                               struct hf_why *why)
{
    struct hf_issuer_crl crl = {0};
    struct hf_revoked *revoked;
    uint64_t shard, count;
    bool good = true;

    if (!hf_take_number(&body, 8, &crl.ticket) ||
        !hf_take_number(&body, 4, &shard) ||
        !hf_take_number(&body, 8, &crl.number) ||
        !take_moment(&body, &crl.this_update_at) ||
        !take_moment(&body, &crl.next_update_at) ||
        !hf_take_number(&body, 4, &count) || count > HF_ISSUER_REVOKED_MAX)
        return garbled(why);
    revoked = hf_alloc((size_t)count + 1, sizeof(*revoked));
    if (revoked == NULL)
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    for (size_t i = 0; i < count && good; i++)
        good = take_revoked(&body, &revoked[i]);
    if (!good || body.len > 0) {
        hf_free(revoked);
        return garbled(why);
    }
    crl.shard = (uint32_t)shard;
    crl.revoked = revoked;
    crl.count = (size_t)count;
    *out = crl;
    return HF_OK;
}

/* ---- REVOKE ---- */

void hf_issuer_put_revocations(struct hf_buf *out,
                               const struct hf_issuer_revocations *revocations)
{
    size_t at = hf_frame_begin(out, HF_ISSUER_REVOKE);

    hf_put_number(out, revocations->ticket, 8);
    hf_put_number(out, (uint64_t)revocations->now_at, 8);
    put_revoked(out, revocations->list, revocations->count);
    hf_frame_end(out, at);
}

enum hf_err hf_issuer_read_revocations(struct hf_span body,
                                       struct hf_revoked *room,
                                       struct hf_issuer_revocations *out,
                                       struct hf_why *why)
{
    struct hf_issuer_revocations read = {.list = room};
    uint64_t count;

    if (!hf_take_number(&body, 8, &read.ticket) ||
        !take_moment(&body, &read.now_at) ||
        !hf_take_number(&body, 4, &count) || count > HF_ISSUED_BATCH_MAX)
        return garbled(why);
    read.count = (size_t)count;
    for (size_t i = 0; i < read.count; i++)
        if (!take_revoked(&body, &room[i]))
            return garbled(why);
    if (body.len > 0)
        return garbled(why);
    *out = read;
    return HF_OK;
}

/* ---- CERTIFY ---- */

void hf_issuer_put_certify(struct hf_buf *out,
                           const struct hf_ca_certificate *certificate,
                           struct hf_span root)
{
    size_t at = hf_frame_begin(out, HF_ISSUER_CERTIFY);

    hf_put_number(out, certificate->is_root, 1);
    hf_put_number(out, certificate->client_auth, 1);
    hf_put_number(out, certificate->is_public, 1);
    hf_put_number(out, (uint64_t)certificate->not_before_at, 8);
    hf_put_number(out, (uint64_t)certificate->not_after_at, 8);
    hf_put_text(out, certificate->subject.country);
    hf_put_text(out, certificate->subject.organization);
    hf_put_text(out, certificate->subject.common_name);
    hf_put_text(out, certificate->spki);
    hf_put_text(out, certificate->ca_url);
    hf_put_text(out, certificate->crl_url);
    hf_put_text(out, root);
    hf_put_number(out, certificate->permitted_count, 1);
    for (size_t i = 0; i < certificate->permitted_count; i++)
        hf_put_text(out, certificate->permitted[i]);
    hf_frame_end(out, at);
}

static bool take_permitted(struct hf_span *rest, struct hf_span *room,
                           struct hf_ca_certificate *out)
{
    unsigned count;

    if (!hf_take_below(rest, HF_CA_PERMITTED_MAX + 1, &count))
        return false;
    out->permitted = room;
    out->permitted_count = count;
    for (size_t i = 0; i < out->permitted_count; i++)
        if (!hf_take_text(rest, HF_ISSUER_URL_MAX, &room[i]))
            return false;
    return true;
}

enum hf_err hf_issuer_read_certify(struct hf_span body, struct hf_span *room,
                                   struct hf_ca_certificate *out,
                                   struct hf_span *root, struct hf_why *why)
{
    struct hf_ca_certificate read = {0};

    if (!hf_take_flag(&body, &read.is_root) ||
        !hf_take_flag(&body, &read.client_auth) ||
        !hf_take_flag(&body, &read.is_public) ||
        !take_moment(&body, &read.not_before_at) ||
        !take_moment(&body, &read.not_after_at) ||
        !hf_take_text(&body, 2, &read.subject.country) ||
        !hf_take_text(&body, HF_ISSUER_WORD_MAX, &read.subject.organization) ||
        !hf_take_text(&body, HF_ISSUER_WORD_MAX, &read.subject.common_name) ||
        !hf_take_text(&body, TEXT_MAX, &read.spki) ||
        !hf_take_text(&body, HF_ISSUER_URL_MAX, &read.ca_url) ||
        !hf_take_text(&body, HF_ISSUER_URL_MAX, &read.crl_url) ||
        !hf_take_text(&body, TEXT_MAX, root) ||
        !take_permitted(&body, room, &read) || body.len > 0)
        return garbled(why);
    *out = read;
    return HF_OK;
}

/* ---- REPLY ---- */

void hf_issuer_put_reply(struct hf_buf *out,
                         const struct hf_issuer_reply *reply)
{
    size_t at = hf_frame_begin(out, HF_ISSUER_REPLY);

    hf_put_number(out, reply->ticket, 8);
    hf_put_number(out, reply->kind, 1);
    hf_put_number(out, (uint64_t)reply->err, 1);
    hf_put_number(out, reply->shard, 4);
    hf_put_number(out, reply->entry, 8);
    hf_put_text(out, reply->hash);
    hf_put_text(out, reply->serial);
    hf_put_text(out, reply->said);
    hf_buf_put(out, reply->der);
    hf_frame_end(out, at);
}

enum hf_err hf_issuer_read_reply(const struct hf_frame *frame,
                                 struct hf_issuer_reply *out,
                                 struct hf_why *why)
{
    struct hf_span rest = frame->body;
    struct hf_issuer_reply reply;
    unsigned kind, err;
    uint64_t shard;

    if (frame->kind != HF_ISSUER_REPLY ||
        !hf_take_number(&rest, 8, &reply.ticket) ||
        !hf_take_below(&rest, HF_ISSUER_REFUSED + 1, &kind) ||
        !hf_take_below(&rest, HF_ECRYPTO + 1, &err) ||
        !hf_take_number(&rest, 4, &shard) ||
        !hf_take_number(&rest, 8, &reply.entry) ||
        !hf_take_text(&rest, HF_ENTRY_HASH_LEN, &reply.hash) ||
        !hf_take_text(&rest, 2 * HF_X509_SERIAL_MAX, &reply.serial) ||
        !hf_take_text(&rest, HF_ISSUER_SAID_MAX, &reply.said) ||
        (kind == HF_ISSUER_REFUSED) != (err != HF_OK))
        return garbled(why);
    reply.kind = (enum hf_issuer_kind)kind;
    reply.err = (enum hf_err)err;
    reply.shard = (uint32_t)shard;
    reply.der = rest;
    *out = reply;
    return HF_OK;
}

void hf_issuer_put_certified(struct hf_buf *out, struct hf_span der)
{
    size_t at = hf_frame_begin(out, HF_ISSUER_CERTIFIED);

    hf_buf_put(out, der);
    hf_frame_end(out, at);
}

/* ---- FAILED ---- */

void hf_issuer_put_failed(struct hf_buf *out, enum hf_err err, const char *text)
{
    hf_frame_put_failure(out, HF_ISSUER_FAILED, err, text);
}

enum hf_err hf_issuer_read_failed(const struct hf_frame *frame, char *said,
                                  struct hf_why *why)
{
    return hf_frame_read_failure(frame, HF_ISSUER_FAILED, said,
                                 HF_ISSUER_SAID_MAX, why);
}
