/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/rsa_factors.h"

/* Each base finds the primes with at least one chance in two. */
static const BN_ULONG bases[] = {2,  3,  5,  7,  11, 13, 17, 19, 23, 29, 31,
                                 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79};

#define BASE_COUNT (sizeof(bases) / sizeof(bases[0]))

/* Secret numbers are wiped when freed, and worked on in constant time. */
static BIGNUM *new_secret(void)
{
    BIGNUM *number = BN_secure_new();

    if (number != NULL)
        BN_set_flags(number, BN_FLG_CONSTTIME);
    return number;
}

/* What one base says. */
enum hint {
    NO_KEY, /* the three numbers do not belong together */
    NOTHING,
    FOUND,
};

/* The root of 1 in `x` tells the primes apart, unless it is -1: then
 * gcd(root - 1, n) is 1. */
static enum hint take_root(BIGNUM *x, const BIGNUM *n, BIGNUM *prime,
                           BN_CTX *ctx)
{
    if (BN_sub_word(x, 1) != 1 || BN_gcd(prime, x, n, ctx) != 1)
        return NO_KEY;
    return BN_is_one(prime) ? NOTHING : FOUND;
}

/* Square x until it is 1 (mod n); what was there before is a root of 1. */
static enum hint split(BIGNUM *x, int squarings, const BIGNUM *n, BIGNUM *prime,
                       BN_CTX *ctx)
{
    BIGNUM *square = new_secret();
    enum hint hint = NO_KEY;

    if (BN_is_one(x))
        hint = NOTHING;
    while (square != NULL && hint == NO_KEY && squarings-- > 0 &&
           BN_mod_sqr(square, x, n, ctx) == 1) {
        if (BN_is_one(square)) {
            hint = take_root(x, n, prime, ctx);
            break;
        }
        BN_swap(x, square);
    }
    BN_clear_free(square);
    return hint;
}

/* A prime of n: d * e - 1 is a multiple of the order of every x (mod n), so
 * x to its odd part is a root of 1 after some squarings (Boneh, "Twenty years
 * of attacks on the RSA cryptosystem", fact 1). */
static bool find_prime(const BIGNUM *n, const BIGNUM *e, const BIGNUM *d,
                       BIGNUM *prime, BN_CTX *ctx)
{
    BIGNUM *k = new_secret();
    BIGNUM *x = new_secret();
    BIGNUM *base = BN_new();
    enum hint hint = NOTHING;
    int twos = 0;

    if (k == NULL || x == NULL || base == NULL || BN_mul(k, d, e, ctx) != 1 ||
        BN_is_zero(k) || BN_sub_word(k, 1) != 1 || BN_is_zero(k))
        goto out;
    while (!BN_is_bit_set(k, twos))
        twos++;
    if (BN_rshift(k, k, twos) != 1)
        goto out;
    for (size_t i = 0; i < BASE_COUNT && hint == NOTHING; i++) {
        hint = NO_KEY;
        if (BN_set_word(base, bases[i]) == 1 &&
            BN_mod_exp(x, base, k, n, ctx) == 1)
            hint = split(x, twos, n, prime, ctx);
    }
out:
    BN_clear_free(k);
    BN_clear_free(x);
    BN_free(base);
    return hint == FOUND;
}

/* d reduced by prime - 1. */
static bool reduce(BIGNUM *out, const BIGNUM *d, const BIGNUM *prime,
                   BN_CTX *ctx)
{
    BIGNUM *less = new_secret();
    bool good = less != NULL && BN_copy(less, prime) != NULL &&
                BN_sub_word(less, 1) == 1 && BN_mod(out, d, less, ctx) == 1;

    BN_clear_free(less);
    return good;
}

static bool fill(const BIGNUM *n, const BIGNUM *d,
                 struct hf_rsa_factors *factors, BN_CTX *ctx)
{
    BIGNUM *rest = new_secret();
    bool good = rest != NULL &&
                BN_div(factors->q, rest, n, factors->p, ctx) == 1 &&
                BN_is_zero(rest);

    BN_clear_free(rest);
    if (!good)
        return false;
    if (BN_cmp(factors->p, factors->q) < 0)
        BN_swap(factors->p, factors->q);
    return reduce(factors->dp, d, factors->p, ctx) &&
           reduce(factors->dq, d, factors->q, ctx) &&
           BN_mod_inverse(factors->qi, factors->q, factors->p, ctx) != NULL;
}

bool hf_rsa_factors_find(const BIGNUM *n, const BIGNUM *e, const BIGNUM *d,
                         struct hf_rsa_factors *out)
{
    struct hf_rsa_factors factors = {.p = new_secret(),
                                     .q = new_secret(),
                                     .dp = new_secret(),
                                     .dq = new_secret(),
                                     .qi = new_secret()};
    BN_CTX *ctx = BN_CTX_secure_new();
    bool good = factors.p != NULL && factors.q != NULL && factors.dp != NULL &&
                factors.dq != NULL && factors.qi != NULL && ctx != NULL &&
                BN_is_odd(n) && find_prime(n, e, d, factors.p, ctx) &&
                fill(n, d, &factors, ctx);

    BN_CTX_free(ctx);
    if (good)
        *out = factors;
    else
        hf_rsa_factors_clear(&factors);
    return good;
}

void hf_rsa_factors_clear(struct hf_rsa_factors *factors)
{
    BN_clear_free(factors->p);
    BN_clear_free(factors->q);
    BN_clear_free(factors->dp);
    BN_clear_free(factors->dq);
    BN_clear_free(factors->qi);
    *factors = (struct hf_rsa_factors){0};
}
