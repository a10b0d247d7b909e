/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/ca_certificate.h"

#include "holdfast/name.h"
#include "names/ip.h"

#define VERSION_3         HF_SPAN("\xa0\x03\x02\x01\x02")
#define SIGN_CERT_AND_CRL HF_SPAN("\x03\x02\x01\x06") /* KeyUsage */

enum general_name { DNS_NAME = 2, IP_ADDRESS = 7 };

/* An address range, as RFC 5280 4.2.1.10 has it: the address, then a mask. */
struct range {
    uint8_t octets[32];
    size_t len;
};

static bool take_prefix(struct hf_span text, size_t bits_max, size_t *out)
{
    size_t bits = 0;

    if (text.len == 0 || text.len > 3)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        if (!hf_is_digit(text.ptr[i]))
            return false;
        bits = bits * 10 + (size_t)(text.ptr[i] - '0');
    }
    *out = bits;
    return bits <= bits_max;
}

static bool read_range(struct hf_span text, struct range *out)
{
    struct hf_span address = hf_span_cut(&text, hf_span_find(text, '/'));
    size_t len = 0;
    size_t bits = 0;

    if (!hf_ip_parse(address, out->octets, &len))
        return false;
    if (!hf_span_skip(&text, '/') || !take_prefix(text, len * 8, &bits))
        return false;
    for (size_t i = 0; i < len; i++) {
        size_t here = bits > 8 ? 8 : bits;

        out->octets[len + i] = (uint8_t)(0xff00U >> here);
        out->octets[i] &= out->octets[len + i];
        bits -= here;
    }
    out->len = 2 * len;
    return true;
}

bool hf_ca_permitted_is_good(struct hf_span text)
{
    struct range range;
    uint8_t octets[16];
    size_t len;

    return read_range(text, &range) ||
           (hf_name_is_canonical(text) && !hf_ip_parse(text, octets, &len));
}

/* ---- name constraints ---- */

static void put_subtree(struct hf_der *tbs, struct hf_span text)
{
    size_t mark = hf_der_mark(tbs);
    struct range range = {0};

    if (read_range(text, &range))
        hf_der_put_element(
            tbs, HF_DER_IMPLICIT(IP_ADDRESS),
            (struct hf_span){(const char *)range.octets, range.len});
    else
        hf_der_put_element(tbs, HF_DER_IMPLICIT(DNS_NAME), text);
    hf_der_wrap(tbs, HF_DER_SEQUENCE, mark);
}

/* BR 7.1.2.5.2: of a kind of name that none is permitted of, all are
 * excluded: here 0.0.0.0/0 and ::/0. */
static void exclude_addresses(struct hf_der *tbs)
{
    static const char zeros[32] = {0};
    static const size_t lengths[] = {32, 8}; /* address and mask */
    size_t mark = hf_der_mark(tbs);

    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        size_t at = hf_der_mark(tbs);

        hf_der_put_element(tbs, HF_DER_IMPLICIT(IP_ADDRESS),
                           (struct hf_span){zeros, lengths[i]});
        hf_der_wrap(tbs, HF_DER_SEQUENCE, at);
    }
    hf_der_wrap(tbs, HF_DER_EXPLICIT(1), mark);
}

static enum hf_err put_constraints(struct hf_der *tbs,
                                   const struct hf_ca_certificate *certificate,
                                   struct hf_why *why)
{
    size_t mark = hf_der_mark(tbs);
    size_t permitted;
    bool addresses = false;
    struct range range;

    for (size_t i = 0; i < certificate->permitted_count; i++) {
        if (!hf_ca_permitted_is_good(certificate->permitted[i]))
            return hf_fail(why, HF_EINVAL, 0,
                           "RFC 5280 4.2.1.10: names are constrained to host "
                           "names in lower case and to ranges of addresses, "
                           "such as 192.0.2.0/24");
        addresses |= read_range(certificate->permitted[i], &range);
    }
    if (!addresses)
        exclude_addresses(tbs);
    permitted = hf_der_mark(tbs);
    for (size_t i = certificate->permitted_count; i > 0; i--)
        put_subtree(tbs, certificate->permitted[i - 1]);
    hf_der_wrap(tbs, HF_DER_EXPLICIT(0), permitted);
    hf_der_wrap(tbs, HF_DER_SEQUENCE, mark);
    hf_x509_wrap_extension(tbs, hf_oid_name_constraints, true, mark);
    return HF_OK;
}

