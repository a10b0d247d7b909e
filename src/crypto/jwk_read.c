/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/jwk_read.h"

#include <jansson.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/param_build.h>

#include "base/base64.h"
#include "crypto/evp_key.h"
#include "crypto/rsa_factors.h"

#define PRIVATE_NUMBER_MAX 512 /* octets: RSA of 4096 bits */

static const char no_public_half[] =
    "the numbers of this JWK make no public key (RFC 7518 6: base64url "
    "without padding, full length, a point on the curve)";
static const char no_private_half[] =
    "this JWK holds a public key only: its private member \"d\" is missing";

/* ---- members ---- */

struct octets {
    size_t len;
    unsigned char data[HF_KEY_NUMBER_MAX];
};

static struct hf_span text_of(json_t *jwk, const char *member)
{
    json_t *value = json_object_get(jwk, member);

    return (struct hf_span){json_string_value(value),
                            json_string_length(value)};
}

static bool member_is(json_t *jwk, const char *member, struct hf_span text)
{
    struct hf_span value = text_of(jwk, member);

    return value.ptr != NULL && hf_span_eq(value, text);
}

/* A base64url member. A number has no zero octet in front (RFC 7518, 2). */
static bool take_octets(json_t *jwk, const char *member, size_t size,
                        struct octets *out)
{
    struct hf_span text = text_of(jwk, member);

    if (text.len == 0 || text.len > HF_BASE64URL_LEN(HF_KEY_NUMBER_MAX) ||
        !hf_base64url_decode(text, out->data))
        return false;
    out->len = text.len * 3 / 4;
    return size == 0 ? out->data[0] != 0 : out->len == size;
}

/* A number of at most `max` octets; NULL when there is none. Secret ones are
 * wiped by whoever frees them, also OpenSSL in its copies. */
static BIGNUM *take_number(json_t *jwk, const char *member, size_t size,
                           size_t max, BIGNUM *to)
{
    struct octets octets = {0};
    BIGNUM *number = NULL;

    if (to != NULL && take_octets(jwk, member, size, &octets) &&
        octets.len <= max)
        number = BN_bin2bn(octets.data, (int)octets.len, to);
    OPENSSL_cleanse(&octets, sizeof(octets));
    if (number == NULL)
        BN_clear_free(to);
    return number;
}

/* Overwrite what the JSON parser keeps of the private members. They are ours
 * to change: the object is freed next. */
static void wipe_members(json_t *jwk)
{
    const char *name;
    json_t *value;

    json_object_foreach(jwk, name, value)
    {
        const char *text = json_string_value(value);

        if (text != NULL)
            OPENSSL_cleanse((void *)(uintptr_t)text, json_string_length(value));
    }
}

/* ---- keys out of numbers ---- */

static EVP_PKEY *rsa_public(json_t *jwk)
{
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    BIGNUM *n = take_number(jwk, "n", 0, HF_KEY_NUMBER_MAX, BN_new());
    BIGNUM *e = take_number(jwk, "e", 0, HF_KEY_NUMBER_MAX, BN_new());
    EVP_PKEY *key = NULL;

    if (build != NULL && n != NULL && e != NULL &&
        OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, n) == 1 &&
        OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, e) == 1)
        key = hf_evp_from_params("RSA", EVP_PKEY_PUBLIC_KEY, build);
    BN_free(n);
    BN_free(e);
    OSSL_PARAM_BLD_free(build);
    return key;
}

static bool push_factors(OSSL_PARAM_BLD *build, const struct hf_rsa_factors *f)
{
    return OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_FACTOR1, f->p) &&
           OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_FACTOR2, f->q) &&
           OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_EXPONENT1,
                                  f->dp) &&
           OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_EXPONENT2,
                                  f->dq) &&
           OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_COEFFICIENT1,
                                  f->qi);
}

static EVP_PKEY *rsa_private(json_t *jwk)
{
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    BIGNUM *n = take_number(jwk, "n", 0, PRIVATE_NUMBER_MAX, BN_new());
    BIGNUM *e = take_number(jwk, "e", 0, PRIVATE_NUMBER_MAX, BN_new());
    BIGNUM *d = take_number(jwk, "d", 0, PRIVATE_NUMBER_MAX, BN_secure_new());
    struct hf_rsa_factors factors = {0};
    EVP_PKEY *key = NULL;

    if (build != NULL && n != NULL && e != NULL && d != NULL &&
        hf_rsa_factors_find(n, e, d, &factors) &&
        OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, n) == 1 &&
        OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, e) == 1 &&
        OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_D, d) == 1 &&
        push_factors(build, &factors))
        key = hf_evp_from_params("RSA", EVP_PKEY_KEYPAIR, build);
    hf_rsa_factors_clear(&factors);
    BN_free(n);
    BN_free(e);
    BN_clear_free(d);
    OSSL_PARAM_BLD_free(build);
    return key;
}

/* With `d` NULL the public half only. OpenSSL refuses a point that is not on
 * the curve. */
