/* SPDX-License-Identifier: Apache-2.0 */
/* Orders begin here (RFC 8555, section 7.4), and with them authorizations. */
#include "acme/document.h"
#include "ca/authz.h"
#include "ca/cert_id.h"
#include "ca/often.h"
#include "ca/order.h"
#include "ca/resources.h"

/* What newOrder wants, checked. */
struct wish {
    struct hf_identifier *names;   /* each once, in the client's order */
    struct hf_authz_found *authzs; /* of each, or of an ancestor of it */
    size_t count;
    const struct hf_ca_profile *profile;
    struct hf_span replaces; /* RFC 9773, section 5; or empty */
    int64_t failed;          /* the order that was to replace it before, or 0 */
};

/* ---- names ---- */

static bool refuse_names(struct hf_ca_call *call,
                         const struct hf_trouble_sub *subs, size_t count)
{
    struct hf_refusal refusal = {
        .trouble = subs[0].trouble,
        .detail = hf_span_str(subs[0].detail),
        .subs = subs,
        .sub_count = count,
    };

    if (count > 1)
        refusal.detail = HF_SPAN("several identifiers are not good");
    return hf_ca_call_refuse_with(call, &refusal);
}

static bool is_new(const struct wish *wish, const struct hf_identifier *name)
{
    for (size_t i = 0; i < wish->count; i++)
        if (hf_identifier_eq(&wish->names[i], name))
            return false;
    return true;
}

static bool take_names(struct hf_ca_call *call, struct wish *wish)
{
    const json_t *list = hf_document_member(call->payload, "identifiers");
    size_t count = json_array_size(list);
    struct hf_trouble_sub subs[HF_TROUBLE_SUBS_MAX];
    size_t sub_count = 0;

    if (count == 0 || count > call->settings->names_max)
        return hf_ca_call_refuse(call, HF_TROUBLE_MALFORMED,
                                 count == 0
                                     ? "an order needs \"identifiers\""
                                     : "too many identifiers in one order");
    wish->names = hf_arena_take(&call->arena, count, sizeof(*wish->names));
    wish->authzs = hf_arena_take(&call->arena, count, sizeof(*wish->authzs));
    if (wish->names == NULL || wish->authzs == NULL)
        return hf_ca_call_fail(call, HF_ENOMEM);
    for (size_t i = 0; i < count; i++) {
        struct hf_identifier name;
        const char *detail = NULL;
        enum hf_trouble trouble =
            hf_identifier_read(json_array_get(list, i), call->settings,
                               &call->arena, &name, &detail);

        if (trouble != HF_TROUBLE_NONE && sub_count < HF_TROUBLE_SUBS_MAX)
            subs[sub_count++] = (struct hf_trouble_sub){
                .detail = detail,
                .identifier = name.whole,
                .trouble = trouble,
                .is_ip = name.is_ip,
            };
        if (trouble == HF_TROUBLE_NONE && is_new(wish, &name))
            wish->names[wish->count++] = name;
    }
    return sub_count == 0 || refuse_names(call, subs, sub_count);
}

/* ---- the rest of it ---- */

static bool take_profile(struct hf_ca_call *call, struct wish *wish)
{
    const struct hf_ca_settings *settings = call->settings;
    struct hf_span name = hf_document_string(call->payload, "profile");

    if (name.len == 0)
        return true; /* the first is the default */
    for (size_t i = 0; i < settings->profile_count; i++) {
        if (hf_span_eq(settings->profiles[i].name, name)) {
            wish->profile = &settings->profiles[i];
            return true;
        }
    }
    return hf_ca_call_refuse(call, HF_TROUBLE_INVALID_PROFILE,
                             "no such profile; the directory lists them");
}

/* An order that came to nothing replaces nothing. */
static bool check_other(struct hf_ca_call *call, int64_t id, struct wish *wish)
{
    struct hf_order other;
    bool found;

    if (!hf_order_load(call, id, &other, &found))
        return false;
    if (found &&
        !hf_span_eq(hf_order_status(&other, call->now_at), HF_SPAN("invalid")))
        return hf_ca_call_refuse(call, HF_TROUBLE_ALREADY_REPLACED,
                                 "another order replaces this certificate");
    wish->failed = id;
    return true;
}

/* RFC 9773, section 5. The order is not refused for a certificate that we do
 * not know: its client may have come from another CA. */
static bool take_replaces(struct hf_ca_call *call, struct wish *wish)
{
    struct hf_span id = hf_document_string(call->payload, "replaces");
    struct hf_span serial;
    int64_t account;
    int64_t by;
    bool found;

    if (id.len == 0)
        return true;
    if (!hf_cert_id_read(&call->arena, id, call->settings->issuer_key_id,
                         &serial))
        return hf_ca_call_refuse(call, HF_TROUBLE_MALFORMED,
                                 "\"replaces\" is no certificate's identifier "
                                 "(RFC 9773 4.1)");
    if (!hf_ca_call_row(call, HF_CA_CERT_GET, HF_VALUES(hf_store_text(serial)),
                        &found))
        return false;
    if (!found)
        return true;
    account = hf_store_get_number(call->store, HF_CA_CERT_GET, HF_CERT_ACCOUNT);
    by = hf_store_get_number(call->store, HF_CA_CERT_GET, HF_CERT_REPLACED_BY);
    hf_ca_call_row_end(call, HF_CA_CERT_GET);
    if (account != call->account.id)
        return hf_ca_call_refuse(
            call, HF_TROUBLE_UNAUTHORIZED,
            "\"replaces\" is another account's certificate");
    wish->replaces = serial;
    return by == 0 || check_other(call, by, wish);
}

