/* SPDX-License-Identifier: Apache-2.0 */
#include "base/alloc.h"
#include "crypto/openssl.h"
#include "crypto/private_key.h"
#include "crypto/signer.h"
#include "tests/unit/key_fixture.h"
#include "tests/unit/unit.h"

/* clang-format off */
#define WHOLE(text) {"" text, sizeof(text) - 1}
/* clang-format on */

#define SECRET HF_SPAN_INIT("secret")
#define NONE   HF_SPAN_INIT("")

static struct hf_private_key *read_key(struct hf_span pem, struct hf_span pass)
{
    struct hf_private_key *key = NULL;
    struct hf_why why = {0};

    if (hf_private_key_read(pem, pass, &key, &why) != HF_OK)
        fail_msg("%s", why.text);
    return key;
}

/* Both have one public half; private_key_read() has tried the other. */
static bool is_same(const struct hf_private_key *a,
                    const struct hf_private_key *b)
{
    struct hf_signer one = {0};
    struct hf_signer two = {0};
    bool same;

    assert_int_equal(hf_private_key_signer(a, &one, NULL), HF_OK);
    assert_int_equal(hf_private_key_signer(b, &two, NULL), HF_OK);
    same = hf_span_eq(hf_signer_jwk(&one), hf_signer_jwk(&two));
    hf_signer_clear(&one);
    hf_signer_clear(&two);
    return same;
}

#define RSA_JWK                                                                \
    "{\"e\":\"" A2_E "\",\"kty\":\"RSA\",\"n\":\"" A2_N "\",\"d\":\"" A2_D     \
    "\",\"p\":\"" A2_P "\",\"q\":\"" A2_Q "\",\"dp\":\"" A2_DP                 \
    "\",\"dq\":\"" A2_DQ "\",\"qi\":\"" A2_QI "\"}"
#define RSA_SHORT_JWK                                                          \
    "{\"kty\":\"RSA\",\"n\":\"" A2_N "\",\"e\":\"" A2_E "\",\"d\":\"" A2_D "\"}"
#define P256_X "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"
#define P256_Y "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"
#define P256_D "jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI"
#define P256_JWK                                                               \
    "{\"crv\":\"P-256\",\"kty\":\"EC\",\"x\":\"" P256_X "\",\"y\":\"" P256_Y   \
    "\",\"d\":\"" P256_D "\"}"
#define ED_X "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
#define ED_D "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"
#define ED_JWK                                                                 \
    "{\"crv\":\"Ed25519\",\"kty\":\"OKP\",\"x\":\"" ED_X "\",\"d\":\"" ED_D    \
    "\"}"

/* ---- reading PEM ---- */

static const struct {
    const char *name;
    struct hf_span pem;
    struct hf_span pass;
    enum hf_key_kind kind;
    struct hf_span jwk; /* empty: not looked at */
} good[] = {
    {"PKCS#1", WHOLE(PEM_RSA_PKCS1), NONE, HF_KEY_RSA2048, WHOLE(RSA_JWK)},
    {"RSA, PKCS#8", WHOLE(PEM_RSA_PKCS8), NONE, HF_KEY_RSA2048, WHOLE(RSA_JWK)},
    {"RSA, old encryption", WHOLE(PEM_RSA_OLD), SECRET, HF_KEY_RSA2048,
     WHOLE(RSA_JWK)},
    {"SEC1", WHOLE(PEM_P256_SEC1), NONE, HF_KEY_P256, WHOLE(P256_JWK)},
    {"SEC1 behind its parameters", WHOLE(PEM_P256_SEC1_PARAMS), NONE,
     HF_KEY_P256, WHOLE(P256_JWK)},
    {"P-256, PKCS#8", WHOLE(PEM_P256_PKCS8), NONE, HF_KEY_P256,
     WHOLE(P256_JWK)},
    {"a passphrase that is not needed", WHOLE(PEM_P256_PKCS8), SECRET,
     HF_KEY_P256, WHOLE(P256_JWK)},
    {"PBKDF2", WHOLE(PEM_P256_PBKDF2), SECRET, HF_KEY_P256, WHOLE(P256_JWK)},
    {"scrypt", WHOLE(PEM_P256_SCRYPT), SECRET, HF_KEY_P256, WHOLE(P256_JWK)},
    {"text around it", WHOLE("Bag Attributes\n" PEM_P256_PKCS8 "end\n"), NONE,
     HF_KEY_P256, WHOLE(P256_JWK)},
    {"the first of two", WHOLE(PEM_ED25519 PEM_P256_PKCS8), NONE,
     HF_KEY_ED25519, WHOLE(ED_JWK)},
    {"P-384", WHOLE(PEM_P384), NONE, HF_KEY_P384, NONE},
    {"Ed25519", WHOLE(PEM_ED25519), NONE, HF_KEY_ED25519, WHOLE(ED_JWK)},
};

