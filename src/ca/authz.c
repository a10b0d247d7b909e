/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/authz.h"

#include "ca/often.h"
#include "holdfast/client.h"

/* A valid one is taken over when it lasts this long: time enough to finish. */
#define REUSE_MARGIN_S 300

static bool load_row(struct hf_ca_call *call, int64_t id, struct hf_authz *out,
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
        .rests_on = hf_store_get_number(store, row, HF_AUTHZ_RESTS_ON),
        .account = hf_store_get_number(store, row, HF_AUTHZ_ACCOUNT),
        .name = {.is_ip =
                     hf_span_eq(hf_store_get_text(store, row, HF_AUTHZ_TYPE),
                                HF_SPAN("ip")),
                 .wildcard =
                     hf_store_get_number(store, row, HF_AUTHZ_WILDCARD) != 0,
                 .subdomains =
                     hf_store_get_number(store, row, HF_AUTHZ_SUBDOMAINS) != 0,
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

/* What counts of the ancestor's; the name's own row may have ended before. */
static void rest(struct hf_authz *own, const struct hf_authz *base)
{
    own->method = base->method;
    own->validated_at = base->validated_at;
    own->expires_at = base->expires_at;
    if (!hf_span_eq(own->status, HF_SPAN("valid")))
        return;
    own->status = base->status;
    own->error = base->error;
}

bool hf_authz_load(struct hf_ca_call *call, int64_t id, struct hf_authz *out,
                   bool *found)
{
    struct hf_authz base;

    if (!load_row(call, id, out, found))
        return false;
    if (!*found || out->rests_on == 0)
        return true;
    if (!load_row(call, out->rests_on, &base, found))
        return false;
    if (*found)
        rest(out, &base);
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

static bool load_evidence(struct hf_ca_call *call, int64_t id,
                          struct hf_span *json, struct hf_span *caa)
{
    const enum hf_ca_operation row = HF_CA_EVIDENCE_GET;
    bool found;

    *json = HF_SPAN("");
    *caa = HF_SPAN("");
    if (!hf_ca_call_row(call, row, HF_VALUES(hf_store_number(id)), &found))
        return false;
    if (!found)
        return true;
    *json = hf_ca_call_text(call, row, 0);
    *caa = hf_ca_call_text(call, row, 1);
    hf_ca_call_row_end(call, row);
    return true;
}

bool hf_authz_evidence(struct hf_ca_call *call, const struct hf_authz *authz,
                       struct hf_span *out)
{
    struct hf_span other; /* of CAA at the ancestor: not for this name */
    struct hf_span caa;

    if (!load_evidence(call, authz->id, out, &caa) ||
        (authz->rests_on != 0 &&
         !load_evidence(call, authz->rests_on, out, &other)))
        return false;
    if (out->len > 0 && caa.len > 0)
        *out = join(call, *out, caa);
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

/* Exactly for this name. */
static bool find(struct hf_ca_call *call, const struct hf_identifier *name,
                 int64_t until_at, struct hf_authz_found *out)
{
    bool found;

    *out = (struct hf_authz_found){.name = *name};
    if (!hf_ca_call_row(
            call, HF_CA_AUTHZ_REUSE,
            HF_VALUES(
                hf_store_number(call->account.id),
                hf_store_text(hf_span_str(name->is_ip ? "ip" : "dns")),
                hf_store_text(name->value), hf_store_number(name->wildcard),
                hf_store_number(name->subdomains), hf_store_number(until_at)),
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

static struct hf_identifier ancestor(struct hf_span value)
{
    return (struct hf_identifier){
        .value = value, .whole = value, .subdomains = true};
}

/* RFC 9444, section 4.2: one that was made for all subdomains counts for each
 * of them, asked for or not. REQ SCOPE-06, SCOPE-13 */
static bool find_above(struct hf_ca_call *call,
                       const struct hf_identifier *name, int64_t until_at,
                       struct hf_authz_found *out)
{
    struct hf_span base =
        hf_suffixes_base(call->settings->suffixes, name->value);
    struct hf_span values[HF_CANDIDATES_MAX];
    size_t count = hf_candidates(name->value, base, true, values);

    for (size_t i = name->wildcard ? 0 : 1; i < count && !out->is_valid; i++) {
        const struct hf_identifier above = ancestor(values[i]);

        if (!find(call, &above, until_at, out))
            return false;
    }
    return true;
}

bool hf_authz_find(struct hf_ca_call *call, const struct hf_identifier *name,
                   int64_t until_at, struct hf_authz_found *out)
{
    if (!find(call, name, until_at, out))
        return false;
    return out->is_valid || name->is_ip || !call->settings->subdomains ||
           find_above(call, name, until_at, out);
}

/* A new one, for out->name. */
static bool make(struct hf_ca_call *call, struct hf_authz_found *out)
{
    const struct hf_identifier *name = &out->name;
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
                   hf_store_number(name->subdomains), hf_store_text(token),
                   hf_store_number(call->now_at),
                   hf_store_number(out->expires_at)));
}

bool hf_authz_find_or_make(struct hf_ca_call *call,
                           const struct hf_identifier *name,
                           struct hf_authz_found *out)
{
    int64_t until_at = call->now_at + REUSE_MARGIN_S;

    *out = (struct hf_authz_found){.name = *name};
    if (call->settings->reuses && !find(call, name, until_at, out))
        return false;
    return out->is_valid || make(call, out);
}

bool hf_authz_choose(struct hf_ca_call *call, const struct hf_identifier *name,
                     struct hf_authz_found *out)
{
    int64_t until_at = call->now_at + REUSE_MARGIN_S;

    *out = (struct hf_authz_found){0};
    if (call->settings->reuses && !hf_authz_find(call, name, until_at, out))
        return false;
    if (out->is_valid)
        return true;
    out->name = name->ancestor.len > 0 ? ancestor(name->ancestor) : *name;
    return make(call, out);
}

bool hf_authz_take(struct hf_ca_call *call, const struct hf_identifier *name,
                   const struct hf_authz_found *found, int64_t *id)
{
    int64_t caa_until_at = call->settings->skips_caa ? INT64_MAX : 0;

    *id = found->id;
    if (hf_identifier_eq(name, &found->name))
        return true;
    return hf_ca_call_new_id(call, id) &&
           hf_ca_call_run(
               call, HF_CA_AUTHZ_REST,
               HF_VALUES(
                   hf_store_number(*id), hf_store_number(call->account.id),
                   hf_store_text(name->value), hf_store_number(name->wildcard),
                   hf_store_number(found->id), hf_store_number(call->now_at),
                   hf_store_number(found->expires_at),
                   hf_store_number(caa_until_at)));
}

/* ---- how often ---- */

bool hf_authz_look(struct hf_ca_call *call, const struct hf_identifier *name,
                   int64_t id)
{
    struct hf_span of_all = HF_SPAN(""); /* over all accounts: REQ JIT-04 */
    struct hf_jit jit = {
        .enabled = call->settings->just_in_time,
        .prior_success = call->account.persisted,
        .rate_ok = true,
    };
    int64_t wait_s;

    if (!hf_authz_offers(call->settings, name, HF_WAY_DNS_PERSIST) ||
        !hf_jit_may_query(&jit))
        return true;
    if (!hf_often_wait_s(call, HF_LIMIT_LOOKS, of_all, name->value, &wait_s))
        return false;
    jit.rate_ok = wait_s == 0;
    if (!hf_jit_may_query(&jit))
        return true;
    return hf_often_count(call, HF_LIMIT_LOOKS, of_all, name->value) &&
           hf_ca_call_start(call, HF_JOB_LOOK, id);
}

bool hf_authz_count_failure(struct hf_ca_call *call,
                            const struct hf_authz *authz)
{
    return hf_often_count(call, HF_LIMIT_FAILURES,
                          hf_often_owner(&authz->account), authz->name.value);
}

bool hf_authz_wait_s(struct hf_ca_call *call, const struct hf_authz *authz,
                     int64_t *wait_s)
{
    return hf_often_wait_s(call, HF_LIMIT_FAILURES,
                           hf_often_owner(&authz->account), authz->name.value,
                           wait_s);
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
        return !settings->persist_only && !name->wildcard &&
               !name->subdomains; /* BR 3.2.2.4.19, 3.2.2.4.20 */
    case HF_WAY_CAA:
        return false;
    }
    return false;
}