static EVP_PKEY *ec_key(json_t *jwk, const struct hf_curve *curve,
                        const BIGNUM *d)
{
    unsigned char point[1 + 2 * 66] = {POINT_CONVERSION_UNCOMPRESSED};
    struct octets octets;

    if (!take_octets(jwk, "x", curve->size, &octets))
        return NULL;
    memcpy(point + 1, octets.data, curve->size);
    if (!take_octets(jwk, "y", curve->size, &octets))
        return NULL;
    memcpy(point + 1 + curve->size, octets.data, curve->size);
    return hf_evp_from_point(
        curve->group, (struct hf_span){(char *)point, 1 + 2 * curve->size}, d);
}

static EVP_PKEY *ec_private(json_t *jwk, const struct hf_curve *curve)
{
    BIGNUM *d =
        take_number(jwk, "d", curve->size, curve->size, BN_secure_new());
    EVP_PKEY *key = d == NULL ? NULL : ec_key(jwk, curve, d);

    BN_clear_free(d);
    return key;
}

static EVP_PKEY *okp_public(json_t *jwk)
{
    struct octets octets;

    if (!take_octets(jwk, "x", 32, &octets))
        return NULL;
    return EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, octets.data,
                                       octets.len);
}

static EVP_PKEY *okp_private(json_t *jwk)
{
    EVP_PKEY *public_half = okp_public(jwk);
    struct octets octets = {0};
    EVP_PKEY *key = NULL;

    if (public_half != NULL && take_octets(jwk, "d", 32, &octets))
        key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, octets.data,
                                           octets.len);
    OPENSSL_cleanse(&octets, sizeof(octets));
    if (key != NULL && EVP_PKEY_eq(key, public_half) != 1) {
        EVP_PKEY_free(key);
        key = NULL;
    }
    EVP_PKEY_free(public_half);
    return key;
}

/* ---- the two doors ---- */

enum family { FAMILY_NONE, FAMILY_RSA, FAMILY_EC, FAMILY_OKP };

static enum family family_of(json_t *jwk, const struct hf_curve **curve)
{
    if (member_is(jwk, "kty", HF_SPAN("RSA")))
        return FAMILY_RSA;
    if (member_is(jwk, "kty", HF_SPAN("OKP")) &&
        member_is(jwk, "crv", HF_SPAN("Ed25519")))
        return FAMILY_OKP;
    if (!member_is(jwk, "kty", HF_SPAN("EC")))
        return FAMILY_NONE;
    *curve = hf_curve_find(text_of(jwk, "crv"));
    return *curve == NULL ? FAMILY_NONE : FAMILY_EC;
}

static enum hf_err parse(struct hf_span text, json_t **out, const char *says,
                         struct hf_why *why)
{
    json_error_t wrong;

    if (text.len > HF_JWK_TEXT_MAX)
        return hf_fail(why, HF_ELIMIT, 0, "too long for a JWK");
    *out = json_loadb(text.ptr, text.len, JSON_REJECT_DUPLICATES, &wrong);
    if (json_is_object(*out))
        return HF_OK;
    json_decref(*out);
    return hf_fail(why, HF_ESYNTAX, 0, says);
}

enum hf_err hf_jwk_read_public(struct hf_span text, EVP_PKEY **out,
                               struct hf_why *why)
{
    const struct hf_curve *curve = NULL;
    enum family family;
    EVP_PKEY *key = NULL;
    bool private_half;
    json_t *jwk = NULL;
    enum hf_err err =
        parse(text, &jwk,
              "no public key: neither PEM (-----BEGIN PUBLIC KEY-----) nor a "
              "JWK object",
              why);

    if (err != HF_OK)
        return err;
    private_half =
        json_object_get(jwk, "d") != NULL || json_object_get(jwk, "k") != NULL;
    family = family_of(jwk, &curve);
    if (private_half)
        wipe_members(jwk);
    else if (family == FAMILY_RSA)
        key = rsa_public(jwk);
    else if (family == FAMILY_EC)
        key = ec_key(jwk, curve, NULL);
    else if (family == FAMILY_OKP)
        key = okp_public(jwk);
    json_decref(jwk);
    ERR_clear_error();
    if (key == NULL)
        return hf_fail(why, HF_EINVAL, 0,
                       private_half            ? hf_key_is_private
                       : family == FAMILY_NONE ? hf_key_is_unknown
                                               : no_public_half);
    *out = key;
    return HF_OK;
}

enum hf_err hf_jwk_read_private(struct hf_span text, EVP_PKEY **out,
                                struct hf_why *why)
{
    const struct hf_curve *curve = NULL;
    enum family family;
    EVP_PKEY *key = NULL;
    bool private_half;
    json_t *jwk = NULL;
    enum hf_err err =
        parse(text, &jwk, "no private key: not a JWK object", why);

    if (err != HF_OK)
        return err;
    private_half = json_object_get(jwk, "d") != NULL;
    family = family_of(jwk, &curve);
    if (private_half && family == FAMILY_RSA)
        key = rsa_private(jwk);
    else if (private_half && family == FAMILY_EC)
        key = ec_private(jwk, curve);
    else if (private_half && family == FAMILY_OKP)
        key = okp_private(jwk);
    wipe_members(jwk);
    json_decref(jwk);
    ERR_clear_error();
    if (key == NULL)
        return hf_fail(why, HF_EINVAL, 0,
                       family == FAMILY_NONE ? hf_key_is_unknown
                       : !private_half       ? no_private_half
                                             : "the numbers of this JWK make "
                                               "no private key");
    *out = key;
    return HF_OK;
}