/* RFC 7515 A.2 and A.3, RFC 8037 A.1: the numbers come out as they stand
 * there, from each form. */
static void reads(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(good); i++) {
        struct hf_private_key *key = NULL;
        struct hf_why why = {0};
        struct hf_buf jwk;

        if (hf_private_key_read(good[i].pem, good[i].pass, &key, &why) != HF_OK)
            fail_msg("%s: %s", good[i].name, why.text);
        assert_int_equal(hf_private_key_kind(key), good[i].kind);
        hf_buf_init_grow(&jwk, HF_PRIVATE_JWK_MAX);
        assert_int_equal(hf_private_key_to_jwk(key, &jwk, NULL), HF_OK);
        if (good[i].jwk.len > 0)
            assert_span_equal(hf_buf_span(&jwk), good[i].jwk);
        hf_buf_clear_wiped(&jwk);
        hf_private_key_free(key);
    }
}

static const struct {
    const char *name;
    struct hf_span pem;
    struct hf_span pass;
    enum hf_err err;
    const char *says; /* a part of the sentence */
} bad[] = {
    {"empty", NONE, NONE, HF_ESYNTAX, "no private key"},
    {"other text", WHOLE("ssh-ed25519 AAAA"), NONE, HF_ESYNTAX,
     "no private key"},
    {"cut", WHOLE("-----BEGIN PRIVATE KEY-----\nMC4C"), NONE, HF_ESYNTAX,
     "no private key"},
    {"only a certificate",
     WHOLE("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"),
     NONE, HF_ESYNTAX, "no private key"},
    {"PKCS#8 of rubbish",
     WHOLE("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"),
     NONE, HF_ESYNTAX, "can be read"},
    {"SEC1 of rubbish",
     WHOLE("-----BEGIN EC PRIVATE KEY-----\nAAAA\n"
           "-----END EC PRIVATE KEY-----\n"),
     NONE, HF_ESYNTAX, "can be read"},
    {"encrypted rubbish",
     WHOLE("-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n"
           "-----END ENCRYPTED PRIVATE KEY-----\n"),
     SECRET, HF_ESYNTAX, "can be read"},
    {"no passphrase", WHOLE(PEM_P256_SCRYPT), NONE, HF_EINVAL,
     "no passphrase is given"},
    {"no passphrase, old encryption", WHOLE(PEM_RSA_OLD), NONE, HF_EINVAL,
     "no passphrase is given"},
    {"wrong passphrase, PBKDF2", WHOLE(PEM_P256_PBKDF2), WHOLE("Secret"),
     HF_EINVAL, "passphrase is wrong"},
    {"wrong passphrase, scrypt", WHOLE(PEM_P256_SCRYPT), WHOLE("secret "),
     HF_EINVAL, "passphrase is wrong"},
    {"wrong passphrase, old encryption", WHOLE(PEM_RSA_OLD), WHOLE("x"),
     HF_EINVAL, "passphrase is wrong"},
    /* What comes out has good padding by chance. */
    {"wrong passphrase, PBKDF2, lucky", WHOLE(PEM_P256_PBKDF2), WHOLE("71"),
     HF_EINVAL, "passphrase is wrong"},
    {"wrong passphrase, old encryption, lucky", WHOLE(PEM_RSA_OLD), WHOLE("18"),
     HF_EINVAL, "passphrase is wrong"},
    {"2,000,001 iterations", WHOLE(PEM_P256_SLOW), SECRET, HF_EINVAL,
     "more work"},
    {"scrypt, 129 times in a row", WHOLE(PEM_P256_SLOW_SCRYPT), SECRET,
     HF_EINVAL, "more work"},
    {"PBES1", WHOLE(PEM_P256_PBES1), SECRET, HF_EINVAL, "no longer used"},
    {"DES", WHOLE(PEM_P256_DES), SECRET, HF_EINVAL, "no longer used"},
    {"public", WHOLE(PEM_P256_PUBLIC), NONE, HF_EINVAL, "public key"},
    {"halves that do not fit", WHOLE(PEM_P256_MISMATCH), NONE, HF_EINVAL,
     "does not fit"},
    {"P-521", WHOLE(PEM_P521), NONE, HF_EINVAL, "curve"},
    {"secp256k1", WHOLE(PEM_SECP256K1), NONE, HF_EINVAL, "curve"},
    {"RSA 1024", WHOLE(PEM_RSA1024), NONE, HF_EINVAL, "less than 2048"},
    {"RSA 2304", WHOLE(PEM_RSA2304), NONE, HF_EINVAL, "3072 or 4096"},
    {"X25519", WHOLE(PEM_X25519), NONE, HF_EINVAL, "no use for"},
    {"Ed448", WHOLE(PEM_ED448), NONE, HF_EINVAL, "no use for"},
    {"DSA", WHOLE(PEM_DSA), NONE, HF_EINVAL, "no use for"},
    {"DSA, its own form",
     WHOLE("-----BEGIN DSA PRIVATE KEY-----\nAAAA\n"
           "-----END DSA PRIVATE KEY-----\n"),
     NONE, HF_EINVAL, "DSA"},
    {"OpenSSH", WHOLE(PEM_OPENSSH), NONE, HF_EINVAL, "ssh-keygen"},
    {"a TPM's",
     WHOLE("-----BEGIN TSS2 PRIVATE KEY-----\nAAAA\n"
           "-----END TSS2 PRIVATE KEY-----\n"),
     NONE, HF_EINVAL, "not known here"},
};

