/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/authz.h"

#include "ca/limit.h"
#include "holdfast/client.h"

/* A valid one is taken over when it lasts this long: time enough to finish. */
#define REUSE_MARGIN_S 300

bool hf_authz_load(struct hf_ca_call *call, int64_t id, struct hf_authz *out,
                   bool *found)
{
    const enum hf_ca_operation row = HF_CA_AUTHZ_GET;
    struct hf_store *store = call->store;

    if (!hf_ca_call_row(call, row, HF_VALUES(hf_store_number(id)), found))
        return false;
    if (!*found)
        return true;
    *out = (struct hf_authz){
        .id = id,
        .account = hf_store_get_number(store, row, HF_AUTHZ_ACCOUNT),
        .name = {.is_ip =
                     hf_span_eq(hf_store_get_text(store, row, HF_AUTHZ_TYPE),
                                HF_SPAN("ip")),
                 .wildcard =
                     hf_store_get_number(store, row, HF_AUTHZ_WILDCARD) != 0,
                 .value = hf_ca_call_text(call, row, HF_AUTHZ_VALUE)},
        .status = hf_ca_call_text(call, row, HF_AUTHZ_STATUS),
        .expires_at = hf_store_get_number(store, row, HF_AUTHZ_EXPIRES_AT),
        .token = hf_ca_call_text(call, row, HF_AUTHZ_TOKEN),
        .method = hf_ca_call_text(call, row, HF_AUTHZ_METHOD),
        .validated_at = hf_store_get_number(store, row, HF_AUTHZ_VALIDATED_AT),
        .caa_until_at = hf_store_get_number(store, row, HF_AUTHZ_CAA_UNTIL_AT),
        .error = hf_ca_call_text(call, row, HF_AUTHZ_ERROR),
    };
    hf_ca_call_row_end(call, row);
    return true;
}

/* The second JSON object as the last member of the first. */
static struct hf_span join(struct hf_ca_call *call, struct hf_span json,
                           struct hf_span caa)
{
    const struct hf_span key = HF_SPAN(",\"caa_again\":");
    size_t size = json.len + key.len + caa.len;
    char *room = hf_arena_take(&call->arena, size, 1);
    struct hf_buf text;

    if (room == NULL)
        return (struct hf_span){0};
    hf_buf_init(&text, room, size);
    hf_buf_put(&text, (struct hf_span){json.ptr, json.len - 1});
    hf_buf_put(&text, key);
    hf_buf_put(&text, caa);
    hf_buf_putc(&text, '}');
    return hf_buf_span(&text);
}

bool hf_authz_evidence(struct hf_ca_call *call, int64_t id, struct hf_span *out)
{
    const enum hf_ca_operation row = HF_CA_EVIDENCE_GET;
    struct hf_span json;
    struct hf_span caa;
    bool found;

    *out = HF_SPAN("");
    if (!hf_ca_call_row(call, row, HF_VALUES(hf_store_number(id)), &found))
        return false;
    if (!found)
        return true;
    json = hf_store_get_text(call->store, row, 0);
    caa = hf_store_get_text(call->store, row, 1);
    *out = json.len > 0 && caa.len > 0 ? join(call, json, caa)
                                       : hf_arena_copy(&call->arena, json);
    hf_ca_call_row_end(call, row);
    return true;
}

struct hf_span hf_authz_status(const struct hf_authz *authz, int64_t now_at)
{
    bool is_open = hf_span_eq(authz->status, HF_SPAN("valid")) ||
                   hf_span_eq(authz->status, HF_SPAN("pending"));

    if (!is_open || authz->expires_at >= now_at)
        return authz->status;
    /* Section 7.1.6: who did not finish in time is invalid. */
    return hf_span_eq(authz->status, HF_SPAN("valid")) ? HF_SPAN("expired")
                                                       : HF_SPAN("invalid");
}

bool hf_authz_is_lapsed(const struct hf_authz *authz, int64_t now_at)
{
    return hf_span_eq(authz->status, HF_SPAN("valid")) &&
           authz->expires_at < now_at &&
           hf_span_eq(authz->method,
                      hf_span_str(hf_way_word(HF_WAY_DNS_PERSIST)));
}

