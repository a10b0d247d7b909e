/* SPDX-License-Identifier: Apache-2.0 */
/* Authorizations and their challenges (RFC 8555, sections 7.4.1 and 7.5). */
#include "acme/document.h"
#include "ca/authz.h"
#include "ca/often.h"
#include "ca/persist.h"
#include "ca/resources.h"

#define POLL_S 1 /* Retry-After of what is under way */

/* ---- the challenge object (sections 7.1.5 and 8) ---- */

static bool is_tried(const struct hf_authz *authz, enum hf_way way)
{
    return hf_span_eq(authz->method, hf_span_str(hf_way_word(way)));
}

/* Of the authorization: only the one that was tried has left pending. */
static struct hf_span status_of(const struct hf_authz *authz, enum hf_way way)
{
    if (!is_tried(authz, way))
        return HF_SPAN("pending");
    if (hf_span_eq(authz->status, HF_SPAN("processing")) ||
        hf_span_eq(authz->status, HF_SPAN("invalid")))
        return authz->status;
    return authz->validated_at > 0 ? HF_SPAN("valid") : HF_SPAN("pending");
}

/* "/chall/ID/TYPE" */
static void put_challenge_url(struct hf_ca_call *call,
                              const struct hf_authz *authz, enum hf_way way)
{
    char room[HF_ACCOUNT_URL_MAX];
    struct hf_buf url;

    hf_buf_init(&url, room, sizeof(room));
    hf_buf_put(&url, hf_ca_call_url(call, "chall", authz->id));
    hf_buf_putc(&url, '/');
    hf_buf_puts(&url, hf_way_word(way));
    hf_json_str(&call->json, hf_buf_span(&url));
}

static bool put_challenge(struct hf_ca_call *call, const struct hf_authz *authz,
                          enum hf_way way)
{
    struct hf_json *json = &call->json;

    hf_json_open(json, '{');
    hf_json_key_lit(json, "type", hf_way_word(way));
    hf_json_key(json, "url");
    put_challenge_url(call, authz, way);
    hf_json_key_str(json, "status", status_of(authz, way));
    if (is_tried(authz, way) && authz->validated_at > 0)
        hf_ca_call_put_time(call, "validated", authz->validated_at);
    if (is_tried(authz, way) && authz->error.len > 0)
        hf_ca_call_put_json(call, "error", authz->error);
    /* dns-persist-01 has no use for it (REQ CHAL-08), but there are clients
     * that read no authorization with a challenge that has none: uacme 1.7. */
    if (way != HF_WAY_DNS_PERSIST || call->settings->preset == HF_PRESET_COMPAT)
        hf_json_key_str(json, "token", authz->token);
    if (way == HF_WAY_DNS_PERSIST && !hf_persist_put(call, &authz->name))
        return false;
    hf_json_close(json, '}');
    return true;
}

/* ---- the authorization object (section 7.1.4) ---- */

static bool put_challenges(struct hf_ca_call *call,
                           const struct hf_authz *authz)
{
    hf_json_key(&call->json, "challenges");
    hf_json_open(&call->json, '[');
    for (unsigned way = 0; way < HF_WAY_COUNT; way++) {
        if (authz->method.len > 0
                ? !is_tried(authz, (enum hf_way)way)
                : !hf_authz_offers(call->settings, &authz->name,
                                   (enum hf_way)way))
            continue;
        if (!put_challenge(call, authz, (enum hf_way)way))
            return false;
    }
    hf_json_close(&call->json, ']');
    return true;
}

static bool show(struct hf_ca_call *call, const struct hf_authz *authz)
{
    struct hf_json *json = &call->json;
    struct hf_span status = hf_authz_status(authz, call->now_at);

    /* "processing" is of challenges and orders only (section 7.1.6). */
    if (hf_span_eq(status, HF_SPAN("processing"))) {
        status = HF_SPAN("pending");
        call->retry_after_s = POLL_S;
    }
    hf_json_open(json, '{');
    hf_json_key_str(json, "status", status);
    hf_ca_call_put_time(call, "expires", authz->expires_at);
    hf_json_key(json, "identifier");
    hf_json_open(json, '{');
    hf_json_key_lit(json, "type", authz->name.is_ip ? "ip" : "dns");
    hf_json_key_str(json, "value", authz->name.value);
    hf_json_close(json, '}');
    if (authz->name.wildcard)
        hf_json_key_bool(json, "wildcard", true);
    if (authz->name.subdomains) /* RFC 9444, section 4.1 */
        hf_json_key_bool(json, "subdomainAuthAllowed", true);
    if (!put_challenges(call, authz))
        return false;
    hf_json_close(json, '}');
    return true;
}

static bool load_own(struct hf_ca_call *call, int64_t id, struct hf_authz *out)
{
    bool found;

    if (!hf_authz_load(call, id, out, &found))
        return false;
    if (!found || out->account != call->account.id || out->rests_on != 0)
        return hf_ca_call_refuse(call, HF_TROUBLE_NOT_FOUND,
                                 "this account has no such authorization");
    return true;
}

bool hf_resource_show_authz(struct hf_ca_call *call, int64_t id)
{
    struct hf_authz authz;

    return load_own(call, id, &authz) && show(call, &authz);
}

/* Section 7.5.2. It does not come back, and no order takes it over. */
static bool deactivate(struct hf_ca_call *call, struct hf_authz *authz)
{
    bool did;

    if (!hf_ca_call_change(call, HF_CA_AUTHZ_END,
                           HF_VALUES(hf_store_number(authz->id),
                                     hf_store_text(HF_SPAN("deactivated"))),
                           &did))
        return false;
    if (!did)
        return hf_ca_call_refuse(
            call, HF_TROUBLE_MALFORMED,
            "only an authorization that is pending or valid "
            "can be deactivated (RFC 8555 7.1.6)");
    authz->status = HF_SPAN("deactivated");
    return show(call, authz);
}

