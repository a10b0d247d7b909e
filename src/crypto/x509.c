/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/x509.h"

#include <openssl/evp.h>

#include "crypto/evp_key.h"

/* id-ce is 2.5.29, id-at 2.5.4, id-pkix 1.3.6.1.5.5.7. */
#define CE(n)   HF_SPAN_INIT("\x55\x1d" n)
#define AT(n)   HF_SPAN_INIT("\x55\x04" n)
#define PKIX(n) HF_SPAN_INIT("\x2b\x06\x01\x05\x05\x07" n)

const struct hf_span hf_oid_common_name = AT("\x03");
const struct hf_span hf_oid_country = AT("\x06");
const struct hf_span hf_oid_organization = AT("\x0a");
const struct hf_span hf_oid_key_id = CE("\x0e");
const struct hf_span hf_oid_key_usage = CE("\x0f");
const struct hf_span hf_oid_alt_name = CE("\x11");
const struct hf_span hf_oid_basic = CE("\x13");
const struct hf_span hf_oid_crl_number = CE("\x14");
const struct hf_span hf_oid_reason = CE("\x15");
const struct hf_span hf_oid_crl_point = CE("\x1c");
const struct hf_span hf_oid_name_constraints = CE("\x1e");
const struct hf_span hf_oid_crl_points = CE("\x1f");
const struct hf_span hf_oid_policies = CE("\x20");
const struct hf_span hf_oid_any_policy = CE("\x20\x00");
const struct hf_span hf_oid_authority_key_id = CE("\x23");
const struct hf_span hf_oid_extended_usage = CE("\x25");
const struct hf_span hf_oid_authority_info = PKIX("\x01\x01");
const struct hf_span hf_oid_server_auth = PKIX("\x03\x01");
const struct hf_span hf_oid_client_auth = PKIX("\x03\x02");
const struct hf_span hf_oid_ca_issuers = PKIX("\x30\x02");
/* 2.23.140.1.2.1 */
const struct hf_span hf_oid_domain_validated =
    HF_SPAN_INIT("\x67\x81\x0c\x01\x02\x01");

/* Whole AlgorithmIdentifiers: RFC 5758 3.2, RFC 8410 3, RFC 4055 5. */
static const struct hf_span algorithms[HF_SIG_ALG_COUNT] = {
    [HF_ES256] = HF_SPAN_INIT("\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03"
                              "\x02"),
    [HF_ES384] = HF_SPAN_INIT("\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03"
                              "\x03"),
    [HF_EDDSA] = HF_SPAN_INIT("\x30\x05\x06\x03\x2b\x65\x70"),
    [HF_RS256] = HF_SPAN_INIT("\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01"
                              "\x01\x0b\x05\x00"),
};

void hf_x509_put_algorithm(struct hf_der *der, enum hf_sig_alg alg)
{
    hf_der_put(der, algorithms[alg]);
}

/* ---- names ---- */

static void put_attribute(struct hf_der *der, struct hf_span oid, unsigned tag,
                          struct hf_span text)
{
    size_t mark = hf_der_mark(der);

    if (text.len == 0)
        return;
    hf_der_put_element(der, tag, text);
    hf_der_put_element(der, HF_DER_OID, oid);
    hf_der_wrap(der, HF_DER_SEQUENCE, mark);
    hf_der_wrap(der, HF_DER_SET, mark);
}

void hf_x509_put_subject(struct hf_der *der,
                         const struct hf_x509_subject *subject)
{
    size_t mark = hf_der_mark(der);

    put_attribute(der, hf_oid_common_name, HF_DER_UTF8_STRING,
                  subject->common_name);
    put_attribute(der, hf_oid_organization, HF_DER_UTF8_STRING,
                  subject->organization);
    put_attribute(der, hf_oid_country, HF_DER_PRINTABLE_STRING,
                  subject->country);
    hf_der_wrap(der, HF_DER_SEQUENCE, mark);
}

/* ---- extensions ---- */

void hf_x509_wrap_extension(struct hf_der *der, struct hf_span oid,
                            bool critical, size_t mark)
{
    hf_der_wrap(der, HF_DER_OCTET_STRING, mark);
    if (critical)
        hf_der_put_true(der);
    hf_der_put_element(der, HF_DER_OID, oid);
    hf_der_wrap(der, HF_DER_SEQUENCE, mark);
}

