/* SPDX-License-Identifier: Apache-2.0 */
/*
 * signer.h -- something that signs as one key. The key itself may be in a
 * file, in a token, or in another process: nobody who holds a signer can tell,
 * or get at the key (REQ CLI-23).
 */
#pragma once

#include "holdfast/buf.h"
#include "holdfast/err.h"
#include "holdfast/hashed_uri.h"
#include "holdfast/span.h"

/* The signature algorithms of ACME accounts (RFC 7518 3.1, RFC 8037 3.1). */
enum hf_sig_alg { HF_ES256, HF_ES384, HF_EDDSA, HF_RS256 };

#define HF_SIG_ALG_COUNT (HF_RS256 + 1)

/* Their names in JWS: "ES256", "ES384", "EdDSA", "RS256". */
const char *hf_sig_alg_name(enum hf_sig_alg alg);
bool hf_sig_alg_find(struct hf_span name, enum hf_sig_alg *out);

#define HF_SIGNATURE_MAX 512  /* octets: RSA of 4096 bits */
#define HF_JWK_MAX       1024 /* octets of a public JWK */

struct hf_signer {
    enum hf_sig_alg alg;
    char thumbprint[HF_THUMBPRINT_LEN]; /* RFC 7638, SHA-256 */
    char jwk[HF_JWK_MAX]; /* public, in the canonical form of RFC 7638 */
    size_t jwk_len;
    /*
     * Add the JWS signature octets over `data` to `out`: r and s in full
     * length for ES*, at most HF_SIGNATURE_MAX.
     * Fails: HF_ELIMIT (`out` is full), HF_ECRYPTO, or what its transport
     * fails with; then nothing was added.
     */
    enum hf_err (*sign)(void *state, struct hf_span data, struct hf_buf *out,
                        struct hf_why *why);
    void (*free)(void *state);
    void *state;
};

/* Release. Harmless on a zeroed one. */
void hf_signer_clear(struct hf_signer *signer);

static inline struct hf_span hf_signer_jwk(const struct hf_signer *signer)
{
    return (struct hf_span){signer->jwk, signer->jwk_len};
}

static inline struct hf_span
hf_signer_thumbprint(const struct hf_signer *signer)
{
    return (struct hf_span){signer->thumbprint, sizeof(signer->thumbprint)};
}
