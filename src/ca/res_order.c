/* SPDX-License-Identifier: Apache-2.0 */
/* Orders, to their end (RFC 8555, section 7.4). */
#include "acme/document.h"
#include "base/base64.h"
#include "ca/order.h"
#include "ca/resources.h"
#include "crypto/csr.h"
#include "crypto/leaf_lint.h"

#define POLL_S     1
#define ROUNDS_MAX 2 /* how often finalize waits for what is too old */

/* ---- the object (section 7.1.3) ---- */

/* Several names may rest on one. */
static bool is_first(const struct hf_order *order, size_t i)
{
    int64_t id = hf_authz_shown(&order->authzs[i]);

    for (size_t k = 0; k < i; k++)
        if (hf_authz_shown(&order->authzs[k]) == id)
            return false;
    return true;
}

static void put_authzs(struct hf_ca_call *call, const struct hf_order *order)
{
    hf_json_key(&call->json, "authorizations");
    hf_json_open(&call->json, '[');
    for (size_t i = 0; i < order->authz_count; i++)
        if (is_first(order, i))
            hf_ca_call_put_url(call, "authz", hf_authz_shown(&order->authzs[i]),
                               "");
    hf_json_close(&call->json, ']');
}

static void put_certificate(struct hf_ca_call *call,
                            const struct hf_order *order)
{
    char room[HF_ACCOUNT_URL_MAX];
    struct hf_buf url;

    hf_buf_init(&url, room, sizeof(room));
    hf_buf_put(&url, call->settings->base);
    hf_buf_puts(&url, "/cert/");
    hf_buf_put(&url, order->serial);
    hf_json_key_str(&call->json, "certificate", hf_buf_span(&url));
}

/* Why it failed: its own error, or that of the name that did. */
static struct hf_span error_of(const struct hf_order *order)
{
    for (size_t i = 0; order->error.len == 0 && i < order->authz_count; i++)
        if (order->authzs[i].error.len > 0)
            return order->authzs[i].error;
    return order->error;
}

static bool show(struct hf_ca_call *call, const struct hf_order *order)
{
    struct hf_json *json = &call->json;
    struct hf_span status = hf_order_status(order, call->now_at);

    call->location = hf_ca_call_url(call, "order", order->id);
    if (hf_span_eq(status, HF_SPAN("processing")))
        call->retry_after_s = POLL_S;
    hf_json_open(json, '{');
    hf_json_key_str(json, "status", status);
    hf_ca_call_put_time(call, "expires", order->expires_at);
    hf_ca_call_put_json(call, "identifiers", order->identifiers);
    hf_json_key_str(json, "profile", order->profile);
    put_authzs(call, order);
    hf_json_key(json, "finalize");
    hf_ca_call_put_url(call, "order", order->id, "/finalize");
    if (order->serial.len > 0)
        put_certificate(call, order);
    if (hf_span_eq(status, HF_SPAN("invalid")) && error_of(order).len > 0)
        hf_ca_call_put_json(call, "error", error_of(order));
    hf_json_close(json, '}');
    return true;
}

static bool load_own(struct hf_ca_call *call, int64_t id, struct hf_order *out)
{
    bool found;

    if (!hf_order_load(call, id, out, &found))
        return false;
    if (!found || out->account != call->account.id)
        return hf_ca_call_refuse(call, HF_TROUBLE_NOT_FOUND,
                                 "this account has no such order");
    return true;
}

bool hf_resource_show_order(struct hf_ca_call *call, int64_t id)
{
    struct hf_order order;

    return load_own(call, id, &order) && show(call, &order);
}

bool hf_resource_order(struct hf_ca_call *call)
{
    if (!hf_ca_call_is_fetch(call))
        return hf_ca_call_refuse(call, HF_TROUBLE_MALFORMED,
                                 "an order is read with an empty payload "
                                 "(RFC 8555 6.3)");
    return hf_resource_show_order(call, call->id);
}

/* ---- finalize: the request for the certificate ---- */

static bool wants(const struct hf_csr *csr, const struct hf_authz *authz)
{
    const struct hf_csr_names *names = &csr->san.names;
    struct hf_span value = authz->name.value;

    if (authz->name.is_ip)
        return hf_span_among(value, names->ips, names->ip_count);
    for (size_t i = 0; i < names->dns_count; i++) {
        struct hf_span name = names->dns[i];

        if (hf_name_take_star(&name) == authz->name.wildcard &&
            hf_span_eq(name, value))
            return true;
    }
    return false;
}

static bool check_names(struct hf_ca_call *call, const struct hf_order *order,
                        const struct hf_csr *csr)
{
    const struct hf_csr_names *names = &csr->san.names;
    bool same = names->dns_count + names->ip_count == order->authz_count;

    for (size_t i = 0; same && i < order->authz_count; i++)
        same = wants(csr, &order->authzs[i]);
    return same ||
           hf_ca_call_refuse(call, HF_TROUBLE_BAD_CSR,
                             "the request must ask for exactly the names "
                             "of the order (RFC 8555 7.4)");
}

/* The key of an account must not certify anything (section 11.1), nor one that
 * was reported. */
