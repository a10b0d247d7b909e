/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates (RFC 8555, section 7.4.2), and what is beside them for everyone:
 * the issuer's own, and lists of revoked ones (RFC 5280, section 5). */
#include "ca/certificate.h"
#include "ca/resources.h"
#include "crypto/pem.h"

bool hf_cert_load(struct hf_ca_call *call, struct hf_span serial,
                  struct hf_cert *out, bool *found)
{
    const enum hf_ca_operation row = HF_CA_CERT_GET;
    struct hf_store *store = call->store;

    if (!hf_ca_call_row(call, row, HF_VALUES(hf_store_text(serial)), found))
        return false;
    if (!*found)
        return true;
    *out = (struct hf_cert){
        .serial = hf_ca_call_text(call, row, HF_CERT_SERIAL),
        .account = hf_store_get_number(store, row, HF_CERT_ACCOUNT),
        .order = hf_store_get_number(store, row, HF_CERT_ORDER),
        .der = hf_ca_call_text(call, row, HF_CERT_DER),
        .not_before_at = hf_store_get_number(store, row, HF_CERT_NOT_BEFORE_AT),
        .not_after_at = hf_store_get_number(store, row, HF_CERT_NOT_AFTER_AT),
        .shard = hf_store_get_number(store, row, HF_CERT_SHARD),
        .key_hash = hf_ca_call_text(call, row, HF_CERT_KEY_HASH),
        .is_revoked = !hf_store_is_null(store, row, HF_CERT_REVOKED_AT),
        .is_replaced = !hf_store_is_null(store, row, HF_CERT_REPLACED_BY),
    };
    hf_ca_call_row_end(call, row);
    return true;
}

/* ---- the chain ---- */

/* The other chains (section 7.4.2). */
static void link_alternates(struct hf_ca_call *call, struct hf_span serial,
                            size_t shown)
{
    char room[HF_ACCOUNT_URL_MAX * 2];
    struct hf_buf link;

    hf_buf_init(&link, room, sizeof(room));
    for (size_t i = 0; i < call->settings->chain_count; i++) {
        if (i == shown)
            continue;
        hf_buf_puts(&link, link.len > 0 ? ", <" : "<");
        hf_buf_put(&link, call->settings->base);
        hf_buf_puts(&link, "/cert/");
        hf_buf_put(&link, serial);
        hf_buf_putc(&link, '/');
        hf_buf_put_u64(&link, i);
        hf_buf_puts(&link, ">;rel=\"alternate\"");
    }
    call->link = hf_arena_copy(&call->arena, hf_buf_span(&link));
}

/* "SERIAL", or "SERIAL/N" for the chain N. */
static bool take_chain(struct hf_ca_call *call, struct hf_span *serial,
                       size_t *chain)
{
    struct hf_span rest = call->word;
    int64_t number = 0;

    *serial = hf_span_cut(&rest, hf_span_find(rest, '/'));
    if (hf_span_skip(&rest, '/') && !hf_span_eq(rest, HF_SPAN("0")) &&
        !hf_ca_call_take_id(rest, &number))
        return false;
    *chain = (size_t)number;
    return *chain < call->settings->chain_count;
}

bool hf_resource_certificate(struct hf_ca_call *call)
{
    struct hf_span serial;
    struct hf_cert cert = {0};
    bool found = false;
    size_t chain = 0;

    if (!hf_ca_call_is_fetch(call))
        return hf_ca_call_refuse(call, HF_TROUBLE_MALFORMED,
                                 "a certificate is read with an empty payload "
                                 "(RFC 8555 7.4.2)");
    if (take_chain(call, &serial, &chain) &&
        !hf_cert_load(call, serial, &cert, &found))
        return false;
    if (!found || cert.account != call->account.id || cert.der.len == 0)
        return hf_ca_call_refuse(call, HF_TROUBLE_NOT_FOUND,
                                 "this account has no such certificate");
    call->content_type = "application/pem-certificate-chain";
    hf_pem_put_certificate(&call->body, cert.der);
    hf_buf_put(&call->body, call->settings->chains[chain]);
    link_alternates(call, serial, chain);
    return true;
}

/* ---- for everyone ---- */

/* "/issuer/1.crt" (RFC 5280, section 4.2.2.1). */
bool hf_resource_issuer(struct hf_ca_call *call)
{
    if (!hf_span_eq(call->word, HF_SPAN("1.crt")))
        return hf_ca_call_refuse(call, HF_TROUBLE_NOT_FOUND, "no such issuer");
    call->content_type = "application/pkix-cert";
    hf_buf_put(&call->body, call->settings->issuer_der);
    return true;
}

/* "/crl/N.crl" */
bool hf_resource_crl(struct hf_ca_call *call)
{
    struct hf_span word = call->word;
    int64_t shard = 0;
    bool found = false;

    if (hf_span_ends(word, HF_SPAN(".crl"))) {
        word.len -= 4;
        found =
            hf_span_eq(word, HF_SPAN("0")) || hf_ca_call_take_id(word, &shard);
    }
    if (found && !hf_ca_call_row(call, HF_CA_CRL_GET,
                                 HF_VALUES(hf_store_number(shard)), &found))
        return false;
    if (!found)
        return hf_ca_call_refuse(call, HF_TROUBLE_NOT_FOUND, "no such list");
    call->content_type = "application/pkix-crl";
    hf_buf_put(&call->body, hf_store_get_text(call->store, HF_CA_CRL_GET, 0));
    hf_ca_call_row_end(call, HF_CA_CRL_GET);
    return true;
}
