/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/evp_key.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>

#include "base/base64.h"

#define RSA_BITS_MIN 2048
#define JSON_MAX     (2 * HF_BASE64URL_LEN(HF_KEY_NUMBER_MAX) + 64)

const char hf_key_is_private[] =
    "this is a private key, and only its public half is wanted: make it with "
    "'openssl pkey -in FILE -pubout', or leave \"d\" out of the JWK";
const char hf_key_is_unknown[] =
    "ACME accounts have RSA (2048 bits and more), P-256, P-384, P-521 or "
    "Ed25519 keys; this is none of them";

static const struct hf_curve curves[] = {
    {"P-256", "prime256v1", 32},
    {"P-384", "secp384r1", 48},
    {"P-521", "secp521r1", 66},
};

#define CURVE_COUNT (sizeof(curves) / sizeof(curves[0]))

const struct hf_curve *hf_curve_find(struct hf_span crv)
{
    for (size_t i = 0; i < CURVE_COUNT; i++)
        if (hf_span_eq(hf_span_str(curves[i].crv), crv))
            return &curves[i];
    return NULL;
}

const struct hf_curve *hf_curve_of(const EVP_PKEY *key)
{
    char group[32];

    if (EVP_PKEY_get_group_name(key, group, sizeof(group), NULL) != 1)
        return NULL;
    for (size_t i = 0; i < CURVE_COUNT; i++)
        if (strcmp(curves[i].group, group) == 0)
            return &curves[i];
    return NULL;
}

enum hf_err hf_evp_failed(struct hf_why *why)
{
    ERR_clear_error();
    return hf_fail(why, HF_ECRYPTO, 0, "OpenSSL cannot work on this key");
}

/* ---- kinds ---- */

static enum hf_err kind_of_rsa(const EVP_PKEY *key, enum hf_key_kind *out,
                               struct hf_why *why)
{
    int bits = EVP_PKEY_get_bits(key);

    if (bits == 2048)
        *out = HF_KEY_RSA2048;
    else if (bits == 3072)
        *out = HF_KEY_RSA3072;
    else if (bits == 4096)
        *out = HF_KEY_RSA4096;
    else if (bits < RSA_BITS_MIN)
        return hf_fail(why, HF_EINVAL, 0,
                       "this RSA key has less than 2048 bits, which no CA "
                       "takes any more");
    else
        return hf_fail(why, HF_EINVAL, 0,
                       "RSA keys have 2048, 3072 or 4096 bits: public CAs "
                       "take no other sizes");
    return HF_OK;
}

enum hf_err hf_evp_kind(const EVP_PKEY *key, enum hf_key_kind *out,
                        struct hf_why *why)
{
    const struct hf_curve *curve;

    if (EVP_PKEY_is_a(key, "RSA"))
        return kind_of_rsa(key, out, why);
    if (EVP_PKEY_is_a(key, "ED25519")) {
        *out = HF_KEY_ED25519;
        return HF_OK;
    }
    if (!EVP_PKEY_is_a(key, "EC"))
        return hf_fail(why, HF_EINVAL, 0,
                       "a key that ACME has no use for (DSA, X25519, Ed448, "
                       "...): it takes RSA, P-256, P-384 and Ed25519");
    curve = hf_curve_of(key);
    if (curve == &curves[0])
        *out = HF_KEY_P256;
    else if (curve == &curves[1])
        *out = HF_KEY_P384;
    else
        return hf_fail(why, HF_EINVAL, 0,
                       "an EC key on a curve other than P-256 and P-384, "
                       "which public CAs do not take");
    return HF_OK;
}

EVP_PKEY *hf_evp_from_params(const char *kind, int half, OSSL_PARAM_BLD *build)
{
    OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(build);
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, kind, NULL);
    EVP_PKEY *key = NULL;

    if (params == NULL || ctx == NULL || EVP_PKEY_fromdata_init(ctx) != 1 ||
        EVP_PKEY_fromdata(ctx, &key, half, params) != 1)
        key = NULL;
    EVP_PKEY_CTX_free(ctx);
    OSSL_PARAM_free(params);
    return key;
}

EVP_PKEY *hf_evp_from_point(const char *group, struct hf_span point,
                            const BIGNUM *secret)
{
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    EVP_PKEY *key = NULL;

    if (build != NULL &&
        OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME,
                                        group, 0) == 1 &&
        OSSL_PARAM_BLD_push_octet_string(build, OSSL_PKEY_PARAM_PUB_KEY,
                                         point.ptr, point.len) == 1 &&
        (secret == NULL ||
         OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_PRIV_KEY, secret) == 1))
        key = hf_evp_from_params(
            "EC", secret == NULL ? EVP_PKEY_PUBLIC_KEY : EVP_PKEY_KEYPAIR,
            build);
    OSSL_PARAM_BLD_free(build);
    return key;
}

/* ---- canonical JWK ---- */

void hf_evp_put_octets(struct hf_buf *out, struct hf_span octets)
{
    char *to = hf_buf_reserve(out, HF_BASE64URL_LEN(octets.len));

    if (to == NULL)
        return;
    hf_base64url(octets, to);
    out->len += HF_BASE64URL_LEN(octets.len);
}

