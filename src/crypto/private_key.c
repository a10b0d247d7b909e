/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/private_key.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/rsa.h>

#include "base/alloc.h"
#include "crypto/evp_key.h"
#include "crypto/jwk_read.h"

struct hf_private_key {
    EVP_PKEY *key;
    enum hf_key_kind kind;
};

static const char *const names[HF_KEY_KIND_COUNT] = {
    [HF_KEY_P256] = "p256",       [HF_KEY_P384] = "p384",
    [HF_KEY_ED25519] = "ed25519", [HF_KEY_RSA2048] = "rsa2048",
    [HF_KEY_RSA3072] = "rsa3072", [HF_KEY_RSA4096] = "rsa4096",
};

const char *hf_key_kind_name(enum hf_key_kind kind)
{
    return names[kind];
}

bool hf_key_kind_find(struct hf_span name, enum hf_key_kind *out)
{
    for (unsigned i = 0; i < HF_KEY_KIND_COUNT; i++) {
        if (!hf_span_eq(hf_span_str(names[i]), name))
            continue;
        *out = (enum hf_key_kind)i;
        return true;
    }
    return false;
}

/* ---- from OpenSSL's key to ours ---- */

EVP_PKEY *hf_private_key_evp(const struct hf_private_key *key)
{
    return key->key;
}

static enum hf_err wrap(EVP_PKEY *key, enum hf_key_kind kind,
                        struct hf_private_key **out, struct hf_why *why)
{
    struct hf_private_key *made = hf_alloc(1, sizeof(*made));

    if (made == NULL) {
        EVP_PKEY_free(key);
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    }
    *made = (struct hf_private_key){.key = key, .kind = kind};
    *out = made;
    return HF_OK;
}

/* On a curve, the public half follows from the private one. */
static bool is_pair(EVP_PKEY *key)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
    bool pair = ctx != NULL && EVP_PKEY_pairwise_check(ctx) == 1;

    EVP_PKEY_CTX_free(ctx);
    return pair;
}

/* Of RSA that would look for primes: what one half signs, the other takes. */
static bool signs_and_verifies(EVP_PKEY *key)
{
    static const unsigned char text[] = "holdfast";
    unsigned char signature[HF_KEY_NUMBER_MAX];
    size_t len = sizeof(signature);
    EVP_MD_CTX *sign = EVP_MD_CTX_new();
    EVP_MD_CTX *verify = EVP_MD_CTX_new();
    bool fit =
        sign != NULL && verify != NULL &&
        EVP_DigestSignInit(sign, NULL, EVP_sha256(), NULL, key) == 1 &&
        EVP_DigestSign(sign, signature, &len, text, sizeof(text)) == 1 &&
        EVP_DigestVerifyInit(verify, NULL, EVP_sha256(), NULL, key) == 1 &&
        EVP_DigestVerify(verify, signature, len, text, sizeof(text)) == 1;

    EVP_MD_CTX_free(sign);
    EVP_MD_CTX_free(verify);
    return fit;
}

static bool halves_fit(EVP_PKEY *key)
{
    bool fit = EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA
                   ? signs_and_verifies(key)
                   : is_pair(key);

    ERR_clear_error();
    return fit;
}

enum hf_err hf_private_key_adopt(EVP_PKEY *key, struct hf_private_key **out,
                                 struct hf_why *why)
{
    enum hf_key_kind kind;
    enum hf_err err = hf_evp_kind(key, &kind, why);

    if (err == HF_OK && !halves_fit(key))
        err = hf_fail(why, HF_EINVAL, 0,
                      "the private half of this key does not fit its public "
                      "half");
    if (err == HF_OK)
        return wrap(key, kind, out, why);
    EVP_PKEY_free(key);
    return err;
}

/* ---- making ---- */

static EVP_PKEY *generate(enum hf_key_kind kind)
{
    switch (kind) {
    case HF_KEY_P256:
        return EVP_EC_gen("prime256v1");
    case HF_KEY_P384:
        return EVP_EC_gen("secp384r1");
    case HF_KEY_ED25519:
        return EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    case HF_KEY_RSA2048:
        return EVP_RSA_gen(2048);
    case HF_KEY_RSA3072:
        return EVP_RSA_gen(3072);
    case HF_KEY_RSA4096:
        return EVP_RSA_gen(4096);
    }
    return NULL;
}

enum hf_err hf_private_key_generate(enum hf_key_kind kind,
                                    struct hf_private_key **out,
                                    struct hf_why *why)
{
    EVP_PKEY *key = generate(kind);