/* ---- the others ---- */

/* An issuing CA has no CA below it: pathLenConstraint 0. */
static void put_basic(struct hf_der *tbs, bool is_root)
{
    size_t mark = hf_der_mark(tbs);

    if (!is_root)
        hf_der_put_number(tbs, HF_DER_INTEGER, 0);
    hf_der_put_true(tbs);
    hf_der_wrap(tbs, HF_DER_SEQUENCE, mark);
    hf_x509_wrap_extension(tbs, hf_oid_basic, true, mark);
}

static void put_usage(struct hf_der *tbs)
{
    size_t mark = hf_der_mark(tbs);

    hf_der_put(tbs, SIGN_CERT_AND_CRL);
    hf_x509_wrap_extension(tbs, hf_oid_key_usage, true, mark);
}

static enum hf_err put_issuing(struct hf_der *tbs,
                               const struct hf_ca_certificate *certificate,
                               struct hf_why *why)
{
    if (certificate->crl_url.len > 0)
        hf_x509_put_crl_point(tbs, certificate->crl_url, HF_SPAN(""));
    if (certificate->ca_url.len > 0)
        hf_x509_put_ca_issuers(tbs, certificate->ca_url);
    hf_x509_put_policy(tbs, certificate->is_public ? hf_oid_domain_validated
                                                   : hf_oid_any_policy);
    hf_x509_put_extended_usage(tbs, certificate->client_auth);
    hf_x509_put_authority_key_id(tbs, certificate->issuer.key_id);
    return certificate->permitted_count > 0
               ? put_constraints(tbs, certificate, why)
               : HF_OK;
}

static enum hf_err put_extensions(struct hf_der *tbs,
                                  const struct hf_ca_certificate *certificate,
                                  struct hf_why *why)
{
    unsigned char key_id[HF_X509_KEY_ID_LEN];
    size_t mark = hf_der_mark(tbs);
    enum hf_err err = hf_x509_key_id(certificate->spki, key_id, why);

    if (err == HF_OK && !certificate->is_root)
        err = put_issuing(tbs, certificate, why);
    if (err != HF_OK)
        return err;
    hf_x509_put_key_id(tbs, (struct hf_span){(char *)key_id, sizeof(key_id)});
    put_usage(tbs);
    put_basic(tbs, certificate->is_root);
    hf_der_wrap(tbs, HF_DER_SEQUENCE, mark);
    hf_der_wrap(tbs, HF_DER_EXPLICIT(3), mark);
    return HF_OK;
}

enum hf_err hf_ca_certificate_build(const struct hf_ca_certificate *certificate,
                                    enum hf_sig_alg alg, struct hf_der *tbs,
                                    struct hf_why *why)
{
    enum hf_err err;

    if (certificate->subject.common_name.len == 0)
        return hf_fail(why, HF_EINVAL, 0,
                       "RFC 5280 4.1.2.6: a CA needs a name");
    err = put_extensions(tbs, certificate, why);
    if (err != HF_OK)
        return err;
    hf_der_put(tbs, certificate->spki);
    hf_x509_put_subject(tbs, &certificate->subject);
    hf_x509_put_validity(tbs, certificate->not_before_at,
                         certificate->not_after_at);
    if (certificate->is_root)
        hf_x509_put_subject(tbs, &certificate->subject);
    else
        hf_der_put(tbs, certificate->issuer.name);
    hf_x509_put_algorithm(tbs, alg);
    hf_der_put_unsigned(tbs, (struct hf_span){(const char *)certificate->serial,
                                              certificate->serial_len});
    hf_der_put(tbs, VERSION_3);
    hf_der_wrap(tbs, HF_DER_SEQUENCE, 0);
    if (tbs->full)
        return hf_fail(why, HF_ELIMIT, 0,
                       "a CA's certificate that is too long, or of a moment "
                       "outside the years 1950 to 9999");
    return HF_OK;
}
