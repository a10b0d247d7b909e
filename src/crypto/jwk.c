/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/jwk.h"

#include <jansson.h>
#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>

#include "base/base64.h"

#define KEY_TEXT_MAX 65536
#define NUMBER_MAX   2048 /* octets: RSA of 16,384 bits */
#define RSA_BITS_MIN 2048
#define JSON_MAX     (2 * HF_BASE64URL_LEN(NUMBER_MAX) + 64)

static const char only_public[] =
    "this is a private key, and only its public half is wanted: make it with "
    "'openssl pkey -in FILE -pubout', or leave \"d\" out of the JWK";
static const char unknown_kind[] =
    "ACME accounts have RSA (2048 bits and more), P-256, P-384, P-521 or "
    "Ed25519 keys; this is none of them";
static const char no_key[] =
    "no public key: neither PEM (-----BEGIN PUBLIC KEY-----) nor a JWK object";

/* The curves by their names in JWK (RFC 7518, 6.2.1.1) and in OpenSSL. */
static const struct curve {
    const char *crv;
    const char *group;
    size_t size; /* octets of a coordinate */
} curves[] = {
    {"P-256", "prime256v1", 32},
    {"P-384", "secp384r1", 48},
    {"P-521", "secp521r1", 66},
};

#define CURVE_COUNT (sizeof(curves) / sizeof(curves[0]))

static enum hf_err fail_crypto(struct hf_why *why)
{
    ERR_clear_error();
    return hf_fail(why, HF_ECRYPTO, 0, "OpenSSL cannot work on this key");
}

/* ---- the thumbprint of a key that OpenSSL has ---- */

static void put_number(struct hf_buf *json, const unsigned char *octets,
                       size_t len)
{
    char *to = hf_buf_reserve(json, HF_BASE64URL_LEN(len));

    if (to == NULL)
        return;
    hf_base64url((struct hf_span){(const char *)octets, len}, to);
    json->len += HF_BASE64URL_LEN(len);
}

/* A parameter as `size` octets, or as many as it needs when `size` is 0. */
static bool put_param(struct hf_buf *json, const EVP_PKEY *key,
                      const char *name, size_t size)
{
    unsigned char octets[NUMBER_MAX];
    BIGNUM *number = NULL;
    int len = -1;

    if (EVP_PKEY_get_bn_param(key, name, &number) == 1) {
        int want = size == 0 ? BN_num_bytes(number) : (int)size;

        if (want <= NUMBER_MAX)
            len = BN_bn2binpad(number, octets, want);
    }
    BN_free(number);
    if (len <= 0)
        return false;
    put_number(json, octets, (size_t)len);
    return true;
}

/* RFC 7638, section 3.2: the required members, sorted, without blanks. */
static bool put_rsa(struct hf_buf *json, const EVP_PKEY *key)
{
    bool good;

    hf_buf_puts(json, "{\"e\":\"");
    good = put_param(json, key, OSSL_PKEY_PARAM_RSA_E, 0);
    hf_buf_puts(json, "\",\"kty\":\"RSA\",\"n\":\"");
    good = good && put_param(json, key, OSSL_PKEY_PARAM_RSA_N, 0);
    hf_buf_puts(json, "\"}");
    return good;
}

static bool put_ec(struct hf_buf *json, const EVP_PKEY *key,
                   const struct curve *curve)
{
    bool good;

    hf_buf_puts(json, "{\"crv\":\"");
    hf_buf_puts(json, curve->crv);
    hf_buf_puts(json, "\",\"kty\":\"EC\",\"x\":\"");
    good = put_param(json, key, OSSL_PKEY_PARAM_EC_PUB_X, curve->size);
    hf_buf_puts(json, "\",\"y\":\"");
    good = good && put_param(json, key, OSSL_PKEY_PARAM_EC_PUB_Y, curve->size);
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
    put_number(json, octets, len);
    hf_buf_puts(json, "\"}");
    return true;
}

static const struct curve *curve_of(const EVP_PKEY *key)
{
    char group[32];

    if (EVP_PKEY_get_group_name(key, group, sizeof(group), NULL) != 1)
        return NULL;
    for (size_t i = 0; i < CURVE_COUNT; i++)
        if (strcmp(curves[i].group, group) == 0)
            return &curves[i];
    return NULL;
}