static bool check_key(struct hf_ca_call *call, const struct hf_csr *csr)
{
    unsigned char asked[32];
    struct hf_span asked_hash = {(const char *)asked, sizeof(asked)};
    bool found;

    if (!hf_order_key_hash(call, csr->der, asked))
        return false;
    if (hf_span_eq(asked_hash, hf_public_key_hash(call->key)))
        return hf_ca_call_refuse(call, HF_TROUBLE_BAD_CSR,
                                 "the key of the account may not be that of a "
                                 "certificate (RFC 8555 11.1)");
    if (!hf_ca_call_row(call, HF_CA_BLOCK_GET,
                        HF_VALUES(hf_store_blob(asked_hash)), &found))
        return false;
    if (!found)
        return true;
    hf_ca_call_row_end(call, HF_CA_BLOCK_GET);
    return hf_ca_call_refuse(
        call, HF_TROUBLE_BAD_CSR,
        "the key of the request was reported as compromised");
}

/* What the issuer would refuse is refused here, where the order stays ready for
 * another request; and before the key is used for anything, for there are some
 * with which that takes long. */
static bool check_kind(struct hf_ca_call *call, struct hf_span csr)
{
    const char *fault = NULL;
    struct hf_span spki;

    if (hf_csr_spki(csr, &spki))
        fault = hf_spki_fault(spki, !call->settings->internal_names);
    return fault == NULL || hf_ca_call_refuse(call, HF_TROUBLE_BAD_CSR, fault);
}

/* More in the subject, and extensions that servers have no use for, are left
 * out of the certificate, as clients expect. */
static bool check_wish(struct hf_ca_call *call, const struct hf_csr *csr)
{
    return !csr->must_staple ||
           hf_ca_call_refuse(
               call, HF_TROUBLE_BAD_CSR,
               "this CA has no OCSP, whose answers would have to be stapled: "
               "ask without the TLS feature status_request (RFC 7633)");
}

static bool take_csr(struct hf_ca_call *call, struct hf_order *order)
{
    struct hf_span text = hf_document_string(call->payload, "csr");
    char *der = hf_arena_take(&call->arena, text.len * 3 / 4 + 1, 1);
    struct hf_csr csr = {0};
    enum hf_err err;
    bool good;

    if (der == NULL)
        return hf_ca_call_fail(call, HF_ENOMEM);
    if (text.len == 0 || !hf_base64url_decode(text, (unsigned char *)der))
        return hf_ca_call_refuse(call, HF_TROUBLE_BAD_CSR,
                                 "\"csr\" is a request in DER in base64url");
    order->csr = (struct hf_span){der, text.len * 3 / 4};
    if (!check_kind(call, order->csr))
        return false;
    err = hf_csr_read(order->csr, &csr, &call->why);
    if (err == HF_ENOMEM)
        return hf_ca_call_fail(call, err);
    if (err != HF_OK)
        return hf_ca_call_refuse(call, HF_TROUBLE_BAD_CSR, call->why.text);
    good = check_names(call, order, &csr) && check_wish(call, &csr) &&
           check_key(call, &csr);
    hf_csr_clear(&csr);
    return good;
}

/* ---- finalize: what must be fresh ---- */

/* REQ VAL-52, REUSE-15: what is too old for a signature is looked at again
 * before. */
static bool refresh(struct hf_ca_call *call, const struct hf_order *order)
{
    for (size_t i = 0; i < order->authz_count; i++) {
        const struct hf_authz *authz = &order->authzs[i];
        bool lapsed = hf_authz_is_lapsed(authz, call->now_at);
        bool old = authz->caa_until_at < call->now_at;

        if (!lapsed && !old)
            continue;
        if (call->rounds >= ROUNDS_MAX)
            return hf_ca_call_refuse(
                call, HF_TROUBLE_ORDER_NOT_READY,
                "the authorization is too old to rely upon, "
                "and looking again did not help");
        if (lapsed &&
            !hf_ca_call_start(call, HF_JOB_AGAIN, hf_authz_shown(authz)))
            return false;
        /* Which looks at CAA, too; but not for names below. */
        if (old && (!lapsed || authz->rests_on != 0) &&
            !hf_ca_call_start(call, HF_JOB_CAA, authz->id))
            return false;
    }
    return true;
}

static bool sign(struct hf_ca_call *call, struct hf_order *order)
{
    bool did;

    if (!hf_order_signing(call, order, &call->signing) ||
        !hf_ca_call_change(call, HF_CA_ORDER_START,
                           HF_VALUES(hf_store_number(order->id),
                                     hf_store_blob(order->csr),
                                     hf_store_number(call->now_at),
                                     hf_store_number(call->keeper.id)),
                           &did))
        return false;
    if (!did)
        return hf_ca_call_refuse(call, HF_TROUBLE_ORDER_NOT_READY,
                                 "the order is being finalized already");
    order->status = HF_SPAN("processing");
    call->shows = HF_SHOWS_ORDER;
    call->shown = order->id;
    return hf_ca_call_start(call, HF_JOB_SIGN, order->id) && show(call, order);
}

bool hf_resource_finalize(struct hf_ca_call *call)
{
    struct hf_order order;

    if (!load_own(call, call->id, &order))
        return false;
    /* What was looked at again says no: the order says why. REQ ERR-09 */
    if (call->rounds > 0 &&
        hf_span_eq(hf_order_status(&order, call->now_at), HF_SPAN("invalid")))
        return show(call, &order);
    if (!hf_span_eq(hf_order_status(&order, call->now_at), HF_SPAN("ready")))
        return hf_ca_call_refuse(
            call, HF_TROUBLE_ORDER_NOT_READY,
            "the order is not ready: look at its status and "
            "at its authorizations");
    if (!take_csr(call, &order) || !refresh(call, &order))
        return false;
    if (call->job_count == 0)
        return sign(call, &order);
    call->shows = HF_SHOWS_FINALIZE;
    call->retry_after_s = POLL_S;
    return show(call, &order);
}