bool hf_evp_put_number(struct hf_buf *out, const EVP_PKEY *key,
                       const char *name, size_t size)
{
    unsigned char octets[HF_KEY_NUMBER_MAX];
    BIGNUM *number = NULL;
    int len = -1;

    if (EVP_PKEY_get_bn_param(key, name, &number) == 1) {
        int want = size == 0 ? BN_num_bytes(number) : (int)size;

        if (want <= HF_KEY_NUMBER_MAX)
            len = BN_bn2binpad(number, octets, want);
    }
    BN_clear_free(number);
    if (len <= 0)
        return false;
    hf_evp_put_octets(out, (struct hf_span){(char *)octets, (size_t)len});
    OPENSSL_cleanse(octets, (size_t)len);
    return true;
}

static bool put_rsa(struct hf_buf *json, const EVP_PKEY *key)
{
    bool good;

    hf_buf_puts(json, "{\"e\":\"");
    good = hf_evp_put_number(json, key, OSSL_PKEY_PARAM_RSA_E, 0);
    hf_buf_puts(json, "\",\"kty\":\"RSA\",\"n\":\"");
    good = good && hf_evp_put_number(json, key, OSSL_PKEY_PARAM_RSA_N, 0);
    hf_buf_puts(json, "\"}");
    return good;
}

static bool put_ec(struct hf_buf *json, const EVP_PKEY *key,
                   const struct hf_curve *curve)
{
    bool good;

    hf_buf_puts(json, "{\"crv\":\"");
    hf_buf_puts(json, curve->crv);
    hf_buf_puts(json, "\",\"kty\":\"EC\",\"x\":\"");
    good = hf_evp_put_number(json, key, OSSL_PKEY_PARAM_EC_PUB_X, curve->size);
    hf_buf_puts(json, "\",\"y\":\"");
    good = good &&
           hf_evp_put_number(json, key, OSSL_PKEY_PARAM_EC_PUB_Y, curve->size);
    hf_buf_puts(json, "\"}");
    return good;
}

static bool put_ed25519(struct hf_buf *json, const EVP_PKEY *key)
{
    unsigned char octets[32];
    size_t len = sizeof(octets);

    if (EVP_PKEY_get_raw_public_key(key, octets, &len) != 1)
        return false;
    hf_buf_puts(json, "{\"crv\":\"Ed25519\",\"kty\":\"OKP\",\"x\":\"");
    hf_evp_put_octets(json, (struct hf_span){(char *)octets, len});
    hf_buf_puts(json, "\"}");
    return true;
}

enum hf_err hf_evp_put_jwk(struct hf_buf *out, const EVP_PKEY *key,
                           struct hf_why *why)
{
    const struct hf_curve *curve;
    bool good = false;

    if (EVP_PKEY_is_a(key, "RSA")) {
        if (EVP_PKEY_get_bits(key) < RSA_BITS_MIN)
            return hf_fail(why, HF_EINVAL, 0, hf_key_is_unknown);
        good = put_rsa(out, key);
    } else if (EVP_PKEY_is_a(key, "EC")) {
        curve = hf_curve_of(key);
        if (curve == NULL)
            return hf_fail(why, HF_EINVAL, 0, hf_key_is_unknown);
        good = put_ec(out, key, curve);
    } else if (EVP_PKEY_is_a(key, "ED25519")) {
        good = put_ed25519(out, key);
    } else {
        return hf_fail(why, HF_EINVAL, 0, hf_key_is_unknown);
    }
    return good && !out->full ? HF_OK : hf_evp_failed(why);
}

enum hf_err hf_evp_thumbprint(const EVP_PKEY *key, char *out,
                              struct hf_why *why)
{
    unsigned char digest[32];
    char room[JSON_MAX];
    struct hf_buf json;
    enum hf_err err;

    hf_buf_init(&json, room, sizeof(room));
    err = hf_evp_put_jwk(&json, key, why);
    if (err != HF_OK)
        return err;
    /* REQ RECORD-26: SHA-256, whatever algorithm the record has. */
    if (EVP_Digest(json.ptr, json.len, digest, NULL, EVP_sha256(), NULL) != 1)
        return hf_evp_failed(why);
    hf_base64url((struct hf_span){(const char *)digest, sizeof(digest)}, out);
    return HF_OK;
}

/* ---- the public half of a signer ---- */

static enum hf_sig_alg alg_of(enum hf_key_kind kind)
{
    switch (kind) {
    case HF_KEY_P256:
        return HF_ES256;
    case HF_KEY_P384:
        return HF_ES384;
    case HF_KEY_ED25519:
        return HF_EDDSA;
    case HF_KEY_RSA2048:
    case HF_KEY_RSA3072:
    case HF_KEY_RSA4096:
        return HF_RS256;
    }
    return HF_RS256;
}

enum hf_err hf_signer_describe(struct hf_signer *out, const EVP_PKEY *key,
                               struct hf_why *why)
{
    enum hf_key_kind kind;
    struct hf_buf jwk;
    enum hf_err err = hf_evp_kind(key, &kind, why);

    hf_buf_init(&jwk, out->jwk, sizeof(out->jwk));
    if (err == HF_OK)
        err = hf_evp_put_jwk(&jwk, key, why);
    if (err == HF_OK)
        err = hf_evp_thumbprint(key, out->thumbprint, why);
    if (err != HF_OK)
        return err;
    out->alg = alg_of(kind);
    out->jwk_len = jwk.len;
    return HF_OK;
}
