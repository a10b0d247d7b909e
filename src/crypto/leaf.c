/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/leaf.h"

#include "names/ip.h"

/* KeyUsage, a BIT STRING: digitalSignature alone, which is what TLS 1.3 and
 * its elder with ephemeral keys need (BR 7.1.2.7.11). */
#define DIGITAL_SIGNATURE HF_SPAN("\x03\x02\x07\x80")
#define EMPTY_SEQUENCE    HF_SPAN("\x30\x00")
#define VERSION_3         HF_SPAN("\xa0\x03\x02\x01\x02")

enum general_name { DNS_NAME = 2, IP_ADDRESS = 7 };

/* What was written since `mark`. */
static struct hf_span since(const struct hf_der *der, size_t mark)
{
    struct hf_span all = hf_der_span(der);

    all.len -= mark;
    return all;
}

static void put_critical(struct hf_der *der, struct hf_span oid,
                         struct hf_span value)
{
    size_t mark = hf_der_mark(der);

    hf_der_put(der, value);
    hf_x509_wrap_extension(der, oid, true, mark);
}

enum hf_err hf_leaf_template_make(const struct hf_leaf_profile *profile,
                                  struct hf_leaf_template *out,
                                  struct hf_why *why)
{
    struct hf_der der;
    size_t mark;

    hf_der_init(&der, out->room, sizeof(out->room));
    hf_der_put(&der, profile->crl_url);
    out->crl_url = hf_der_span(&der);

    mark = hf_der_mark(&der);
    if (profile->ca_url.len > 0)
        hf_x509_put_ca_issuers(&der, profile->ca_url);
    if (profile->is_public)
        hf_x509_put_policy(&der, hf_oid_domain_validated);
    hf_x509_put_authority_key_id(&der, profile->issuer.key_id);
    hf_x509_put_extended_usage(&der, profile->client_auth);
    put_critical(&der, hf_oid_basic, EMPTY_SEQUENCE);
    put_critical(&der, hf_oid_key_usage, DIGITAL_SIGNATURE);
    out->extensions = since(&der, mark);

    mark = hf_der_mark(&der);
    hf_der_put(&der, profile->issuer.name);
    hf_x509_put_algorithm(&der, profile->issuer.alg);
    out->algorithm_and_issuer = since(&der, mark);
    if (der.full)
        return hf_fail(why, HF_ELIMIT, 0,
                       "the URLs of a profile have more than a thousand "
                       "octets");
    return HF_OK;
}

static bool put_names(struct hf_der *tbs, const struct hf_csr_names *names)
{
    size_t mark = hf_der_mark(tbs);
    uint8_t octets[16];
    size_t len;

    for (size_t i = names->ip_count; i > 0; i--) {
        if (!hf_ip_parse(names->ips[i - 1], octets, &len))
            return false;
        hf_der_put_element(tbs, HF_DER_IMPLICIT(IP_ADDRESS),
                           (struct hf_span){(char *)octets, len});
    }
    for (size_t i = names->dns_count; i > 0; i--)
        hf_der_put_element(tbs, HF_DER_IMPLICIT(DNS_NAME), names->dns[i - 1]);
    hf_der_wrap(tbs, HF_DER_SEQUENCE, mark);
    /* RFC 5280 4.2.1.6: critical, for the subject is empty. */
    hf_x509_wrap_extension(tbs, hf_oid_alt_name, true, mark);
    return true;
}

static void put_crl_point(struct hf_der *tbs, struct hf_span url,
                          uint32_t shard)
{
    char room[HF_X509_SHARD_MAX];

    if (url.len > 0)
        hf_x509_put_crl_point(tbs, url, hf_x509_shard(shard, room));
}

static enum hf_err put_extensions(const struct hf_leaf_template *template,
                                  const struct hf_leaf *leaf,
                                  struct hf_der *tbs, struct hf_why *why)
{
    unsigned char key_id[HF_X509_KEY_ID_LEN];
    size_t mark = hf_der_mark(tbs);
    enum hf_err err = hf_x509_key_id(leaf->spki, key_id, why);

    if (err != HF_OK)
        return err;
    put_crl_point(tbs, template->crl_url, leaf->shard);
    if (!put_names(tbs, &leaf->names))
        return hf_fail(why, HF_EINVAL, 0,
                       "neither an IPv4 nor an IPv6 address");
    hf_x509_put_key_id(tbs, (struct hf_span){(char *)key_id, sizeof(key_id)});
    hf_der_put(tbs, template->extensions);
    hf_der_wrap(tbs, HF_DER_SEQUENCE, mark);
    hf_der_wrap(tbs, HF_DER_EXPLICIT(3), mark);
    return HF_OK;
}

enum hf_err hf_leaf_build(const struct hf_leaf_template *template,
                          const struct hf_leaf *leaf, struct hf_der *tbs,
                          struct hf_why *why)
{
    enum hf_err err = put_extensions(template, leaf, tbs, why);

    if (err != HF_OK)
        return err;
    hf_der_put(tbs, leaf->spki);
    hf_der_put(tbs, EMPTY_SEQUENCE);
    hf_x509_put_validity(tbs, leaf->not_before_at, leaf->not_after_at);
    hf_der_put(tbs, template->algorithm_and_issuer);
    hf_der_put_unsigned(
        tbs, (struct hf_span){(const char *)leaf->serial, leaf->serial_len});
    hf_der_put(tbs, VERSION_3);
    hf_der_wrap(tbs, HF_DER_SEQUENCE, 0);
    if (tbs->full)
        return hf_fail(why, HF_ELIMIT, 0,
                       "a certificate that is too long, or of another time");
    return HF_OK;
}