static bool read_wish(struct hf_ca_call *call, struct wish *wish)
{
    if (hf_ca_call_is_fetch(call))
        return hf_ca_call_refuse(call, HF_TROUBLE_MALFORMED,
                                 "newOrder wants a JSON object (RFC 8555 7.4)");
    if (hf_document_member(call->payload, "notBefore") != NULL ||
        hf_document_member(call->payload, "notAfter") != NULL)
        return hf_ca_call_refuse(
            call, HF_TROUBLE_MALFORMED,
            "the validity is that of the profile: leave out "
            "\"notBefore\" and \"notAfter\"");
    return take_names(call, wish) && take_profile(call, wish) &&
           take_replaces(call, wish);
}

/* ---- what is made ---- */

static struct hf_span identifiers_json(struct hf_ca_call *call,
                                       const struct wish *wish)
{
    struct hf_buf text;
    struct hf_json json;
    struct hf_span kept;

    hf_buf_init_grow(&text, HF_CA_CALL_BODY_MAX);
    json = hf_json_to(&text);
    hf_json_open(&json, '[');
    for (size_t i = 0; i < wish->count; i++) {
        hf_json_open(&json, '{');
        hf_json_key_lit(&json, "type", wish->names[i].is_ip ? "ip" : "dns");
        hf_json_key_str(&json, "value", wish->names[i].whole);
        hf_json_close(&json, '}');
    }
    hf_json_close(&json, ']');
    call->arena.full |= text.full;
    kept = hf_arena_copy(&call->arena, hf_buf_span(&text));
    hf_buf_clear(&text);
    return kept;
}

/* The authorization of its ancestor that a name before this one led to. */
static bool is_shared(const struct wish *wish, size_t i,
                      struct hf_authz_found *out)
{
    for (size_t k = 0; k < i; k++) {
        const struct hf_identifier *name = &wish->authzs[k].name;

        if (name->subdomains &&
            hf_span_eq(name->value, wish->names[i].ancestor)) {
            *out = wish->authzs[k];
            return true;
        }
    }
    return false;
}

/* One that is valid, or a new one. Those that are new wait for a look at the
 * record (REQ JIT-01). */
static bool authorize_one(struct hf_ca_call *call, const struct wish *wish,
                          size_t i)
{
    struct hf_authz_found *authz = &wish->authzs[i];

    if (is_shared(wish, i, authz))
        return true;
    if (!hf_authz_choose(call, &wish->names[i], authz))
        return false;
    return authz->is_valid || hf_authz_look(call, &authz->name, authz->id);
}

static bool authorize(struct hf_ca_call *call, const struct wish *wish,
                      struct hf_buf *ids, int64_t *expires_at)
{
    for (size_t i = 0; i < wish->count; i++) {
        const struct hf_authz_found *authz = &wish->authzs[i];
        int64_t id;

        if (!authorize_one(call, wish, i) ||
            !hf_authz_take(call, &wish->names[i], authz, &id))
            return false;
        if (i > 0)
            hf_buf_putc(ids, ' ');
        hf_buf_put_i64(ids, id);
        if (authz->expires_at < *expires_at)
            *expires_at = authz->expires_at; /* section 5, Q30 of our answers */
    }
    return true;
}

static bool add_order(struct hf_ca_call *call, const struct wish *wish,
                      int64_t id, int64_t expires_at, struct hf_span ids)
{
    bool did = true;

    if (!hf_ca_call_run(
            call, HF_CA_ORDER_ADD,
            HF_VALUES(hf_store_number(id), hf_store_number(call->account.id),
                      hf_store_number(call->now_at),
                      hf_store_number(expires_at),
                      hf_store_text(wish->profile->name),
                      hf_store_text(identifiers_json(call, wish)),
                      hf_store_text(ids), hf_store_text(wish->replaces))))
        return false;
    if (wish->replaces.len > 0 &&
        !hf_ca_call_change(call, HF_CA_CERT_REPLACE,
                           HF_VALUES(hf_store_text(wish->replaces),
                                     hf_store_number(id),
                                     hf_store_number(wish->failed)),
                           &did))
        return false;
    return did || hf_ca_call_refuse(call, HF_TROUBLE_ALREADY_REPLACED,
                                    "another order replaces this certificate");
}

static bool count_order(struct hf_ca_call *call)
{
    return hf_often_take(call, HF_LIMIT_ORDERS,
                         hf_often_owner(&call->account.id), HF_SPAN(" orders"),
                         "this account ordered too often; Retry-After says "
                         "when it may again");
}

bool hf_resource_new_order(struct hf_ca_call *call)
{
    int64_t expires_at = call->now_at + call->settings->order_s;
    struct wish wish = {.profile = &call->settings->profiles[0]};
    struct hf_buf ids;
    int64_t id;
    bool good;

    hf_buf_init_grow(&ids, call->settings->names_max * 21);
    good = read_wish(call, &wish) && count_order(call) &&
           hf_ca_call_new_id(call, &id) &&
           authorize(call, &wish, &ids, &expires_at) &&
           add_order(call, &wish, id, expires_at, hf_buf_span(&ids)) &&
           hf_resource_show_order(call, id);
    hf_buf_clear(&ids);
    if (!good)
        return false;
    call->status = 201;
    call->shows = HF_SHOWS_ORDER;
    call->shown = id;
    return true;
}