bool hf_resource_authz(struct hf_ca_call *call)
{
    struct hf_authz authz;

    if (!load_own(call, call->id, &authz))
        return false;
    if (hf_ca_call_is_fetch(call))
        return show(call, &authz);
    if (!hf_span_eq(hf_document_string(call->payload, "status"),
                    HF_SPAN("deactivated")))
        return hf_ca_call_refuse(
            call, HF_TROUBLE_MALFORMED,
            "the status of an authorization can be changed "
            "to \"deactivated\" only (RFC 8555 7.5.2)");
    return deactivate(call, &authz);
}

/* ---- newAuthz (section 7.4.1) ---- */

/* RFC 9444, section 4.2: for the names below it as well? Where that is not
 * allowed the flag is nothing to us, and the authorization has none. */
static enum hf_trouble take_subdomains(const struct hf_ca_call *call,
                                       const json_t *json,
                                       struct hf_identifier *name,
                                       const char **detail)
{
    if (!call->settings->subdomains ||
        !json_is_true(hf_document_member(json, "subdomainAuthAllowed")))
        return HF_TROUBLE_NONE;
    if (name->is_ip) {
        *detail = "an address has no subdomains (RFC 9444 4.2)";
        return HF_TROUBLE_MALFORMED;
    }
    name->subdomains = true;
    return HF_TROUBLE_NONE;
}

bool hf_resource_new_authz(struct hf_ca_call *call)
{
    const json_t *json = hf_document_member(call->payload, "identifier");
    struct hf_authz_found authz;
    struct hf_identifier name;
    const char *detail = NULL;
    enum hf_trouble trouble;

    if (hf_ca_call_is_fetch(call))
        return hf_ca_call_refuse(
            call, HF_TROUBLE_MALFORMED,
            "newAuthz wants a JSON object (RFC 8555 7.4.1)");
    trouble =
        hf_identifier_read(json, call->settings, &call->arena, &name, &detail);
    if (trouble == HF_TROUBLE_NONE && name.wildcard) {
        trouble = HF_TROUBLE_MALFORMED;
        detail = "newAuthz takes no wildcards (RFC 8555 7.4.1)";
    }
    if (trouble == HF_TROUBLE_NONE)
        trouble = take_subdomains(call, json, &name, &detail);
    if (trouble != HF_TROUBLE_NONE)
        return hf_ca_call_refuse(call, trouble, detail);
    if (!hf_authz_find_or_make(call, &name, &authz) ||
        !hf_resource_show_authz(call, authz.id))
        return false;
    call->status = 201;
    call->location = hf_ca_call_url(call, "authz", authz.id);
    call->shows = HF_SHOWS_AUTHZ;
    call->shown = authz.id;
    return authz.is_valid || hf_authz_look(call, &authz.name, authz.id);
}

/* ---- a challenge (section 7.5.1) ---- */

static bool show_challenge(struct hf_ca_call *call,
                           const struct hf_authz *authz, enum hf_way way)
{
    if (hf_span_eq(authz->status, HF_SPAN("processing")))
        call->retry_after_s = POLL_S;
    hf_ca_call_link_up(call, "authz", authz->id);
    return put_challenge(call, authz, way);
}

bool hf_resource_show_challenge(struct hf_ca_call *call, int64_t id)
{
    struct hf_authz authz;
    enum hf_way way;

    if (!load_own(call, id, &authz))
        return false;
    if (!hf_way_find(authz.method, &way))
        return hf_ca_call_refuse(call, HF_TROUBLE_NOT_FOUND,
                                 "this challenge was not tried");
    return show_challenge(call, &authz, way);
}

static bool start(struct hf_ca_call *call, struct hf_authz *authz,
                  enum hf_way way)
{
    bool did;

    if (!hf_ca_call_change(
            call, HF_CA_AUTHZ_START,
            HF_VALUES(hf_store_number(authz->id),
                      hf_store_text(hf_span_str(hf_way_word(way))),
                      hf_store_number(call->now_at),
                      hf_store_number(call->keeper.id)),
            &did))
        return false;
    if (!did) /* somebody was quicker */
        return hf_resource_show_challenge(call, authz->id);
    authz->status = HF_SPAN("processing");
    authz->method = hf_span_str(hf_way_word(way));
    call->shows = HF_SHOWS_CHALLENGE;
    call->shown = authz->id;
    return hf_ca_call_start(call, HF_JOB_CHALLENGE, authz->id) &&
           show_challenge(call, authz, way);
}

bool hf_resource_challenge(struct hf_ca_call *call)
{
    struct hf_authz authz;
    enum hf_way way;
    int64_t wait_s;

    if (!load_own(call, call->id, &authz))
        return false;
    if (!hf_way_find(call->word, &way) ||
        !hf_authz_offers(call->settings, &authz.name, way))
        return hf_ca_call_refuse(call, HF_TROUBLE_NOT_FOUND,
                                 "the authorization has no such challenge");
    /* Whoever asks again after the start hears how it stands. */
    if (hf_ca_call_is_fetch(call) || authz.method.len > 0)
        return show_challenge(call, &authz, way);
    if (!hf_span_eq(hf_authz_status(&authz, call->now_at), HF_SPAN("pending")))
        return hf_ca_call_refuse(call, HF_TROUBLE_MALFORMED,
                                 "the authorization is not pending any more");
    return hf_authz_wait_s(call, &authz, &wait_s) &&
           hf_often_refuse(call, wait_s,
                           "this account failed too often at this name; "
                           "Retry-After says when it may be tried again") &&
           start(call, &authz, way);
}
