/* SPDX-License-Identifier: Apache-2.0 */
/* spki_lint.c -- public keys that no certificate may have. */
#include <openssl/bn.h>

#include "crypto/leaf_lint.h"

#define RSA_OCTETS_MIN      256 /* 2048 bits */
#define RSA_OCTETS_MAX      512
#define EXPONENT_MIN        65537
#define EXPONENT_OCTETS_MAX 32 /* below 2^256: BR 6.1.6 */

static const char no_key[] = "RFC 5280 4.1.2.7: this is no public key in DER";
static const char bad_kind[] =
    "BR 6.1.5: certificates are for RSA keys, and for keys on the curves P-256 "
    "and P-384";

/* AlgorithmIdentifiers, whole (RFC 3279 2.3.1, RFC 5480 2.1.1, RFC 8410 3). */
static const struct hf_span rsa = HF_SPAN_INIT(
    "\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00");
static const struct hf_span p256 =
    HF_SPAN_INIT("\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86"
                 "\x48\xce\x3d\x03\x01\x07");
static const struct hf_span p384 =
    HF_SPAN_INIT("\x30\x10\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x05\x2b\x81"
                 "\x04\x00\x22");
static const struct hf_span ed25519 =
    HF_SPAN_INIT("\x30\x05\x06\x03\x2b\x65\x70");

/*
 * ROCA (CVE-2017-15361): moduli that Infineon's library made are powers of
 * 65537 modulo each of these primes, which others are with a chance of 2^-28.
 */
static bool is_power_of_65537(BN_ULONG residue, BN_ULONG prime)
{
    BN_ULONG power = 1;

    do {
        if (power == residue)
            return true;
        power = power * 65537 % prime;
    } while (power != 1);
    return false;
}

static bool is_roca(const BIGNUM *n)
{
    static const BN_ULONG primes[] = {
        3,   5,   7,   11,  13,  17,  19,  23,  29,  31,  37,  41,  43,
        47,  53,  59,  61,  67,  71,  73,  79,  83,  89,  97,  101, 103,
        107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167};

    for (size_t i = 0; i < sizeof(primes) / sizeof(primes[0]); i++)
        if (!is_power_of_65537(BN_mod_word(n, primes[i]), primes[i]))
            return false;
    return true;
}

/* BR 6.1.6: no small factor. */
static bool has_small_factor(const BIGNUM *n)
{
    static const BN_ULONG limit = 752;

    for (BN_ULONG odd = 3; odd <= limit; odd += 2)
        if (BN_mod_word(n, odd) == 0)
            return true;
    return false;
}

static const char *modulus_fault(struct hf_span octets)
{
    BIGNUM *n =
        BN_bin2bn((const unsigned char *)octets.ptr, (int)octets.len, NULL);
    const char *fault = NULL;

    if (n == NULL)
        return "out of memory";
    if (!BN_is_odd(n) || has_small_factor(n))
        fault = "BR 6.1.6: this RSA key has a small factor";
    else if (is_roca(n))
        fault = "BR 6.1.1.3: this RSA key was made by a library whose keys can "
                "be factored (ROCA, CVE-2017-15361)";
    BN_free(n);
    return fault;
}

static bool is_positive(struct hf_span number)
{
    return number.len > 0 && (number.ptr[0] & 0x80) == 0 &&
           (number.len == 1 || number.ptr[0] != 0 ||
            (number.ptr[1] & 0x80) != 0);
}

static const char *exponent_fault(struct hf_span e)
{
    uint64_t small;

    if ((e.ptr[e.len - 1] & 1) == 0 || e.len > EXPONENT_OCTETS_MAX ||
        (hf_der_read_number(e, &small) && small < EXPONENT_MIN))
        return "BR 6.1.6: the exponent of an RSA key is odd, at least 65537 "
               "and below 2^256";
    return NULL;
}

static const char *rsa_fault(struct hf_span bits)
{
    struct hf_span in, n, e;
    const char *fault;

    if (!hf_der_take_tag(&bits, HF_DER_SEQUENCE, &in) || bits.len > 0 ||
        !hf_der_take_tag(&in, HF_DER_INTEGER, &n) ||
        !hf_der_take_tag(&in, HF_DER_INTEGER, &e) || in.len > 0 ||
        !is_positive(n) || !is_positive(e))
        return no_key;
    if (n.len > 1 && n.ptr[0] == 0)
        (void)hf_span_cut(&n, 1);
    if (n.len < RSA_OCTETS_MIN || n.len > RSA_OCTETS_MAX ||
        (n.ptr[0] & 0x80) == 0)
        return "BR 6.1.5: RSA keys have 2048 to 4096 bits, in whole octets";
    fault = exponent_fault(e);
    return fault == NULL ? modulus_fault(n) : fault;
}

/* RFC 5480 2.2, BR 7.1.3.1.2: uncompressed. */
static const char *point_fault(struct hf_span bits, size_t half)
{
    if (bits.len != 1 + 2 * half || bits.ptr[0] != 4)
        return "RFC 5480 2.2: the point of an EC key is written uncompressed";
    return NULL;
}

/*
 * RFC 8032 5.1: points of the eight whose order divides 8, as their encodings
 * without the sign of x, and those of two that are not canonical. Of such a key
 * everybody makes signatures that verify (RFC 8032 8.9).
 */
static const char *edwards_fault(struct hf_span bits)
{
    static const unsigned char small[][32] = {
        {0x00},
        {0x01},
        {0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4,
         0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6,
         0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05},
        {0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b,
         0x76, 0x0d, 0x10, 0x67, 0x0f, 0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39,
         0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a},
        {0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
         0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
         0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
        {0xed, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
         0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
         0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
        {0xee, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
         0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
         0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
    };
    unsigned char point[32];

    if (bits.len != sizeof(point))
        return no_key;
    memcpy(point, bits.ptr, sizeof(point));
    point[31] &= 0x7f;
    for (size_t i = 0; i < sizeof(small) / sizeof(small[0]); i++)
        if (memcmp(point, small[i], sizeof(point)) == 0)
            return "RFC 8032 8.9: the point of this Ed25519 key is of a small "
                   "order: everybody can sign for it";
    return NULL;
}

const char *hf_spki_fault(struct hf_span spki, bool is_public)
{
    struct hf_der_element algorithm;
    struct hf_span in, bits;

    if (!hf_der_take_tag(&spki, HF_DER_SEQUENCE, &in) || spki.len > 0 ||
        !hf_der_take(&in, &algorithm) || algorithm.tag != HF_DER_SEQUENCE ||
        !hf_der_take_tag(&in, HF_DER_BIT_STRING, &bits) || in.len > 0 ||
        !hf_der_read_bits(bits, &bits))
        return no_key;
    if (hf_span_eq(algorithm.whole, rsa))
        return rsa_fault(bits);
    if (hf_span_eq(algorithm.whole, p256))
        return point_fault(bits, 32);
    if (hf_span_eq(algorithm.whole, p384))
        return point_fault(bits, 48);
    if (hf_span_eq(algorithm.whole, ed25519) && !is_public)
        return edwards_fault(bits);
    return bad_kind;
}