void hf_x509_put_key_id(struct hf_der *der, struct hf_span key_id)
{
    size_t mark = hf_der_mark(der);

    hf_der_put_element(der, HF_DER_OCTET_STRING, key_id);
    hf_x509_wrap_extension(der, hf_oid_key_id, false, mark);
}

void hf_x509_put_authority_key_id(struct hf_der *der, struct hf_span key_id)
{
    size_t mark = hf_der_mark(der);

    hf_der_put_element(der, HF_DER_IMPLICIT(0), key_id);
    hf_der_wrap(der, HF_DER_SEQUENCE, mark);
    hf_x509_wrap_extension(der, hf_oid_authority_key_id, false, mark);
}

/* [6] uniformResourceIdentifier of a GeneralName. */
static void put_url(struct hf_der *der, struct hf_span url, struct hf_span more)
{
    size_t mark = hf_der_mark(der);

    hf_der_put(der, more);
    hf_der_put(der, url);
    hf_der_wrap(der, HF_DER_IMPLICIT(6), mark);
}

void hf_x509_put_ca_issuers(struct hf_der *der, struct hf_span url)
{
    size_t mark = hf_der_mark(der);

    put_url(der, url, HF_SPAN(""));
    hf_der_put_element(der, HF_DER_OID, hf_oid_ca_issuers);
    hf_der_wrap(der, HF_DER_SEQUENCE, mark);
    hf_der_wrap(der, HF_DER_SEQUENCE, mark);
    hf_x509_wrap_extension(der, hf_oid_authority_info, false, mark);
}

void hf_x509_put_policy(struct hf_der *der, struct hf_span oid)
{
    size_t mark = hf_der_mark(der);

    hf_der_put_element(der, HF_DER_OID, oid);
    hf_der_wrap(der, HF_DER_SEQUENCE, mark);
    hf_der_wrap(der, HF_DER_SEQUENCE, mark);
    hf_x509_wrap_extension(der, hf_oid_policies, false, mark);
}

void hf_x509_put_extended_usage(struct hf_der *der, bool client_auth)
{
    size_t mark = hf_der_mark(der);

    if (client_auth)
        hf_der_put_element(der, HF_DER_OID, hf_oid_client_auth);
    hf_der_put_element(der, HF_DER_OID, hf_oid_server_auth);
    hf_der_wrap(der, HF_DER_SEQUENCE, mark);
    hf_x509_wrap_extension(der, hf_oid_extended_usage, false, mark);
}

void hf_x509_put_point_name(struct hf_der *der, struct hf_span url,
                            struct hf_span more)
{
    size_t mark = hf_der_mark(der);

    put_url(der, url, more);
    hf_der_wrap(der, HF_DER_EXPLICIT(0), mark); /* fullName */
    hf_der_wrap(der, HF_DER_EXPLICIT(0), mark); /* distributionPoint */
}

void hf_x509_put_crl_point(struct hf_der *der, struct hf_span url,
                           struct hf_span more)
{
    size_t mark = hf_der_mark(der);

    hf_x509_put_point_name(der, url, more);
    hf_der_wrap(der, HF_DER_SEQUENCE, mark);
    hf_der_wrap(der, HF_DER_SEQUENCE, mark);
    hf_x509_wrap_extension(der, hf_oid_crl_points, false, mark);
}

struct hf_span hf_x509_shard(uint32_t n, char room[HF_X509_SHARD_MAX])
{
    struct hf_buf text;

    hf_buf_init(&text, room, HF_X509_SHARD_MAX);
    hf_buf_put_u64(&text, n);
    hf_buf_puts(&text, ".crl");
    return hf_buf_span(&text);
}

void hf_x509_put_validity(struct hf_der *der, int64_t not_before_at,
                          int64_t not_after_at)
{
    size_t mark = hf_der_mark(der);

    hf_der_put_time(der, not_after_at);
    hf_der_put_time(der, not_before_at);
    hf_der_wrap(der, HF_DER_SEQUENCE, mark);
}

/* ---- the signature ---- */

enum hf_err hf_x509_key_id(struct hf_span spki,
                           unsigned char out[HF_X509_KEY_ID_LEN],
                           struct hf_why *why)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    struct hf_span rest = spki;
    struct hf_span inner, algorithm, bits;

    if (!hf_der_take_tag(&rest, HF_DER_SEQUENCE, &inner) || rest.len > 0 ||
        !hf_der_take_tag(&inner, HF_DER_SEQUENCE, &algorithm) ||
        !hf_der_take_tag(&inner, HF_DER_BIT_STRING, &bits) || inner.len > 0 ||
        !hf_der_read_bits(bits, &bits))
        return hf_fail(why, HF_ESYNTAX, 0,
                       "RFC 5280 4.1.2.7: no public key in DER");
    if (EVP_Digest(bits.ptr, bits.len, digest, NULL, EVP_sha256(), NULL) != 1)
        return hf_evp_failed(why);
    memcpy(out, digest, HF_X509_KEY_ID_LEN);
    return HF_OK;
}

