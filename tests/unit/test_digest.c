/* SPDX-License-Identifier: Apache-2.0 */
/* The hash functions: REQ RECORD-15, RECORD-18, ACCT-12. */
#include <stdio.h>

#include "base/alloc.h"
#include "base/base64.h"
#include "holdfast/digest.h"
#include "tests/unit/unit.h"

/* Digests of "abc": the examples that NIST publishes for FIPS 180-4 and FIPS
 * 202, and those of RFC 7693, appendices A and B. */
static const struct {
    enum hf_hash_alg alg;
    const char *hex;
} vectors[] = {
    {HF_SHA_256,
     "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
    {HF_SHA_384,
     "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed"
     "8086072ba1e7cc2358baeca134c825a7"},
    {HF_SHA_512,
     "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
     "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"},
    {HF_SHA3_256,
     "3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532"},
    {HF_SHA3_384,
     "ec01498288516fc926459f58e2c6ad8df9b473cb0fc08c2596da7cf0e49be4b2"
     "98d88cea927ac7f539f1edf228376d25"},
    {HF_SHA3_512,
     "b751850b1a57168a5693cd924b6b096e08f621827444f70d884f5d0240d2712e"
     "10e116e9192af3c91a7ec57647e3934057340b4cf408d5a56592f8274eec53f0"},
    {HF_BLAKE2S_256,
     "508c5e8c327c14e2e1a72ba34eeb452f37458b209ed63a294d999b4c86675982"},
    {HF_BLAKE2B_512,
     "ba80a53f981c4d0d6a2797b69f12f6e94c212f14685ac4b74b12bb6fdbffa2d1"
     "7d87c5392aab792dc252d5de4533cc9518d38aa8dbf1925ab92386edd4009923"},
};

static struct hf_digest *digest;

static int setup(void **state)
{
    (void)state;
    return hf_digest_new(&digest, NULL) != HF_OK;
}

static int teardown(void **state)
{
    (void)state;
    hf_digest_free(digest);
    hf_digest_free(NULL);
    return 0;
}

static void check(enum hf_hash_alg alg, struct hf_span data, const char *want)
{
    unsigned char out[HF_HASH_MAX];
    char hex[2 * HF_HASH_MAX + 1];

    assert_int_equal(digest->compute(digest->state, alg, data, out), HF_OK);
    for (size_t i = 0; i < hf_hash_alg_size(alg); i++)
        (void)snprintf(hex + 2 * i, 3, "%02x", out[i]);
    assert_string_equal(hex, want);
}

/* Twice, and turned round: a context is used again. */
static void published_vectors(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(vectors); i++)
        check(vectors[i].alg, HF_SPAN("abc"), vectors[i].hex);
    for (size_t i = COUNT_OF(vectors); i-- > 0;)
        check(vectors[i].alg, HF_SPAN("abc"), vectors[i].hex);
    check(HF_SHA_256, HF_SPAN(""),
          "e3b0c44298fc1c149afbf4c8996fb924"
          "27ae41e4649b934ca495991b7852b855");
}

/* The example key of RFC 7638, section 3.1, in its canonical members: its
 * thumbprint is what draft -02, section 10.2 binds. */
static void example_thumbprint(void **state)
{
    static const char jwk[] =
        "{\"e\":\"AQAB\",\"kty\":\"RSA\",\"n\":\"0vx7agoebGcQSuuPiLJXZptN9nndrQ"
        "mbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXj"
        "BZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65"
        "YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91"
        "CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIq"
        "bw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw\"}";
    unsigned char out[HF_HASH_MAX];
    char text[HF_THUMBPRINT_LEN];

    (void)state;
    assert_int_equal(
        digest->compute(digest->state, HF_SHA_256, hf_span_str(jwk), out),
        HF_OK);
    hf_base64url((struct hf_span){(char *)out, 32}, text);
    assert_span_equal(((struct hf_span){text, sizeof(text)}),
                      HF_SPAN("NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"));
}

/* REQ RECORD-18: sha-256 always; what is not offered says so. */
static void offered(void **state)
{
    uint32_t algs = hf_digest_algs(digest);
    unsigned char out[HF_HASH_MAX];

    (void)state;
    for (size_t i = 0; i < COUNT_OF(vectors); i++)
        assert_true((algs & HF_HASH_BIT(vectors[i].alg)) != 0);
    for (unsigned i = 0; i < HF_HASH_ALG_COUNT; i++)
        assert_int_equal(digest->compute(digest->state, i, HF_SPAN("abc"), out),
                         (algs & HF_HASH_BIT(i)) != 0 ? HF_OK : HF_EINVAL);
    assert_int_equal(algs & (HF_HASH_BIT(HF_K12_256) | HF_HASH_BIT(HF_K12_512) |
                             HF_HASH_BIT(HF_BLAKE2B_256)),
                     0);
}

static void out_of_memory(void **state)
{
    struct hf_digest *none = NULL;
    struct hf_why why = {0};

    (void)state;
    hf_alloc_fail_after(0, false);
    assert_int_equal(hf_digest_new(&none, &why), HF_ENOMEM);
    assert_non_null(why.text);
    assert_null(none);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(published_vectors),
        cmocka_unit_test(example_thumbprint),
        cmocka_unit_test(offered),
        cmocka_unit_test(out_of_memory),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
