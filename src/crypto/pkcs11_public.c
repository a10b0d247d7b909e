/* SPDX-License-Identifier: Apache-2.0 */
#include <openssl/core_names.h>

#include "crypto/evp_key.h"
#include "crypto/pkcs11_token.h"

/* DER of the curves' object identifiers: RFC 5480, RFC 8410. */
const struct hf_span hf_pkcs11_p256 =
    HF_SPAN_INIT("\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07");
const struct hf_span hf_pkcs11_p384 =
    HF_SPAN_INIT("\x06\x05\x2b\x81\x04\x00\x22");
const struct hf_span hf_pkcs11_ed25519 = HF_SPAN_INIT("\x06\x03\x2b\x65\x70");

/* The public object with the key's id; the private one itself may do. */
static CK_OBJECT_HANDLE public_object(const struct hf_pkcs11_token *token)
{
    CK_OBJECT_CLASS class = CKO_PUBLIC_KEY;
    CK_OBJECT_HANDLE found = token->key;
    CK_ATTRIBUTE wanted[2] = {{CKA_CLASS, &class, sizeof(class)}};
    struct hf_pkcs11_octets id;

    if (hf_pkcs11_get(token, token->key, CKA_ID, &id)) {
        wanted[1] = (CK_ATTRIBUTE){CKA_ID, id.data, id.len};
        (void)hf_pkcs11_find(token, wanted, 2, &found);
    }
    return found;
}

/* EC_POINT is an OCTET STRING in DER around the point (PKCS #11 v2.40,
 * 2.3.3); some tokens leave the wrapping out. */
static struct hf_span unwrap(const struct hf_pkcs11_octets *octets, size_t size)
{
    const unsigned char *data = octets->data;
    size_t len = octets->len;

    if (len == size + 2 && data[0] == 0x04 && data[1] == size) {
        data += 2;
        len -= 2;
    }
    return (struct hf_span){(const char *)data, len};
}

static bool is_curve(const struct hf_pkcs11_octets *params,
                     struct hf_span curve)
{
    return hf_span_eq((struct hf_span){(const char *)params->data, params->len},
                      curve);
}

static EVP_PKEY *read_ec(const struct hf_pkcs11_token *token,
                         CK_OBJECT_HANDLE object)
{
    struct hf_pkcs11_octets params;
    struct hf_pkcs11_octets point;

    if (!hf_pkcs11_get(token, object, CKA_EC_PARAMS, &params) ||
        !hf_pkcs11_get(token, object, CKA_EC_POINT, &point))
        return NULL;
    if (is_curve(&params, hf_pkcs11_p256))
        return hf_evp_from_point("prime256v1", unwrap(&point, 65), NULL);
    if (is_curve(&params, hf_pkcs11_p384))
        return hf_evp_from_point("secp384r1", unwrap(&point, 97), NULL);
    return NULL;
}

/* Ed448 would have 57 octets. */
static EVP_PKEY *read_edwards(const struct hf_pkcs11_token *token,
                              CK_OBJECT_HANDLE object)
{
    struct hf_pkcs11_octets point;
    struct hf_span raw;

    if (!hf_pkcs11_get(token, object, CKA_EC_POINT, &point))
        return NULL;
    raw = unwrap(&point, 32);
    if (raw.len != 32)
        return NULL;
    return EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL,
                                       (const unsigned char *)raw.ptr, 32);
}

static EVP_PKEY *read_rsa(const struct hf_pkcs11_token *token,
                          CK_OBJECT_HANDLE object)
{
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    EVP_PKEY *key = NULL;
    struct hf_pkcs11_octets n;
    struct hf_pkcs11_octets e;
    BIGNUM *modulus = NULL;
    BIGNUM *exponent = NULL;

    if (hf_pkcs11_get(token, object, CKA_MODULUS, &n) &&
        hf_pkcs11_get(token, object, CKA_PUBLIC_EXPONENT, &e)) {
        modulus = BN_bin2bn(n.data, (int)n.len, NULL);
        exponent = BN_bin2bn(e.data, (int)e.len, NULL);
    }
    if (build != NULL && modulus != NULL && exponent != NULL &&
        OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, modulus) == 1 &&
        OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, exponent) == 1)
        key = hf_evp_from_params("RSA", EVP_PKEY_PUBLIC_KEY, build);
    BN_free(modulus);
    BN_free(exponent);
    OSSL_PARAM_BLD_free(build);
    return key;
}

EVP_PKEY *hf_pkcs11_read_public(const struct hf_pkcs11_token *token)
{
    CK_OBJECT_HANDLE object = public_object(token);
    CK_KEY_TYPE type = CKK_VENDOR_DEFINED;
    CK_ATTRIBUTE attribute = {CKA_KEY_TYPE, &type, sizeof(type)};

    if (token->module->C_GetAttributeValue(token->session, token->key,
                                           &attribute, 1) != CKR_OK)
        return NULL;
    if (type == CKK_EC)
        return read_ec(token, object);
    if (type == CKK_EC_EDWARDS)
        return read_edwards(token, object);
    return type == CKK_RSA ? read_rsa(token, object) : NULL;
}