static void refusals(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        struct hf_private_key *key = NULL;
        struct hf_why why = {0};
        enum hf_err err =
            hf_private_key_read(bad[i].pem, bad[i].pass, &key, &why);

        if (err != bad[i].err || strstr(why.text, bad[i].says) == NULL)
            fail_msg("%s: %d, %s", bad[i].name, (int)err,
                     why.text == NULL ? "nothing" : why.text);
        assert_null(key);
        assert_int_equal(hf_private_key_wrong_passphrase(err, &why),
                         strcmp(bad[i].says, "passphrase is wrong") == 0);
    }
}

static void asks_for_a_passphrase(void **state)
{
    (void)state;
    assert_true(hf_private_key_is_encrypted(HF_SPAN(PEM_P256_SCRYPT)));
    assert_true(hf_private_key_is_encrypted(HF_SPAN(PEM_P256_PBES1)));
    assert_true(hf_private_key_is_encrypted(HF_SPAN(PEM_RSA_OLD)));
    assert_false(hf_private_key_is_encrypted(HF_SPAN(PEM_RSA_PKCS1)));
    assert_false(hf_private_key_is_encrypted(HF_SPAN(PEM_P256_PUBLIC)));
    assert_false(hf_private_key_is_encrypted(HF_SPAN("")));
}

static void limits(void **state)
{
    static const char long_text[HF_KEY_PEM_MAX + 1];
    struct hf_private_key *key = NULL;
    struct hf_buf pem = {0};

    (void)state;
    assert_int_equal(
        hf_private_key_read((struct hf_span){long_text, sizeof(long_text)},
                            HF_SPAN(""), &key, NULL),
        HF_ELIMIT);
    assert_false(hf_private_key_is_encrypted(
        (struct hf_span){long_text, sizeof(long_text)}));
    assert_int_equal(
        hf_private_key_read(HF_SPAN(PEM_P256_SCRYPT),
                            (struct hf_span){long_text, HF_PASSPHRASE_MAX + 1},
                            &key, NULL),
        HF_ELIMIT);
    assert_int_equal(
        hf_private_key_from_jwk((struct hf_span){long_text, sizeof(long_text)},
                                &key, NULL),
        HF_ELIMIT);
    assert_null(key);
    key = read_key(HF_SPAN(PEM_ED25519), HF_SPAN(""));
    assert_int_equal(
        hf_private_key_write(key,
                             (struct hf_span){long_text, HF_PASSPHRASE_MAX + 1},
                             &pem, NULL),
        HF_ELIMIT);
    assert_int_equal(hf_private_key_write(key, HF_SPAN(""), &pem, NULL),
                     HF_ELIMIT); /* no room */
    hf_buf_clear(&pem);
    assert_int_equal(hf_private_key_to_jwk(key, &pem, NULL), HF_ELIMIT);
    hf_private_key_free(key);
}

