/* SPDX-License-Identifier: Apache-2.0 */
#include "holdfast/digest.h"

#include <openssl/evp.h>

#include "base/alloc.h"

/* Fetched once: OpenSSL 3 spends more on finding an algorithm by name than on
 * hashing a hundred octets with it. */
struct source {
    struct hf_digest face;
    EVP_MD *md[HF_HASH_ALG_COUNT];
    EVP_MD_CTX *ctx;
};

/* OpenSSL's names; NULL where it has no such function of that size. */
static const char *const names[HF_HASH_ALG_COUNT] = {
    [HF_SHA_256] = "SHA2-256",        [HF_SHA_384] = "SHA2-384",
    [HF_SHA_512] = "SHA2-512",        [HF_SHA3_256] = "SHA3-256",
    [HF_SHA3_384] = "SHA3-384",       [HF_SHA3_512] = "SHA3-512",
    [HF_BLAKE2S_256] = "BLAKE2S-256", [HF_BLAKE2B_512] = "BLAKE2B-512",
};

static enum hf_err compute(void *state, enum hf_hash_alg alg,
                           struct hf_span data, unsigned char *out)
{
    struct source *source = state;

    /* The digests are fetched when first asked for: a client needs one. */
    if (source->md[alg] == NULL && names[alg] != NULL)
        source->md[alg] = EVP_MD_fetch(NULL, names[alg], NULL);
    if (source->md[alg] == NULL)
        return HF_EINVAL;
    if (EVP_DigestInit_ex2(source->ctx, source->md[alg], NULL) != 1 ||
        EVP_DigestUpdate(source->ctx, data.ptr, data.len) != 1 ||
        EVP_DigestFinal_ex(source->ctx, out, NULL) != 1)
        return HF_ECRYPTO;
    return HF_OK;
}

enum hf_err hf_digest_new(struct hf_digest **out, struct hf_why *why)
{
    struct source *source = hf_alloc(1, sizeof(*source));

    if (source == NULL)
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    source->face = (struct hf_digest){compute, source};
    source->ctx = EVP_MD_CTX_new();
    source->md[HF_SHA_256] = EVP_MD_fetch(NULL, names[HF_SHA_256], NULL);
    if (source->ctx == NULL || source->md[HF_SHA_256] == NULL) {
        hf_digest_free(&source->face);
        return hf_fail(why, HF_ECRYPTO, 0,
                       "OpenSSL does not offer SHA-256 on this machine");
    }
    *out = &source->face;
    return HF_OK;
}

void hf_digest_free(struct hf_digest *digest)
{
    struct source *source = digest == NULL ? NULL : digest->state;

    if (source == NULL)
        return;
    for (size_t i = 0; i < HF_HASH_ALG_COUNT; i++)
        EVP_MD_free(source->md[i]);
    EVP_MD_CTX_free(source->ctx);
    hf_free(source);
}

uint32_t hf_digest_algs(const struct hf_digest *digest)
{
    uint32_t algs = 0;

    for (unsigned i = 0; i < HF_HASH_ALG_COUNT; i++) {
        unsigned char out[HF_HASH_MAX];

        if (digest->compute(digest->state, (enum hf_hash_alg)i, HF_SPAN(""),
                            out) == HF_OK)
            algs |= HF_HASH_BIT(i);
    }
    return algs;
}