static enum hf_err put_key(struct hf_buf *json, const EVP_PKEY *key,
                           struct hf_why *why)
{
    const struct curve *curve;
    bool good = false;

    if (EVP_PKEY_is_a(key, "RSA")) {
        if (EVP_PKEY_get_bits(key) < RSA_BITS_MIN)
            return hf_fail(why, HF_EINVAL, 0, unknown_kind);
        good = put_rsa(json, key);
    } else if (EVP_PKEY_is_a(key, "EC")) {
        curve = curve_of(key);
        if (curve == NULL)
            return hf_fail(why, HF_EINVAL, 0, unknown_kind);
        good = put_ec(json, key, curve);
    } else if (EVP_PKEY_is_a(key, "ED25519")) {
        good = put_ed25519(json, key);
    } else {
        return hf_fail(why, HF_EINVAL, 0, unknown_kind);
    }
    return good && !json->full ? HF_OK : fail_crypto(why);
}

static enum hf_err hash_key(const EVP_PKEY *key, char *out, struct hf_why *why)
{
    unsigned char digest[32];
    char room[JSON_MAX];
    struct hf_buf json;
    enum hf_err err;

    hf_buf_init(&json, room, sizeof(room));
    err = put_key(&json, key, why);
    if (err != HF_OK)
        return err;
    /* REQ RECORD-26: SHA-256, whatever algorithm the record has. */
    if (EVP_Digest(json.ptr, json.len, digest, NULL, EVP_sha256(), NULL) != 1)
        return fail_crypto(why);
    hf_base64url((struct hf_span){(const char *)digest, sizeof(digest)}, out);
    return HF_OK;
}

/* ---- a key out of a JWK ---- */

struct octets {
    size_t len;
    unsigned char data[NUMBER_MAX];
};

/* A base64url member. A number has no zero octet in front (RFC 7518, 2). */
static bool take_octets(json_t *jwk, const char *member, size_t size,
                        struct octets *out)
{
    json_t *value = json_object_get(jwk, member);
    struct hf_span text = {json_string_value(value), json_string_length(value)};

    if (text.len == 0 || text.len > HF_BASE64URL_LEN(NUMBER_MAX) ||
        !hf_base64url_decode(text, out->data))
        return false;
    out->len = text.len * 3 / 4;
    return size == 0 ? out->data[0] != 0 : out->len == size;
}

static EVP_PKEY *key_from_params(const char *kind, OSSL_PARAM_BLD *build)
{
    OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(build);
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, kind, NULL);
    EVP_PKEY *key = NULL;

    if (params == NULL || ctx == NULL || EVP_PKEY_fromdata_init(ctx) != 1 ||
        EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params) != 1)
        key = NULL;
    EVP_PKEY_CTX_free(ctx);
    OSSL_PARAM_free(params);
    return key;
}

static EVP_PKEY *rsa_from_jwk(json_t *jwk)
{
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    struct octets octets;
    BIGNUM *n = NULL;
    BIGNUM *e = NULL;
    EVP_PKEY *key = NULL;

    if (take_octets(jwk, "n", 0, &octets))
        n = BN_bin2bn(octets.data, (int)octets.len, NULL);
    if (take_octets(jwk, "e", 0, &octets))
        e = BN_bin2bn(octets.data, (int)octets.len, NULL);
    if (build != NULL && n != NULL && e != NULL &&
        OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, n) == 1 &&
        OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, e) == 1)
        key = key_from_params("RSA", build);
    BN_free(n);
    BN_free(e);
    OSSL_PARAM_BLD_free(build);
    return key;
}

/* OpenSSL refuses a point that is not on the curve. */
static EVP_PKEY *ec_from_jwk(json_t *jwk, const struct curve *curve)
{
    OSSL_PARAM_BLD *build;
    unsigned char point[1 + 2 * 66] = {POINT_CONVERSION_UNCOMPRESSED};
    struct octets octets;
    EVP_PKEY *key = NULL;

    if (!take_octets(jwk, "x", curve->size, &octets))
        return NULL;
    memcpy(point + 1, octets.data, curve->size);
    if (!take_octets(jwk, "y", curve->size, &octets))
        return NULL;
    memcpy(point + 1 + curve->size, octets.data, curve->size);
    build = OSSL_PARAM_BLD_new();
    if (build != NULL &&
        OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME,
                                        curve->group, 0) == 1 &&
        OSSL_PARAM_BLD_push_octet_string(build, OSSL_PKEY_PARAM_PUB_KEY, point,
                                         1 + 2 * curve->size) == 1)
        key = key_from_params("EC", build);
    OSSL_PARAM_BLD_free(build);
    return key;
}