/* ---- making and writing ---- */

static const struct {
    enum hf_key_kind kind;
    const char *name;
} kinds[HF_KEY_KIND_COUNT] = {
    {HF_KEY_P256, "p256"},       {HF_KEY_P384, "p384"},
    {HF_KEY_ED25519, "ed25519"}, {HF_KEY_RSA2048, "rsa2048"},
    {HF_KEY_RSA3072, "rsa3072"}, {HF_KEY_RSA4096, "rsa4096"},
};

static void comes_back(const struct hf_private_key *key, struct hf_span pass,
                       const char *label)
{
    struct hf_private_key *again;
    struct hf_buf pem;

    hf_buf_init_grow(&pem, 65536);
    assert_int_equal(hf_private_key_write(key, pass, &pem, NULL), HF_OK);
    assert_true(hf_span_starts(hf_buf_span(&pem), hf_span_str(label)));
    assert_int_equal(hf_private_key_is_encrypted(hf_buf_span(&pem)),
                     pass.len > 0);
    again = read_key(hf_buf_span(&pem), pass);
    assert_int_equal(hf_private_key_kind(key), hf_private_key_kind(again));
    assert_true(is_same(key, again));
    hf_private_key_free(again);
    hf_buf_clear_wiped(&pem);
}

static void comes_back_as_jwk(const struct hf_private_key *key)
{
    struct hf_private_key *again = NULL;
    struct hf_buf jwk;

    hf_buf_init_grow(&jwk, HF_PRIVATE_JWK_MAX);
    assert_int_equal(hf_private_key_to_jwk(key, &jwk, NULL), HF_OK);
    assert_int_equal(hf_private_key_from_jwk(hf_buf_span(&jwk), &again, NULL),
                     HF_OK);
    assert_true(is_same(key, again));
    hf_private_key_free(again);
    hf_buf_clear_wiped(&jwk);
}

/* REQ CLI-23: a key can be kept encrypted. */
static void every_kind(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(kinds); i++) {
        struct hf_private_key *key = NULL;
        enum hf_key_kind found = HF_KEY_P256;

        assert_string_equal(hf_key_kind_name(kinds[i].kind), kinds[i].name);
        assert_true(hf_key_kind_find(hf_span_str(kinds[i].name), &found));
        assert_int_equal(found, kinds[i].kind);
        assert_int_equal(hf_private_key_generate(kinds[i].kind, &key, NULL),
                         HF_OK);
        assert_int_equal(hf_private_key_kind(key), kinds[i].kind);
        comes_back(key, HF_SPAN(""), "-----BEGIN PRIVATE KEY-----\n");
        comes_back(key, HF_SPAN("pass phrase"),
                   "-----BEGIN ENCRYPTED PRIVATE KEY-----\n");
        comes_back_as_jwk(key);
        hf_private_key_free(key);
    }
    assert_false(hf_key_kind_find(HF_SPAN("rsa"), &(enum hf_key_kind){0}));
}

static void no_two_are_alike(void **state)
{
    struct hf_private_key *a = NULL;
    struct hf_private_key *b = NULL;

    (void)state;
    assert_int_equal(hf_private_key_generate(HF_KEY_P256, &a, NULL), HF_OK);
    assert_int_equal(hf_private_key_generate(HF_KEY_P256, &b, NULL), HF_OK);
    assert_false(is_same(a, b));
    hf_private_key_free(a);
    hf_private_key_free(b);
    hf_private_key_free(NULL);
}

/* ---- JWK ---- */

