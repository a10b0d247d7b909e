/* SPDX-License-Identifier: Apache-2.0 */
/*
 * evp_key.h -- keys as OpenSSL has them: which kinds there are for us, and
 * their public half as a JWK. For this layer only: above it a key is a struct
 * hf_private_key or a text.
 */
#pragma once

#include <openssl/evp.h>
#include <openssl/param_build.h>

#include "crypto/private_key.h"
#include "crypto/signer.h"
#include "holdfast/buf.h"

/* Sentences that more than one file says. */
extern const char hf_key_is_private[];
extern const char hf_key_is_unknown[];

/* Octets of the longest number in a key: RSA of 16,384 bits. */
#define HF_KEY_NUMBER_MAX 2048

/* A curve by its names in JWK (RFC 7518, 6.2.1.1) and in OpenSSL. */
struct hf_curve {
    const char *crv;
    const char *group;
    size_t size; /* octets of a coordinate */
};

/* NULL when it is none of P-256, P-384 and P-521. */
const struct hf_curve *hf_curve_find(struct hf_span crv);
const struct hf_curve *hf_curve_of(const EVP_PKEY *key);

/* Forget OpenSSL's own words, which nobody reads, and say ours. */
enum hf_err hf_evp_failed(struct hf_why *why);

/*
 * The kind, of the six that private keys may have here.
 * Fails: HF_EINVAL, and says which are good.
 */
enum hf_err hf_evp_kind(const EVP_PKEY *key, enum hf_key_kind *out,
                        struct hf_why *why);

/*
 * A key of the numbers in `build`; `half` is EVP_PKEY_PUBLIC_KEY or
 * EVP_PKEY_KEYPAIR. NULL when they make none. Owns: EVP_PKEY_free().
 */
EVP_PKEY *hf_evp_from_params(const char *kind, int half, OSSL_PARAM_BLD *build);

/* An EC key of a point on the curve, uncompressed (SEC 1, 2.3.3), and of the
 * private number, NULL for its public half only; else as above. */
EVP_PKEY *hf_evp_from_point(const char *group, struct hf_span point,
                            const BIGNUM *secret);

/*
 * The one writer of canonical JWKs: the required public members, sorted,
 * without blanks (RFC 7638, 3.2). Also takes P-521 and RSA of other sizes
 * from 2048 bits, which other people's accounts have.
 *
 * Fails: HF_EINVAL (a kind of key that ACME does not use), HF_ECRYPTO (also
 *        when `out` is full).
 */
enum hf_err hf_evp_put_jwk(struct hf_buf *out, const EVP_PKEY *key,
                           struct hf_why *why);

/* Its SHA-256 in base64url, HF_THUMBPRINT_LEN characters (REQ RECORD-26). */
enum hf_err hf_evp_thumbprint(const EVP_PKEY *key, char *out,
                              struct hf_why *why);

/*
 * A number of the key, by OpenSSL's name, in base64url of `size` octets, or of
 * as many as it needs when `size` is 0. Leaves no copy behind. False when the
 * key has no such number.
 */
bool hf_evp_put_number(struct hf_buf *out, const EVP_PKEY *key,
                       const char *name, size_t size);

/* Octets in base64url. */
void hf_evp_put_octets(struct hf_buf *out, struct hf_span octets);

/* Borrow what is in a private key. */
EVP_PKEY *hf_private_key_evp(const struct hf_private_key *key);

/*
 * Take over `key` when it is one of the six kinds and a signature by it is
 * good under its own public half, which a file may have made up. `key` is
 * freed on failure, too.
 *
 * Fails: HF_EINVAL, HF_ENOMEM.
 */
enum hf_err hf_private_key_adopt(EVP_PKEY *key, struct hf_private_key **out,
                                 struct hf_why *why);

/*
 * Fill in what a signer says about its key: algorithm, JWK, thumbprint.
 * Fails: HF_EINVAL (no kind that ACME has use for), HF_ECRYPTO; `out` then
 *        holds rubbish.
 */
enum hf_err hf_signer_describe(struct hf_signer *out, const EVP_PKEY *key,
                               struct hf_why *why);

/* Is this signature, in the form of JWS, good over `data` under the key? */
bool hf_evp_verify(EVP_PKEY *key, enum hf_sig_alg alg, struct hf_span data,
                   struct hf_span signature);

/*
 * Add to `out` a signature in the form of JWS that somebody else's code made
 * over `data`, if it is good under this key.
 * Fails: HF_ECRYPTO (it is not), HF_ELIMIT.
 */
enum hf_err hf_evp_give_signature(EVP_PKEY *key, struct hf_span data,
                                  struct hf_span signature, struct hf_buf *out,
                                  struct hf_why *why);