/* RFC 3279 2.2.3: a pair of numbers, where JWS has two halves. */
static void put_signature(struct hf_der *der, enum hf_sig_alg alg,
                          struct hf_span octets)
{
    size_t mark = hf_der_mark(der);
    struct hf_span first;

    if (alg != HF_ES256 && alg != HF_ES384) {
        hf_der_put(der, octets);
    } else {
        first = hf_span_cut(&octets, octets.len / 2);
        hf_der_put_unsigned(der, octets);
        hf_der_put_unsigned(der, first);
        hf_der_wrap(der, HF_DER_SEQUENCE, mark);
    }
    hf_der_wrap_bits(der, mark);
}

enum hf_err hf_x509_sign(const struct hf_signer *signer, struct hf_span tbs,
                         struct hf_buf *out, struct hf_why *why)
{
    char room[HF_SIGNATURE_MAX];
    char *to = hf_buf_reserve(out, tbs.len + HF_X509_ENVELOPE_MAX);
    struct hf_buf signature;
    struct hf_der der;
    enum hf_err err;

    if (to == NULL)
        return hf_fail(why, HF_ELIMIT, 0, "no room for what is to be signed");
    hf_buf_init(&signature, room, sizeof(room));
    err = signer->sign(signer->state, tbs, &signature, why);
    if (err != HF_OK)
        return err;
    hf_der_init(&der, to, tbs.len + HF_X509_ENVELOPE_MAX);
    put_signature(&der, signer->alg, hf_buf_span(&signature));
    hf_x509_put_algorithm(&der, signer->alg);
    hf_der_put(&der, tbs);
    hf_der_wrap(&der, HF_DER_SEQUENCE, 0);
    memmove(to, hf_der_span(&der).ptr, hf_der_span(&der).len);
    out->len += hf_der_span(&der).len;
    return HF_OK;
}

/* ---- reading ---- */

static enum hf_err no_certificate(struct hf_why *why)
{
    return hf_fail(why, HF_ESYNTAX, 0,
                   "RFC 5280 4.1: no certificate of version 3 in DER");
}

static bool take_whole(struct hf_span *rest, unsigned tag, struct hf_span *out)
{
    struct hf_der_element element;

    if (!hf_der_take(rest, &element) || element.tag != tag)
        return false;
    *out = element.whole;
    return true;
}

static bool take_version_3(struct hf_span *rest)
{
    struct hf_span version;

    return hf_der_take_tag(rest, HF_DER_EXPLICIT(0), &version) &&
           hf_span_eq(version, HF_SPAN("\x02\x01\x02"));
}

static bool take_validity(struct hf_span *rest, struct hf_x509 *out)
{
    struct hf_span times;

    return hf_der_take_tag(rest, HF_DER_SEQUENCE, &times) &&
           hf_der_take_time(&times, &out->not_before_at) &&
           hf_der_take_time(&times, &out->not_after_at) && times.len == 0;
}

static bool take_extensions(struct hf_span *rest, struct hf_x509 *out)
{
    struct hf_span wrapped;

    return hf_der_take_tag(rest, HF_DER_EXPLICIT(3), &wrapped) &&
           hf_der_take_tag(&wrapped, HF_DER_SEQUENCE, &out->extensions) &&
           wrapped.len == 0;
}

enum hf_err hf_x509_read_tbs(struct hf_span tbs, struct hf_x509 *out,
                             struct hf_why *why)
{
    struct hf_x509 read = {.tbs = tbs};
    struct hf_span rest = tbs;
    struct hf_span in;

    if (!hf_der_take_tag(&rest, HF_DER_SEQUENCE, &in) || rest.len > 0 ||
        !take_version_3(&in) ||
        !hf_der_take_tag(&in, HF_DER_INTEGER, &read.serial) ||
        !take_whole(&in, HF_DER_SEQUENCE, &read.algorithm) ||
        !take_whole(&in, HF_DER_SEQUENCE, &read.issuer) ||
        !take_validity(&in, &read) ||
        !take_whole(&in, HF_DER_SEQUENCE, &read.subject) ||
        !take_whole(&in, HF_DER_SEQUENCE, &read.spki) ||
        !take_extensions(&in, &read) || in.len > 0)
        return no_certificate(why);
    *out = read;
    return HF_OK;
}