static const struct {
    const char *name;
    struct hf_span json;
    struct hf_span want; /* as it is written again */
} good_jwks[] = {
    {"RSA", WHOLE(RSA_JWK), WHOLE(RSA_JWK)},
    {"RSA without its primes", WHOLE(RSA_SHORT_JWK), WHOLE(RSA_JWK)},
    {"RSA with lies about its primes",
     WHOLE("{\"kty\":\"RSA\",\"n\":\"" A2_N "\",\"e\":\"" A2_E
           "\",\"d\":\"" A2_D "\",\"p\":\"AQAB\",\"q\":\"AQAB\","
           "\"dp\":\"AQAB\",\"dq\":\"AQAB\",\"qi\":\"AQAB\"}"),
     WHOLE(RSA_JWK)},
    {"P-256", WHOLE(P256_JWK), WHOLE(P256_JWK)},
    {"Ed25519, as RFC 8037 A.1 writes it",
     WHOLE("{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\n\"d\":\"" ED_D
           "\",\n\"x\":\"" ED_X "\"}"),
     WHOLE(ED_JWK)},
};

static void reads_jwk(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(good_jwks); i++) {
        struct hf_private_key *key = NULL;
        struct hf_why why = {0};
        struct hf_buf jwk;

        if (hf_private_key_from_jwk(good_jwks[i].json, &key, &why) != HF_OK)
            fail_msg("%s: %s", good_jwks[i].name, why.text);
        hf_buf_init_grow(&jwk, HF_PRIVATE_JWK_MAX);
        assert_int_equal(hf_private_key_to_jwk(key, &jwk, NULL), HF_OK);
        assert_span_equal(hf_buf_span(&jwk), good_jwks[i].want);
        hf_buf_clear_wiped(&jwk);
        hf_private_key_free(key);
    }
}

#define EC(x, y, d)                                                            \
    "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" x "\",\"y\":\"" y             \
    "\",\"d\":\"" d "\"}"
#define OKP(x, d)                                                              \
    "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"" x "\",\"d\":\"" d "\"}"
#define RSA(n, e, d)                                                           \
    "{\"kty\":\"RSA\",\"n\":\"" n "\",\"e\":\"" e "\",\"d\":\"" d "\"}"

static const struct {
    const char *name;
    struct hf_span json;
    enum hf_err err;
    const char *says;
} bad_jwks[] = {
    {"empty", NONE, HF_ESYNTAX, "not a JWK"},
    {"an array", WHOLE("[]"), HF_ESYNTAX, "not a JWK"},
    {"a member twice", WHOLE("{\"kty\":\"EC\",\"kty\":\"EC\"}"), HF_ESYNTAX,
     "not a JWK"},
    {"public EC",
     WHOLE("{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" P256_X
           "\",\"y\":\"" P256_Y "\"}"),
     HF_EINVAL, "public key only"},
    {"unknown kty", WHOLE("{\"kty\":\"oct\",\"k\":\"AAAA\",\"d\":\"AAAA\"}"),
     HF_EINVAL, "none of them"},
    {"unknown curve",
     WHOLE("{\"kty\":\"EC\",\"crv\":\"secp256k1\",\"x\":\"" P256_X
           "\",\"y\":\"" P256_Y "\",\"d\":\"" P256_D "\"}"),
     HF_EINVAL, "none of them"},
    {"x is not on the curve", WHOLE(EC(P256_Y, P256_Y, P256_D)), HF_EINVAL,
     "no private key"},
    {"short d", WHOLE(EC(P256_X, P256_Y, "AQAB")), HF_EINVAL, "no private key"},
    {"d of another key", WHOLE(EC(P256_X, P256_Y, ED_D)), HF_EINVAL,
     "does not fit"},
    {"Ed25519, x of another key", WHOLE(OKP(P256_X, ED_D)), HF_EINVAL,
     "no private key"},
    {"Ed25519, short d", WHOLE(OKP(ED_X, "AQAB")), HF_EINVAL, "no private key"},
    {"padding", WHOLE(OKP(ED_X, ED_D "=")), HF_EINVAL, "no private key"},
    {"RSA, d of another key", WHOLE(RSA(A2_N, A2_E, A2_N)), HF_EINVAL,
     "no private key"},
    {"RSA, another e", WHOLE(RSA(A2_N, "Aw", A2_D)), HF_EINVAL,
     "no private key"},
    {"RSA, n is a prime", WHOLE(RSA(A2_P, A2_E, A2_D)), HF_EINVAL,
     "no private key"},
    {"RSA, d is 1", WHOLE(RSA(A2_N, A2_E, "AQ")), HF_EINVAL, "no private key"},
    {"RSA, d and e are 1", WHOLE(RSA(A2_N, "AQ", "AQ")), HF_EINVAL,
     "no private key"},
    {"RSA, n is even", WHOLE(RSA("0000000", A2_E, A2_D)), HF_EINVAL,
     "no private key"},
    {"RSA of 6 bits", WHOLE(RSA("Iw", "BQ", "BQ")), HF_EINVAL, ""},
};

