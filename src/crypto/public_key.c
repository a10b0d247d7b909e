/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/public_key.h"

#include <openssl/x509.h>

#include "base/alloc.h"
#include "crypto/evp_key.h"
#include "crypto/jwk_read.h"
#include "crypto/leaf_lint.h"

struct hf_public_key {
    EVP_PKEY *key;
    struct hf_signer about; /* what it says of itself; signs nothing */
    unsigned char hash[32]; /* once: OpenSSL's encoder costs a signature */
    const char *fault;      /* or NULL */
};

static enum hf_err take_spki(struct hf_public_key *key, struct hf_why *why)
{
    unsigned char *der = NULL;
    int len = i2d_PUBKEY(key->key, &der);
    bool good = len > 0 && EVP_Digest(der, (size_t)len, key->hash, NULL,
                                      EVP_sha256(), NULL) == 1;

    if (good)
        key->fault =
            hf_spki_fault((struct hf_span){(char *)der, (size_t)len}, false);
    OPENSSL_free(der);
    return good ? HF_OK : hf_evp_failed(why);
}

enum hf_err hf_public_key_read(struct hf_span jwk, struct hf_public_key **out,
                               struct hf_why *why)
{
    struct hf_public_key *made = hf_alloc(1, sizeof(*made));
    enum hf_err err;

    if (made == NULL)
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    err = hf_jwk_read_public(jwk, &made->key, why);
    if (err == HF_OK)
        err = hf_signer_describe(&made->about, made->key, why);
    if (err == HF_OK)
        err = take_spki(made, why);
    if (err != HF_OK) {
        hf_public_key_free(made);
        return err;
    }
    *out = made;
    return HF_OK;
}

void hf_public_key_free(struct hf_public_key *key)
{
    if (key == NULL)
        return;
    EVP_PKEY_free(key->key);
    hf_free(key);
}

const char *hf_public_key_fault(const struct hf_public_key *key)
{
    return key->fault;
}

enum hf_sig_alg hf_public_key_alg(const struct hf_public_key *key)
{
    return key->about.alg;
}

struct hf_span hf_public_key_jwk(const struct hf_public_key *key)
{
    return hf_signer_jwk(&key->about);
}

struct hf_span hf_public_key_thumbprint(const struct hf_public_key *key)
{
    return hf_signer_thumbprint(&key->about);
}

bool hf_public_key_verify(const struct hf_public_key *key, struct hf_span data,
                          struct hf_span signature)
{
    return hf_evp_verify(key->key, key->about.alg, data, signature);
}

struct hf_span hf_public_key_hash(const struct hf_public_key *key)
{
    return (struct hf_span){(const char *)key->hash, sizeof(key->hash)};
}
