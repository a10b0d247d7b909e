/* SPDX-License-Identifier: Apache-2.0 */
/* digest.h -- the hash functions of the hashed account URI, from OpenSSL. */
#pragma once

#include "holdfast/hashed_uri.h"

/*
 * A digest source. Owns: release with hf_digest_free(). One thread at a time.
 * It offers sha-256, sha-384, sha-512, sha3-*, blake2s-256 and blake2b-512;
 * for the others compute() answers HF_EINVAL.
 *
 * Fails: HF_ENOMEM, HF_ECRYPTO (a policy of the machine forbids SHA-256).
 */
enum hf_err hf_digest_new(struct hf_digest **out, struct hf_why *why);
void hf_digest_free(struct hf_digest *digest);

/* Algorithms this source offers, as HF_HASH_BIT()s. */
uint32_t hf_digest_algs(const struct hf_digest *digest);
