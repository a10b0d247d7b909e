/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/pkcs10.h"

#include <openssl/asn1t.h>

#include "crypto/der.h"
#include "crypto/evp_key.h"

/* clang-format off */
ASN1_SEQUENCE(hf_pkcs10_info) = {
    ASN1_SIMPLE(struct hf_pkcs10_info, version, ASN1_INTEGER),
    ASN1_SIMPLE(struct hf_pkcs10_info, subject, X509_NAME),
    ASN1_SIMPLE(struct hf_pkcs10_info, key, ASN1_SEQUENCE),
    /* Not OPTIONAL, but left out by some: as OpenSSL takes it. */
    ASN1_IMP_SET_OF_OPT(struct hf_pkcs10_info, attributes, X509_ATTRIBUTE, 0),
} static_ASN1_SEQUENCE_END_name(struct hf_pkcs10_info, hf_pkcs10_info)

ASN1_SEQUENCE(hf_pkcs10) = {
    ASN1_SIMPLE(struct hf_pkcs10, info, hf_pkcs10_info),
    ASN1_SIMPLE(struct hf_pkcs10, alg, X509_ALGOR),
    ASN1_SIMPLE(struct hf_pkcs10, signature, ASN1_BIT_STRING),
} static_ASN1_SEQUENCE_END_name(struct hf_pkcs10, hf_pkcs10)

struct hf_pkcs10 *hf_pkcs10_read(struct hf_span der)
{
    const unsigned char *at = (const unsigned char *)der.ptr;
    struct hf_pkcs10 *request = (struct hf_pkcs10 *)ASN1_item_d2i(
        NULL, &at, (long)der.len, ASN1_ITEM_rptr(hf_pkcs10));

    if (request != NULL && at != (const unsigned char *)der.ptr + der.len) {
        hf_pkcs10_free(request);
        request = NULL;
    }
    return request;
}
/* clang-format on */

void hf_pkcs10_free(struct hf_pkcs10 *request)
{
    ASN1_item_free((ASN1_VALUE *)request, ASN1_ITEM_rptr(hf_pkcs10));
}

/* ---- its key ---- */

/* What stands before the point of P-256 (RFC 5480, 2.1). */
static const char p256[] = "\x30\x59\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02"
                           "\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07\x03"
                           "\x42\x00";

#define P256_POINT 65

EVP_PKEY *hf_pkcs10_key(const struct hf_pkcs10 *request)
{
    const unsigned char *at = ASN1_STRING_get0_data(request->info->key);
    const struct hf_span head = {p256, sizeof(p256) - 1};
    struct hf_span spki = {(const char *)at,
                           (size_t)ASN1_STRING_length(request->info->key)};

    if (!hf_span_starts(spki, head) || spki.len != head.len + P256_POINT)
        return d2i_PUBKEY(NULL, &at, (long)spki.len);
    (void)hf_span_cut(&spki, head.len);
    return hf_evp_from_point("prime256v1", spki, NULL);
}

/* ---- its signature ---- */

static bool verifies(const struct hf_pkcs10 *request, struct hf_span data,
                     const char *digest, EVP_PKEY *key)
{
    const ASN1_BIT_STRING *signature = request->signature;
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool good =
        ctx != NULL &&
        EVP_DigestVerifyInit_ex(ctx, NULL, digest, NULL, NULL, key, NULL) ==
            1 &&
        EVP_DigestVerify(ctx, ASN1_STRING_get0_data(signature),
                         (size_t)ASN1_STRING_length(signature),
                         (const unsigned char *)data.ptr, data.len) == 1;

    EVP_MD_CTX_free(ctx);
    return good;
}

bool hf_pkcs10_is_signed_by(const struct hf_pkcs10 *request, struct hf_span der,
                            EVP_PKEY *key)
{
    struct hf_der_element whole;
    struct hf_der_element info;
    int digest = NID_undef;
    int kind = NID_undef;

    if (!hf_der_take(&der, &whole) || !hf_der_take(&whole.content, &info) ||
        OBJ_find_sigid_algs(OBJ_obj2nid(request->alg->algorithm), &digest,
                            &kind) != 1 ||
        kind != EVP_PKEY_get_base_id(key) ||
        (request->signature->flags & 0x07) != 0) /* bits that are left */
        return false;
    return verifies(request, info.whole,
                    digest == NID_undef ? NULL : OBJ_nid2sn(digest), key);
}

/* ---- what it asks for ---- */

static const ASN1_TYPE *extension_request(const STACK_OF(X509_ATTRIBUTE) *
                                          attributes)
{
    static const int names[] = {NID_ext_req, NID_ms_ext_req};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        int at = X509at_get_attr_by_NID(attributes, names[i], -1);

        if (at >= 0)
            return X509_ATTRIBUTE_get0_type(X509at_get_attr(attributes, at), 0);
    }
    return NULL;
}

STACK_OF(X509_EXTENSION) * hf_pkcs10_extensions(const struct hf_pkcs10 *request)
{
    const ASN1_TYPE *type = extension_request(request->info->attributes);
    const unsigned char *at;

    if (type == NULL || type->type != V_ASN1_SEQUENCE)
        return NULL;
    at = ASN1_STRING_get0_data(type->value.sequence);
    return d2i_X509_EXTENSIONS(NULL, &at,
                               ASN1_STRING_length(type->value.sequence));
}
