/* SPDX-License-Identifier: Apache-2.0 */
/* rsa_factors.h -- the primes behind an RSA key that says only n, e and d. */
#pragma once

#include <openssl/bn.h>
#include <stdbool.h>

/* What RFC 8017, 3.2 calls the second representation. BN_clear_free() each. */
struct hf_rsa_factors {
    BIGNUM *p;
    BIGNUM *q;
    BIGNUM *dp;
    BIGNUM *dq;
    BIGNUM *qi;
};

/*
 * Find them; p > q. Takes about as long as one private operation without the
 * primes. False when the three numbers are no RSA key of two primes; then
 * nothing is in `out`.
 */
bool hf_rsa_factors_find(const BIGNUM *n, const BIGNUM *e, const BIGNUM *d,
                         struct hf_rsa_factors *out);
void hf_rsa_factors_clear(struct hf_rsa_factors *factors);
