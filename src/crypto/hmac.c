/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/hmac.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include "base/alloc.h"

#define SECRET_MAX 1024

struct hf_hmac {
    EVP_MAC_CTX *ctx;
    bool failed;
    size_t size;
    size_t secret_len;
    unsigned char secret[SECRET_MAX];
};

static enum hf_err fail(struct hf_why *why)
{
    return hf_fail(why, HF_ECRYPTO, 0,
                   "OpenSSL refuses to compute this kind of HMAC");
}

/* The secret is given again each time: not every version keeps it. */
static void begin(struct hf_hmac *hmac, const OSSL_PARAM *params)
{
    hmac->failed =
        EVP_MAC_init(hmac->ctx, hmac->secret, hmac->secret_len, params) != 1;
}

enum hf_err hf_hmac_new(const char *digest, struct hf_span secret,
                        struct hf_hmac **out, struct hf_why *why)
{
    struct hf_hmac *hmac;
    OSSL_PARAM params[2];
    char name[32];
    EVP_MAC *mac;

    if (secret.len == 0 || secret.len > SECRET_MAX ||
        strlen(digest) >= sizeof(name))
        return hf_fail(why, HF_ELIMIT, 0, "a secret has 1 to 1024 octets");
    hmac = hf_alloc(1, sizeof(*hmac));
    if (hmac == NULL)
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    memcpy(name, digest, strlen(digest) + 1);
    memcpy(hmac->secret, secret.ptr, secret.len);
    hmac->secret_len = secret.len;
    mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    hmac->ctx = mac == NULL ? NULL : EVP_MAC_CTX_new(mac);
    EVP_MAC_free(mac);
    params[0] =
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name, 0);
    params[1] = OSSL_PARAM_construct_end();
    if (hmac->ctx != NULL)
        begin(hmac, params);
    if (hmac->ctx == NULL || hmac->failed) {
        hf_hmac_free(hmac);
        return fail(why);
    }
    hmac->size = EVP_MAC_CTX_get_mac_size(hmac->ctx);
    *out = hmac;
    return HF_OK;
}

void hf_hmac_free(struct hf_hmac *hmac)
{
    if (hmac == NULL)
        return;
    EVP_MAC_CTX_free(hmac->ctx);
    hf_free_wiped(hmac, sizeof(*hmac));
}

size_t hf_hmac_size(const struct hf_hmac *hmac)
{
    return hmac->size;
}

void hf_hmac_add(struct hf_hmac *hmac, struct hf_span data)
{
    if (data.len > 0 &&
        EVP_MAC_update(hmac->ctx, (const unsigned char *)data.ptr, data.len) !=
            1)
        hmac->failed = true;
}

enum hf_err hf_hmac_end(struct hf_hmac *hmac, unsigned char *out,
                        struct hf_why *why)
{
    size_t len = 0;
    bool failed = EVP_MAC_final(hmac->ctx, out, &len, HF_HMAC_MAX) != 1 ||
                  len != hmac->size || hmac->failed;

    begin(hmac, NULL);
    return failed || hmac->failed ? fail(why) : HF_OK;
}

bool hf_secret_eq(struct hf_span a, struct hf_span b)
{
    return a.len == b.len &&
           (a.len == 0 || CRYPTO_memcmp(a.ptr, b.ptr, a.len) == 0);
}
