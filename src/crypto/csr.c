/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/csr.h"

#include <openssl/err.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "crypto/evp_key.h"
#include "crypto/sec1.h"
#include "holdfast/name.h"
#include "names/ip.h"

#define STATUS_REQUEST 5 /* RFC 6066, 8 */

/* ---- names ---- */

/* Takes over `value`, which may be NULL. */
static bool push_name(GENERAL_NAMES *list, int kind, ASN1_STRING *value,
                      struct hf_span octets)
{
    GENERAL_NAME *name = GENERAL_NAME_new();

    if (name == NULL || value == NULL ||
        ASN1_STRING_set(value, octets.ptr, (int)octets.len) != 1) {
        GENERAL_NAME_free(name);
        ASN1_STRING_free(value);
        return false;
    }
    GENERAL_NAME_set0_value(name, kind, value);
    if (sk_GENERAL_NAME_push(list, name) > 0)
        return true;
    GENERAL_NAME_free(name);
    return false;
}

static bool push_names(GENERAL_NAMES *list, const struct hf_csr_names *names)
{
    bool good = list != NULL;

    for (size_t i = 0; i < names->dns_count && good; i++)
        good = push_name(list, GEN_DNS, ASN1_IA5STRING_new(), names->dns[i]);
    for (size_t i = 0; i < names->ip_count && good; i++) {
        uint8_t octets[16];
        size_t len = 0;

        (void)hf_ip_parse(names->ips[i], octets, &len);
        good = push_name(list, GEN_IPADD, ASN1_OCTET_STRING_new(),
                         (struct hf_span){(char *)octets, len});
    }
    return good;
}

static enum hf_err check_names(const struct hf_csr_names *names,
                               struct hf_why *why)
{
    uint8_t octets[16];
    size_t len;

    if (names->dns_count > HF_SAN_MAX || names->ip_count > HF_SAN_MAX ||
        names->dns_count + names->ip_count > HF_SAN_MAX)
        return hf_fail(why, HF_ELIMIT, 0, "more than a thousand names");
    if (names->dns_count + names->ip_count == 0)
        return hf_fail(why, HF_EINVAL, 0, "a certificate needs a name");
    for (size_t i = 0; i < names->dns_count; i++) {
        struct hf_span name = names->dns[i];

        (void)hf_name_take_star(&name);
        if (!hf_name_is_canonical(name))
            return hf_fail(why, HF_EINVAL, 0,
                           "certificates are for canonical host names: letters "
                           "in lower case, digits, hyphens");
    }
    for (size_t i = 0; i < names->ip_count; i++)
        if (!hf_ip_parse(names->ips[i], octets, &len))
            return hf_fail(why, HF_EINVAL, 0,
                           "neither an IPv4 nor an IPv6 address");
    return HF_OK;
}

/* ---- making ---- */

/* RFC 7633: a certificate that is not good without a stapled OCSP answer. */
static bool add_must_staple(STACK_OF(X509_EXTENSION) * *list)
{
    TLS_FEATURE *features = sk_ASN1_INTEGER_new_null();
    ASN1_INTEGER *feature = ASN1_INTEGER_new();
    bool good = features != NULL && feature != NULL &&
                ASN1_INTEGER_set(feature, STATUS_REQUEST) == 1 &&
                sk_ASN1_INTEGER_push(features, feature) > 0;

    if (good)
        good = X509V3_add1_i2d(list, NID_tlsfeature, features, 0,
                               X509V3_ADD_DEFAULT) == 1;
    else
        ASN1_INTEGER_free(feature); /* else it is in the list */
    sk_ASN1_INTEGER_pop_free(features, ASN1_INTEGER_free);
    return good;
}

static bool add_extensions(X509_REQ *req, const struct hf_csr_names *names,
                           bool must_staple)
{
    GENERAL_NAMES *san = sk_GENERAL_NAME_new_null();
    STACK_OF(X509_EXTENSION) *list = NULL;
    bool good = push_names(san, names) &&
                X509V3_add1_i2d(&list, NID_subject_alt_name, san, 1,
                                X509V3_ADD_DEFAULT) == 1 &&
                (!must_staple || add_must_staple(&list)) &&
                X509_REQ_add_extensions(req, list) == 1;

    sk_X509_EXTENSION_pop_free(list, X509_EXTENSION_free);
    GENERAL_NAMES_free(san);
    return good;
}

static const EVP_MD *digest_for(const struct hf_private_key *key)
{
    switch (hf_private_key_kind(key)) {
    case HF_KEY_P384:
        return EVP_sha384();
    case HF_KEY_ED25519:
        return NULL;
    case HF_KEY_P256:
    case HF_KEY_RSA2048:
    case HF_KEY_RSA3072:
    case HF_KEY_RSA4096:
        break;
    }
    return EVP_sha256();
}

static bool set_public_key(X509_REQ *req, EVP_PKEY *key)
{
    return hf_sec1_put_public(key, X509_REQ_get_X509_PUBKEY(req)) ||
           X509_REQ_set_pubkey(req, key) == 1;
}

enum hf_err hf_csr_make(const struct hf_private_key *key,
                        const struct hf_csr_names *names, bool must_staple,
                        struct hf_buf *der, struct hf_why *why)
{
    enum hf_err err = check_names(names, why);
    EVP_PKEY *evp = hf_private_key_evp(key);
    unsigned char *octets = NULL;
    int len = -1;
    X509_REQ *req;

    if (err != HF_OK)
        return err;
    req = X509_REQ_new();
    if (req != NULL && X509_REQ_set_version(req, X509_REQ_VERSION_1) == 1 &&
        set_public_key(req, evp) && add_extensions(req, names, must_staple) &&
        X509_REQ_sign(req, evp, digest_for(key)) > 0)
        len = i2d_X509_REQ(req, &octets);
    X509_REQ_free(req);
    if (len <= 0)
        return hf_evp_failed(why);
    hf_buf_put(der, (struct hf_span){(char *)octets, (size_t)len});
    OPENSSL_free(octets);
    if (der->full)
        return hf_fail(why, HF_ELIMIT, 0, "no room for a request");
    return HF_OK;
}
