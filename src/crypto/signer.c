/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/signer.h"

#include <openssl/ecdsa.h>
#include <openssl/err.h>

#include "base/alloc.h"
#include "crypto/evp_key.h"

/* What the algorithms are: digest, and octets of r for ECDSA. */
static const struct {
    const char *name;
    const char *digest; /* NULL: inside the algorithm */
    int half;
} algs[HF_SIG_ALG_COUNT] = {
    [HF_ES256] = {"ES256", "SHA256", 32},
    [HF_ES384] = {"ES384", "SHA384", 48},
    [HF_EDDSA] = {"EdDSA", NULL, 0},
    [HF_RS256] = {"RS256", "SHA256", 0},
};

const char *hf_sig_alg_name(enum hf_sig_alg alg)
{
    return algs[alg].name;
}

bool hf_sig_alg_find(struct hf_span name, enum hf_sig_alg *out)
{
    for (unsigned i = 0; i < HF_SIG_ALG_COUNT; i++) {
        if (!hf_span_eq(hf_span_str(algs[i].name), name))
            continue;
        *out = (enum hf_sig_alg)i;
        return true;
    }
    return false;
}

void hf_signer_clear(struct hf_signer *signer)
{
    if (signer->free != NULL)
        signer->free(signer->state);
    *signer = (struct hf_signer){0};
}

/* ---- a key in memory ---- */

struct state {
    EVP_PKEY *key;
    enum hf_sig_alg alg;
};

/* RFC 7518, 3.4: r and s in full length, where OpenSSL writes DER. */
static size_t join_halves(unsigned char *octets, size_t len, int half)
{
    const unsigned char *at = octets;
    ECDSA_SIG *pair = d2i_ECDSA_SIG(NULL, &at, (long)len);
    bool good =
        pair != NULL &&
        BN_bn2binpad(ECDSA_SIG_get0_r(pair), octets, half) == half &&
        BN_bn2binpad(ECDSA_SIG_get0_s(pair), octets + half, half) == half;

    ECDSA_SIG_free(pair);
    return good ? 2 * (size_t)half : 0;
}

static enum hf_err sign(void *opaque, struct hf_span data, struct hf_buf *out,
                        struct hf_why *why)
{
    const struct state *state = opaque;
    unsigned char octets[HF_SIGNATURE_MAX];
    size_t len = sizeof(octets);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool good = ctx != NULL &&
                EVP_DigestSignInit_ex(ctx, NULL, algs[state->alg].digest, NULL,
                                      NULL, state->key, NULL) == 1 &&
                EVP_DigestSign(ctx, octets, &len,
                               (const unsigned char *)data.ptr, data.len) == 1;

    EVP_MD_CTX_free(ctx);
    if (good && algs[state->alg].half > 0)
        len = join_halves(octets, len, algs[state->alg].half);
    if (!good || len == 0)
        return hf_evp_failed(why);
    hf_buf_put(out, (struct hf_span){(char *)octets, len});
    if (out->full)
        return hf_fail(why, HF_ELIMIT, 0, "no room for a signature");
    return HF_OK;
}

static void release(void *opaque)
{
    struct state *state = opaque;

    EVP_PKEY_free(state->key);
    hf_free(state);
}

enum hf_err hf_private_key_signer(const struct hf_private_key *key,
                                  struct hf_signer *out, struct hf_why *why)
{
    struct hf_signer made = {.sign = sign, .free = release};
    enum hf_err err = hf_signer_describe(&made, hf_private_key_evp(key), why);
    struct state *state;

    if (err != HF_OK)
        return err;
    state = hf_alloc(1, sizeof(*state));
    if (state == NULL)
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    state->key = hf_private_key_evp(key);
    state->alg = made.alg;
    if (EVP_PKEY_up_ref(state->key) != 1) {
        hf_free(state);
        return hf_evp_failed(why);
    }
    made.state = state;
    *out = made;
    return HF_OK;
}

/* ---- a key elsewhere ---- */

/* The signature as OpenSSL has it, in a buffer to be freed; NULL: none. */
static unsigned char *to_der(struct hf_span signature, int half, int *len)
{
    const unsigned char *octets = (const unsigned char *)signature.ptr;
    BIGNUM *r = BN_bin2bn(octets, half, NULL);
    BIGNUM *s = BN_bin2bn(octets + half, half, NULL);
    ECDSA_SIG *pair = ECDSA_SIG_new();
    unsigned char *der = NULL;

    if (r == NULL || s == NULL || pair == NULL ||
        ECDSA_SIG_set0(pair, r, s) != 1) {
        BN_free(r);
        BN_free(s);
    } else {
        *len = i2d_ECDSA_SIG(pair, &der);
    }
    ECDSA_SIG_free(pair);
    return der;
}

static bool verifies(EVP_PKEY *key, enum hf_sig_alg alg, struct hf_span data,
                     const unsigned char *octets, size_t len)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool good =
        ctx != NULL &&
        EVP_DigestVerifyInit_ex(ctx, NULL, algs[alg].digest, NULL, NULL, key,
                                NULL) == 1 &&
        EVP_DigestVerify(ctx, octets, len, (const unsigned char *)data.ptr,
                         data.len) == 1;

    EVP_MD_CTX_free(ctx);
    ERR_clear_error();
    return good;
}

bool hf_evp_verify(EVP_PKEY *key, enum hf_sig_alg alg, struct hf_span data,
                   struct hf_span signature)
{
    int half = algs[alg].half;
    unsigned char *der;
    int len = 0;
    bool good;

    if (half == 0)
        return verifies(key, alg, data, (const unsigned char *)signature.ptr,
                        signature.len);
    if (signature.len != 2 * (size_t)half)
        return false;
    der = to_der(signature, half, &len);
    good = len > 0 && verifies(key, alg, data, der, (size_t)len);
    OPENSSL_free(der);
    return good;
}

enum hf_err hf_evp_give_signature(EVP_PKEY *key, struct hf_span data,
                                  struct hf_span signature, struct hf_buf *out,
                                  struct hf_why *why)
{
    struct hf_signer about = {0};
    enum hf_err err = hf_signer_describe(&about, key, why);

    if (err != HF_OK)
        return err;
    if (!hf_evp_verify(key, about.alg, data, signature))
        return hf_fail(why, HF_ECRYPTO, 0,
                       "the signature that the hardware made is not good under "
                       "the public key that lies beside its private one");
    hf_buf_put(out, signature);
    if (out->full)
        return hf_fail(why, HF_ELIMIT, 0, "no room for a signature");
    return HF_OK;
}