static void refuses_jwk(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(bad_jwks); i++) {
        struct hf_private_key *key = NULL;
        struct hf_why why = {0};
        enum hf_err err = hf_private_key_from_jwk(bad_jwks[i].json, &key, &why);

        if (err != bad_jwks[i].err ||
            strstr(why.text, bad_jwks[i].says) == NULL)
            fail_msg("%s: %d, %s", bad_jwks[i].name, (int)err,
                     why.text == NULL ? "nothing" : why.text);
        assert_null(key);
    }
}

/* One base in two finds the primes; here the first two do not. */
static void stubborn_primes(void **state)
{
    struct hf_private_key *key = NULL;
    struct hf_buf jwk;

    (void)state;
    hf_buf_init_grow(&jwk, HF_PRIVATE_JWK_MAX);
    assert_int_equal(hf_private_key_from_jwk(
                         HF_SPAN("{\"kty\":\"RSA\",\"n\":\"" STUBBORN_N
                                 "\",\"e\":\"AQAB\",\"d\":\"" STUBBORN_D "\"}"),
                         &key, NULL),
                     HF_OK);
    assert_int_equal(hf_private_key_to_jwk(key, &jwk, NULL), HF_OK);
    hf_buf_putc(&jwk, '\0');
    assert_non_null(
        strstr(jwk.ptr, "\"p\":\"" STUBBORN_P "\",\"q\":\"" STUBBORN_Q "\","));
    hf_buf_clear_wiped(&jwk);
    hf_private_key_free(key);
}

/* ---- allocations ---- */

static enum hf_err round_trip(void)
{
    struct hf_private_key *key = NULL;
    struct hf_signer signer = {0};
    struct hf_buf out;
    enum hf_err err;

    hf_buf_init_grow(&out, 65536);
    err = hf_private_key_generate(HF_KEY_ED25519, &key, NULL);
    if (err == HF_OK)
        err = hf_private_key_write(key, HF_SPAN(""), &out, NULL);
    hf_private_key_free(key);
    key = NULL;
    if (err == HF_OK)
        err = hf_private_key_read(hf_buf_span(&out), HF_SPAN(""), &key, NULL);
    if (err == HF_OK)
        err = hf_private_key_signer(key, &signer, NULL);
    hf_signer_clear(&signer);
    hf_private_key_free(key);
    hf_buf_clear_wiped(&out);
    return err;
}

static void every_allocation_fails(void **state)
{
    enum hf_err err = HF_ENOMEM;
    long n = 0;

    (void)state;
    for (; err != HF_OK; n++) {
        hf_alloc_fail_after(n, true);
        err = round_trip();
        hf_alloc_fail_after(-1, false);
        assert_true(err == HF_OK || err == HF_ENOMEM || err == HF_ELIMIT);
        assert_true(n < 20);
    }
    assert_true(n > 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads),
        cmocka_unit_test(refusals),
        cmocka_unit_test(asks_for_a_passphrase),
        cmocka_unit_test(limits),
        cmocka_unit_test(every_kind),
        cmocka_unit_test(no_two_are_alike),
        cmocka_unit_test(reads_jwk),
        cmocka_unit_test(refuses_jwk),
        cmocka_unit_test(stubborn_primes),
        cmocka_unit_test(every_allocation_fails),
    };

    /* As the process that has the key of an account does. */
    hf_openssl_start(true);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