enum hf_err hf_x509_read(struct hf_span der, struct hf_x509 *out,
                         struct hf_why *why)
{
    struct hf_span rest = der;
    struct hf_span in, tbs, algorithm, signature;

    if (!hf_der_take_tag(&rest, HF_DER_SEQUENCE, &in) || rest.len > 0 ||
        !take_whole(&in, HF_DER_SEQUENCE, &tbs) ||
        !take_whole(&in, HF_DER_SEQUENCE, &algorithm) ||
        !take_whole(&in, HF_DER_BIT_STRING, &signature) || in.len > 0)
        return no_certificate(why);
    return hf_x509_read_tbs(tbs, out, why);
}

bool hf_x509_next_extension(struct hf_span *rest, struct hf_x509_extension *out)
{
    struct hf_x509_extension extension = {0};
    struct hf_span from = *rest;
    struct hf_span in, truth;

    if (!hf_der_take_tag(&from, HF_DER_SEQUENCE, &in) ||
        !hf_der_take_tag(&in, HF_DER_OID, &extension.oid))
        return false;
    /* X.690 11.5: the default, false, is not written. */
    if (hf_der_take_tag(&in, HF_DER_BOOLEAN, &truth) &&
        (!hf_der_read_boolean(truth, &extension.critical) ||
         !extension.critical))
        return false;
    if (!hf_der_take_tag(&in, HF_DER_OCTET_STRING, &extension.value) ||
        in.len > 0)
        return false;
    *rest = from;
    *out = extension;
    return true;
}

bool hf_x509_find_extension(struct hf_span extensions, struct hf_span oid,
                            struct hf_span *out)
{
    struct hf_x509_extension extension;

    while (hf_x509_next_extension(&extensions, &extension)) {
        if (!hf_span_eq(extension.oid, oid))
            continue;
        *out = extension.value;
        return true;
    }
    return false;
}

bool hf_x509_take_point_name(struct hf_span *rest, struct hf_span *url)
{
    struct hf_span point, names;

    return hf_der_take_tag(rest, HF_DER_EXPLICIT(0), &point) &&
           hf_der_take_tag(&point, HF_DER_EXPLICIT(0), &names) &&
           hf_der_take_tag(&names, HF_DER_IMPLICIT(6), url);
}

bool hf_x509_find_crl_point(struct hf_span extensions, struct hf_span *url)
{
    struct hf_span value, points, point;

    return hf_x509_find_extension(extensions, hf_oid_crl_points, &value) &&
           hf_der_take_tag(&value, HF_DER_SEQUENCE, &points) &&
           hf_der_take_tag(&points, HF_DER_SEQUENCE, &point) &&
           hf_x509_take_point_name(&point, url);
}

static bool is_ca(struct hf_span extensions)
{
    struct hf_span value, in, truth;
    bool ca = false;

    return hf_x509_find_extension(extensions, hf_oid_basic, &value) &&
           hf_der_take_tag(&value, HF_DER_SEQUENCE, &in) &&
           hf_der_take_tag(&in, HF_DER_BOOLEAN, &truth) &&
           hf_der_read_boolean(truth, &ca) && ca;
}

enum hf_err hf_x509_read_issuer(struct hf_span der, struct hf_x509_issuer *out,
                                struct hf_why *why)
{
    struct hf_x509 read;
    struct hf_span value, key_id;
    enum hf_err err = hf_x509_read(der, &read, why);

    if (err != HF_OK)
        return err;
    if (!is_ca(read.extensions) ||
        !hf_x509_find_extension(read.extensions, hf_oid_key_id, &value) ||
        !hf_der_take_tag(&value, HF_DER_OCTET_STRING, &key_id) ||
        key_id.len == 0 || key_id.len > HF_X509_ISSUER_KEY_ID_MAX ||
        read.subject.len > HF_X509_NAME_MAX)
        return hf_fail(why, HF_EINVAL, 0,
                       "RFC 5280 4.2.1.2, 4.2.1.9: not the certificate of a "
                       "CA");
    out->name = read.subject;
    out->key_id = key_id;
    return HF_OK;
}
