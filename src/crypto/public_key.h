/* SPDX-License-Identifier: Apache-2.0 */
/* public_key.h -- the public key of an ACME account, as its server has it. */
#pragma once

#include "crypto/signer.h"
#include "holdfast/err.h"
#include "holdfast/span.h"

struct hf_public_key;

/*
 * The key in the text of a JWK: P-256, P-384, Ed25519, RSA of 2048, 3072 or
 * 4096 bits.
 *
 * Owns:  hf_public_key_free().
 * Fails: HF_ESYNTAX (no JSON object), HF_EINVAL (a private key, other kinds,
 *        numbers that make no key), HF_ELIMIT, HF_ENOMEM, HF_ECRYPTO.
 */
enum hf_err hf_public_key_read(struct hf_span jwk, struct hf_public_key **out,
                               struct hf_why *why);
void hf_public_key_free(struct hf_public_key *key);

/* Why no account should have it: what nobody certifies either, but for its kind
 * (crypto/leaf_lint.h), such as exponents with which everybody can sign. A
 * sentence, or NULL. */
const char *hf_public_key_fault(const struct hf_public_key *key);

/* The one algorithm that it signs with here. */
enum hf_sig_alg hf_public_key_alg(const struct hf_public_key *key);

/* Its canonical JWK, and the thumbprint (RFC 7638). Borrowed. */
struct hf_span hf_public_key_jwk(const struct hf_public_key *key);
struct hf_span hf_public_key_thumbprint(const struct hf_public_key *key);

/* Is this JWS signature over `data` good (RFC 7518, section 3)? */
bool hf_public_key_verify(const struct hf_public_key *key, struct hf_span data,
                          struct hf_span signature);

/* SHA-256 of its SubjectPublicKeyInfo in DER (RFC 5280, section 4.1): what a
 * key is in certificates. 32 octets, borrowed. */
struct hf_span hf_public_key_hash(const struct hf_public_key *key);