    ERR_clear_error();
    if (key == NULL)
        return hf_fail(why, HF_ECRYPTO, 0,
                       "OpenSSL makes no key of this kind on this machine");
    return wrap(key, kind, out, why);
}

void hf_private_key_free(struct hf_private_key *key)
{
    if (key == NULL)
        return;
    EVP_PKEY_free(key->key); /* wipes */
    hf_free(key);
}

enum hf_err hf_private_key_warm_up(struct hf_why *why)
{
    struct hf_private_key *unused = NULL;
    enum hf_err err = hf_private_key_generate(HF_KEY_P256, &unused, why);

    hf_private_key_free(unused);
    return err;
}

enum hf_key_kind hf_private_key_kind(const struct hf_private_key *key)
{
    return key->kind;
}

/* ---- JWK ---- */

enum hf_err hf_private_key_from_jwk(struct hf_span json,
                                    struct hf_private_key **out,
                                    struct hf_why *why)
{
    EVP_PKEY *key = NULL;
    enum hf_err err = hf_jwk_read_private(json, &key, why);

    return err == HF_OK ? hf_private_key_adopt(key, out, why) : err;
}

static void put_name(struct hf_buf *json, const char *member)
{
    hf_buf_puts(json, ",\"");
    hf_buf_puts(json, member);
    hf_buf_puts(json, "\":\"");
}

static bool put_secret(struct hf_buf *json, const EVP_PKEY *key,
                       const char *member, const char *name, size_t size)
{
    bool good;

    put_name(json, member);
    good = hf_evp_put_number(json, key, name, size);
    hf_buf_putc(json, '"');
    return good;
}

/* RFC 7518, 6.3.2. */
static bool put_rsa_secrets(struct hf_buf *json, const EVP_PKEY *key)
{
    return put_secret(json, key, "d", OSSL_PKEY_PARAM_RSA_D, 0) &&
           put_secret(json, key, "p", OSSL_PKEY_PARAM_RSA_FACTOR1, 0) &&
           put_secret(json, key, "q", OSSL_PKEY_PARAM_RSA_FACTOR2, 0) &&
           put_secret(json, key, "dp", OSSL_PKEY_PARAM_RSA_EXPONENT1, 0) &&
           put_secret(json, key, "dq", OSSL_PKEY_PARAM_RSA_EXPONENT2, 0) &&
           put_secret(json, key, "qi", OSSL_PKEY_PARAM_RSA_COEFFICIENT1, 0);
}

static bool put_okp_secret(struct hf_buf *json, const EVP_PKEY *key)
{
    unsigned char octets[32];
    size_t len = sizeof(octets);
    bool good = EVP_PKEY_get_raw_private_key(key, octets, &len) == 1;

    put_name(json, "d");
    if (good)
        hf_evp_put_octets(json, (struct hf_span){(char *)octets, len});
    hf_buf_putc(json, '"');
    OPENSSL_cleanse(octets, sizeof(octets));
    return good;
}

static bool put_secrets(struct hf_buf *json, const struct hf_private_key *key)
{
    switch (key->kind) {
    case HF_KEY_P256:
        return put_secret(json, key->key, "d", OSSL_PKEY_PARAM_PRIV_KEY, 32);
    case HF_KEY_P384:
        return put_secret(json, key->key, "d", OSSL_PKEY_PARAM_PRIV_KEY, 48);
    case HF_KEY_ED25519:
        return put_okp_secret(json, key->key);
    case HF_KEY_RSA2048:
    case HF_KEY_RSA3072:
    case HF_KEY_RSA4096:
        return put_rsa_secrets(json, key->key);
    }
    return false;
}

enum hf_err hf_private_key_to_jwk(const struct hf_private_key *key,
                                  struct hf_buf *json, struct hf_why *why)
{
    char room[HF_PRIVATE_JWK_MAX];
    struct hf_buf text;
    enum hf_err err;

    hf_buf_init(&text, room, sizeof(room));
    err = hf_evp_put_jwk(&text, key->key, why);
    if (err == HF_OK) {
        text.len--; /* the brace comes behind the private members */
        if (!put_secrets(&text, key))
            err = hf_evp_failed(why);
        hf_buf_putc(&text, '}');
    }
    if (err == HF_OK && text.full)
        err = hf_evp_failed(why);
    if (err == HF_OK)
        hf_buf_put(json, hf_buf_span(&text));
    hf_buf_clear_wiped(&text);
    if (err == HF_OK && json->full)
        err = hf_fail(why, HF_ELIMIT, 0, "no room for a private JWK");
    return err;
}