/* ---- making them ---- */

bool hf_authz_find(struct hf_ca_call *call, const struct hf_identifier *name,
                   int64_t until_at, struct hf_authz_found *out)
{
    bool found;

    *out = (struct hf_authz_found){0};
    if (!hf_ca_call_row(
            call, HF_CA_AUTHZ_REUSE,
            HF_VALUES(hf_store_number(call->account.id),
                      hf_store_text(hf_span_str(name->is_ip ? "ip" : "dns")),
                      hf_store_text(name->value),
                      hf_store_number(name->wildcard),
                      hf_store_number(until_at)),
            &found))
        return false;
    if (!found)
        return true;
    out->id = hf_store_get_number(call->store, HF_CA_AUTHZ_REUSE, 0);
    out->expires_at = hf_store_get_number(call->store, HF_CA_AUTHZ_REUSE, 1);
    out->is_valid = true;
    hf_ca_call_row_end(call, HF_CA_AUTHZ_REUSE);
    return true;
}

static bool make(struct hf_ca_call *call, const struct hf_identifier *name,
                 struct hf_authz_found *out)
{
    struct hf_span token;

    out->expires_at = call->now_at + call->settings->order_s;
    return hf_ca_call_new_id(call, &out->id) &&
           hf_ca_call_new_token(call, &token) &&
           hf_ca_call_run(
               call, HF_CA_AUTHZ_ADD,
               HF_VALUES(
                   hf_store_number(out->id), hf_store_number(call->account.id),
                   hf_store_text(hf_span_str(name->is_ip ? "ip" : "dns")),
                   hf_store_text(name->value), hf_store_number(name->wildcard),
                   hf_store_text(token), hf_store_number(call->now_at),
                   hf_store_number(out->expires_at)));
}

bool hf_authz_find_or_make(struct hf_ca_call *call,
                           const struct hf_identifier *name,
                           struct hf_authz_found *out)
{
    int64_t until_at = call->now_at + REUSE_MARGIN_S;

    *out = (struct hf_authz_found){0};
    if (call->settings->reuses && !hf_authz_find(call, name, until_at, out))
        return false;
    return out->is_valid || make(call, name, out);
}

/* ---- how often ---- */

bool hf_authz_may_look(struct hf_ca_call *call,
                       const struct hf_identifier *name)
{
    struct hf_span of_all = HF_SPAN(""); /* over all accounts: REQ JIT-04 */
    struct hf_jit jit = {
        .enabled = call->settings->just_in_time,
        .prior_success = call->account.persisted,
        .rate_ok = call->looks == NULL ||
                   hf_limit_wait_s(call->looks, of_all, name->value,
                                   call->now_at) == 0,
    };
    bool may = hf_authz_offers(call->settings, name, HF_WAY_DNS_PERSIST) &&
               hf_jit_may_query(&jit);

    if (may && call->looks != NULL)
        hf_limit_count(call->looks, of_all, name->value, call->now_at);
    return may;
}

static struct hf_span owner_of(const struct hf_authz *authz)
{
    return (struct hf_span){(const char *)&authz->account,
                            sizeof(authz->account)};
}

void hf_authz_count_failure(struct hf_ca_call *call,
                            const struct hf_authz *authz)
{
    if (call->failures != NULL)
        hf_limit_count(call->failures, owner_of(authz), authz->name.value,
                       call->now_at);
}

int64_t hf_authz_wait_s(struct hf_ca_call *call, const struct hf_authz *authz)
{
    return call->failures == NULL
               ? 0
               : hf_limit_wait_s(call->failures, owner_of(authz),
                                 authz->name.value, call->now_at);
}

/* ---- what they offer ---- */

bool hf_authz_offers(const struct hf_ca_settings *settings,
                     const struct hf_identifier *name, enum hf_way way)
{
    switch (way) {
    case HF_WAY_DNS_PERSIST:
        return !name->is_ip || settings->ip_persist;
    case HF_WAY_DNS:
        return !settings->persist_only && !name->is_ip;
    case HF_WAY_HTTP:
    case HF_WAY_TLS_ALPN:
        return !settings->persist_only && !name->wildcard;
    case HF_WAY_CAA:
        return false;
    }
    return false;
}
