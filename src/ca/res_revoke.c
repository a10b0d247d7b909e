/* SPDX-License-Identifier: Apache-2.0 */
/* Revocation (RFC 8555, section 7.6): by the account that has the certificate,
 * by one that controls its names, or by its own key. */
#include "acme/document.h"
#include "base/base64.h"
#include "base/hex.h"
#include "ca/certificate.h"
#include "ca/order.h"
#include "ca/resources.h"
#include "ca/revocation.h"
#include "crypto/der.h"

/* What a subscriber may say (RFC 5280, section 5.3.1; BR 4.9.1.1): the other
 * reasons are the CA's. */
static bool is_reason(int64_t reason)
{
    return reason == 0 || reason == HF_REVOKED_KEY_COMPROMISE ||
           (reason >= 3 && reason <= 5);
}

/* The serial number's octets, in hex (RFC 5280, section 4.1). */
static bool take_serial(struct hf_ca_call *call, struct hf_span der,
                        struct hf_span *out)
{
    struct hf_der_element whole;
    struct hf_der_element tbs;
    struct hf_der_element part;
    char *hex;

    if (!hf_der_take(&der, &whole) || !hf_der_take(&whole.content, &tbs) ||
        !hf_der_take(&tbs.content, &part) || /* version */
        !hf_der_take(&tbs.content, &part) || part.tag != HF_DER_INTEGER ||
        part.content.len > 20)
        return false;
    hex = hf_arena_take(&call->arena, 2 * part.content.len + 1, 1);
    if (hex == NULL)
        return false;
    hf_hex(part.content.ptr, part.content.len, hex);
    *out = (struct hf_span){hex, 2 * part.content.len};
    return true;
}

static bool find(struct hf_ca_call *call, struct hf_cert *out)
{
    struct hf_span text = hf_document_string(call->payload, "certificate");
    char *room = hf_arena_take(&call->arena, text.len * 3 / 4 + 1, 1);
    struct hf_span der = {room, text.len * 3 / 4};
    struct hf_span serial;
    bool found = false;

    if (room == NULL)
        return hf_ca_call_fail(call, HF_ENOMEM);
    if (text.len == 0 || !hf_base64url_decode(text, (unsigned char *)room))
        return hf_ca_call_refuse(call, HF_TROUBLE_MALFORMED,
                                 "\"certificate\" is DER in base64url");
    if (take_serial(call, der, &serial) &&
        !hf_cert_load(call, serial, out, &found))
        return false;
    if (!found || !hf_span_eq(out->der, der))
        return hf_ca_call_refuse(call, HF_TROUBLE_NOT_FOUND,
                                 "this CA did not issue this certificate");
    return true;
}

/* ---- who may ---- */

/* Has the account valid authorizations for all names of the certificate? */
static bool has_names(struct hf_ca_call *call, const struct hf_cert *cert,
                      bool *may)
{
    struct hf_order order;
    bool found;

    if (!hf_order_load(call, cert->order, &order, &found))
        return false;
    *may = found && order.authz_count > 0;
    for (size_t i = 0; *may && i < order.authz_count; i++) {
        struct hf_identifier name = order.authzs[i].name;
        struct hf_authz_found authz;

        name.subdomains = false; /* the certificate has this name alone */
        if (!hf_authz_find(call, &name, call->now_at, &authz))
            return false;
        *may = authz.is_valid;
    }
    return true;
}

static bool check_right(struct hf_ca_call *call, const struct hf_cert *cert)
{
    bool may = call->account.id != 0
                   ? call->account.id == cert->account
                   : hf_span_eq(cert->key_hash, hf_public_key_hash(call->key));

    if (!may && call->account.id != 0 && !has_names(call, cert, &may))
        return false;
    return may ||
           hf_ca_call_refuse(call, HF_TROUBLE_UNAUTHORIZED,
                             "only the account that has the certificate, "
                             "one with authorizations for all its names, "
                             "or its own key may revoke it");
}

/* ---- doing it ---- */

static bool revoke(struct hf_ca_call *call, const struct hf_cert *cert,
                   int64_t reason)
{
    const struct hf_revocation revocation = {
        .serial = cert->serial,
        .shard = cert->shard,
        .key_hash = cert->key_hash,
        .reason = reason,
        .at = call->now_at,
    };
    bool did;
    enum hf_err err =
        hf_revocation_do(call->store, &revocation, &did, &call->why);

    if (err != HF_OK)
        return hf_ca_call_fail(call, err);
    return did || hf_ca_call_refuse(call, HF_TROUBLE_ALREADY_REVOKED,
                                    "the certificate is revoked already");
    /* 200 and nothing to say (section 7.6) */
}

bool hf_resource_revoke(struct hf_ca_call *call)
{
    const json_t *member;
    int64_t reason = 0;
    struct hf_cert cert = {0};

    if (hf_ca_call_is_fetch(call))
        return hf_ca_call_refuse(
            call, HF_TROUBLE_MALFORMED,
            "revokeCert wants a JSON object (RFC 8555 7.6)");
    member = hf_document_member(call->payload, "reason");
    if (member != NULL)
        reason = json_is_integer(member) ? json_integer_value(member) : -1;
    if (!is_reason(reason))
        return hf_ca_call_refuse(call, HF_TROUBLE_BAD_REASON,
                                 "a reason is 0, 1, 3, 4 or 5 here (RFC 5280 "
                                 "5.3.1, BR 4.9.1.1)");
    return find(call, &cert) && check_right(call, &cert) &&
           revoke(call, &cert, reason);
}