static EVP_PKEY *okp_from_jwk(json_t *jwk)
{
    struct octets octets;

    if (!take_octets(jwk, "x", 32, &octets))
        return NULL;
    return EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, octets.data,
                                       octets.len);
}

static bool member_is(json_t *jwk, const char *member, const char *text)
{
    const char *value = json_string_value(json_object_get(jwk, member));

    return value != NULL && strcmp(value, text) == 0;
}

static enum hf_err key_from_jwk(json_t *jwk, EVP_PKEY **out, struct hf_why *why)
{
    const struct curve *curve = NULL;

    if (json_object_get(jwk, "d") != NULL || json_object_get(jwk, "k") != NULL)
        return hf_fail(why, HF_EINVAL, 0, only_public);
    for (size_t i = 0; i < CURVE_COUNT && member_is(jwk, "kty", "EC"); i++)
        if (member_is(jwk, "crv", curves[i].crv))
            curve = &curves[i];
    if (curve != NULL)
        *out = ec_from_jwk(jwk, curve);
    else if (member_is(jwk, "kty", "RSA"))
        *out = rsa_from_jwk(jwk);
    else if (member_is(jwk, "kty", "OKP") && member_is(jwk, "crv", "Ed25519"))
        *out = okp_from_jwk(jwk);
    else
        return hf_fail(why, HF_EINVAL, 0, unknown_kind);
    ERR_clear_error();
    if (*out == NULL)
        return hf_fail(why, HF_EINVAL, 0,
                       "the numbers of this JWK make no public key (RFC 7518 "
                       "6: base64url without padding, full length, a point "
                       "on the curve)");
    return HF_OK;
}

static enum hf_err read_jwk(struct hf_span text, EVP_PKEY **out,
                            struct hf_why *why)
{
    json_error_t wrong;
    json_t *jwk =
        json_loadb(text.ptr, text.len, JSON_REJECT_DUPLICATES, &wrong);
    enum hf_err err;

    if (jwk == NULL)
        return hf_fail(why, HF_ESYNTAX, 0, no_key);
    err = key_from_jwk(jwk, out, why);
    json_decref(jwk);
    return err;
}

/* ---- a key out of PEM ---- */

/* `word` somewhere in `text`, which need not end in NUL. */
static bool contains(struct hf_span text, struct hf_span word)
{
    return memmem(text.ptr, text.len, word.ptr, word.len) != NULL;
}

static enum hf_err read_pem(struct hf_span text, EVP_PKEY **out,
                            struct hf_why *why)
{
    BIO *bio;

    if (contains(text, HF_SPAN("PRIVATE KEY-----")))
        return hf_fail(why, HF_EINVAL, 0, only_public);
    if (!contains(text, HF_SPAN("PUBLIC KEY-----")))
        return hf_fail(why, HF_ESYNTAX, 0, no_key);
    bio = BIO_new_mem_buf(text.ptr, (int)text.len);
    if (bio == NULL)
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    *out = PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL);
    BIO_free(bio);
    ERR_clear_error();
    if (*out == NULL)
        return hf_fail(why, HF_ESYNTAX, 0,
                       "this PEM text holds no public key that can be read");
    return HF_OK;
}

enum hf_err hf_jwk_thumbprint(struct hf_span text, char *out,
                              struct hf_why *why)
{
    EVP_PKEY *key = NULL;
    struct hf_span rest = text;
    enum hf_err err;

    if (text.len > KEY_TEXT_MAX)
        return hf_fail(why, HF_ELIMIT, 0, "too long for a public key");
    while (hf_span_skip(&rest, ' ') || hf_span_skip(&rest, '\n') ||
           hf_span_skip(&rest, '\r') || hf_span_skip(&rest, '\t'))
        continue;
    if (rest.len > 0 && rest.ptr[0] == '{')
        err = read_jwk(rest, &key, why);
    else
        err = read_pem(rest, &key, why);
    if (err == HF_OK)
        err = hash_key(key, out, why);
    EVP_PKEY_free(key);
    return err;
}
