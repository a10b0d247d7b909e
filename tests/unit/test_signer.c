/* SPDX-License-Identifier: Apache-2.0 */
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "base/base64.h"
#include "crypto/private_key.h"
#include "crypto/signer.h"
#include "tests/unit/key_fixture.h"
#include "tests/unit/unit.h"

/* The signing input of RFC 7515 A.2 and A.3, behind the header. */
#define CLAIMS                                                                 \
    ".eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFt"        \
    "cGxlLmNvbS9pc19yb290Ijp0cnVlfQ"

static struct hf_signer signer_of(const char *pem)
{
    struct hf_private_key *key = NULL;
    struct hf_signer signer = {0};

    assert_int_equal(
        hf_private_key_read(hf_span_str(pem), HF_SPAN(""), &key, NULL), HF_OK);
    assert_int_equal(hf_private_key_signer(key, &signer, NULL), HF_OK);
    hf_private_key_free(key); /* the signer has its own reference */
    return signer;
}

static size_t sign(const struct hf_signer *signer, struct hf_span data,
                   char room[HF_SIGNATURE_MAX])
{
    struct hf_why why = {0};
    struct hf_buf out;

    hf_buf_init(&out, room, HF_SIGNATURE_MAX);
    if (signer->sign(signer->state, data, &out, &why) != HF_OK)
        fail_msg("%s", why.text);
    return out.len;
}

static const struct {
    const char *pem;
    enum hf_sig_alg alg;
    const char *thumbprint;
    struct hf_span data;
    const char *signature; /* where there is only one: base64url */
} vectors[] = {
    {PEM_RSA_PKCS1, HF_RS256, "IsUn6_e04MaShXFIISMp4kG62LWzMIPy_MvSA5pJgX8",
     HF_SPAN_INIT("eyJhbGciOiJSUzI1NiJ9" CLAIMS),
     "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7"
     "AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4"
     "BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K"
     "0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqv"
     "hJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrB"
     "p0igcN_IoypGlUPQGe77Rw"},
    {PEM_P256_SEC1, HF_ES256, "oKIywvGUpTVTyxMQ3bwIIeQUudfr_CkLMjCE19ECD-U",
     HF_SPAN_INIT("eyJhbGciOiJFUzI1NiJ9" CLAIMS), NULL},
    {PEM_P384, HF_ES384, NULL, HF_SPAN_INIT("eyJhbGciOiJFUzM4NCJ9" CLAIMS),
     NULL},
    {PEM_ED25519, HF_EDDSA, "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k",
     HF_SPAN_INIT("eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc"),
     "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5B"
     "hVsPt9g7sVvpAr_MuM0KAg"},
};

/* RFC 7515 A.2, RFC 8037 A.3 and A.4: the signature has one value. */
static void published_signatures(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(vectors); i++) {
        struct hf_signer signer = signer_of(vectors[i].pem);
        char text[HF_BASE64URL_LEN(HF_SIGNATURE_MAX)];
        char room[HF_SIGNATURE_MAX];
        size_t len = sign(&signer, vectors[i].data, room);

        assert_int_equal(signer.alg, vectors[i].alg);
        if (vectors[i].thumbprint != NULL)
            assert_span_equal(hf_signer_thumbprint(&signer),
                              hf_span_str(vectors[i].thumbprint));
        if (vectors[i].signature != NULL) {
            hf_base64url((struct hf_span){room, len}, text);
            assert_span_equal(((struct hf_span){text, HF_BASE64URL_LEN(len)}),
                              hf_span_str(vectors[i].signature));
        }
        hf_signer_clear(&signer);
        hf_signer_clear(&signer);
    }
}

/* r and s of JWS as OpenSSL wants them, in DER. */
static int to_der(const char *halves, size_t len, unsigned char *out)
{
    ECDSA_SIG *pair = ECDSA_SIG_new();
    const unsigned char *at = (const unsigned char *)halves;
    int half = (int)len / 2;
    int size;

    assert_int_equal(ECDSA_SIG_set0(pair, BN_bin2bn(at, half, NULL),
                                    BN_bin2bn(at + half, half, NULL)),
                     1);
    size = i2d_ECDSA_SIG(pair, &out);
    ECDSA_SIG_free(pair);
    return size;
}

static bool openssl_agrees(const char *pem, const EVP_MD *md,
                           struct hf_span data, const char *halves, size_t len)
{
    BIO *bio = BIO_new_mem_buf(pem, -1);
    EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    unsigned char der[160];
    int size = to_der(halves, len, der);
    bool good =
        EVP_DigestVerifyInit(ctx, NULL, md, NULL, key) == 1 &&
        EVP_DigestVerify(ctx, der, (size_t)size,
                         (const unsigned char *)data.ptr, data.len) == 1;

    EVP_MD_CTX_free(ctx);
    EVP_PKEY_free(key);
    BIO_free(bio);
    return good;
}

/* RFC 7518 3.4: both halves in full length, also when one begins with a zero
 * octet, as one in 128 does. */
static void ecdsa(void **state)
{
    static const struct {
        const char *pem;
        size_t len;
        const EVP_MD *(*md)(void);
    } cases[] = {
        {PEM_P256_SEC1, 64, EVP_sha256},
        {PEM_P384, 96, EVP_sha384},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct hf_signer signer = signer_of(cases[i].pem);

        for (int n = 0; n < 300; n++) {
            char room[HF_SIGNATURE_MAX];
            struct hf_span data = {(const char *)&n, sizeof(n)};

            assert_int_equal(sign(&signer, data, room), cases[i].len);
            assert_true(openssl_agrees(cases[i].pem, cases[i].md(), data, room,
                                       cases[i].len));
        }
        hf_signer_clear(&signer);
    }
}

/* RFC 7515 A.3: its signature, verified as ours are, so that our test has
 * the order of the halves right. */
static void published_ecdsa(void **state)
{
    static const char text[] =
        "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSA"
        "pmWQxfKTUJqPP3-Kg6NU1Q";
    unsigned char halves[64];

    (void)state;
    assert_true(hf_base64url_decode(hf_span_str(text), halves));
    assert_true(openssl_agrees(PEM_P256_SEC1, EVP_sha256(),
                               HF_SPAN("eyJhbGciOiJFUzI1NiJ9" CLAIMS),
                               (const char *)halves, sizeof(halves)));
}

static void public_jwk(void **state)
{
    struct hf_signer signer = signer_of(PEM_ED25519);

    (void)state;
    assert_span_equal(
        hf_signer_jwk(&signer),
        HF_SPAN("{\"crv\":\"Ed25519\",\"kty\":\"OKP\","
                "\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}"));
    hf_signer_clear(&signer);
}

static void largest_key(void **state)
{
    struct hf_private_key *key = NULL;
    struct hf_signer signer = {0};
    char room[HF_SIGNATURE_MAX];

    (void)state;
    assert_int_equal(hf_private_key_generate(HF_KEY_RSA4096, &key, NULL),
                     HF_OK);
    assert_int_equal(hf_private_key_signer(key, &signer, NULL), HF_OK);
    assert_int_equal(sign(&signer, HF_SPAN("x"), room), HF_SIGNATURE_MAX);
    hf_signer_clear(&signer);
    hf_private_key_free(key);
}

static void no_room(void **state)
{
    struct hf_signer signer = signer_of(PEM_ED25519);
    char room[63];
    struct hf_buf out;

    (void)state;
    hf_buf_init(&out, room, sizeof(room));
    assert_int_equal(signer.sign(signer.state, HF_SPAN("x"), &out, NULL),
                     HF_ELIMIT);
    assert_int_equal(out.len, 0);
    hf_signer_clear(&signer);
}

static void names(void **state)
{
    static const char *const want[] = {"ES256", "ES384", "EdDSA", "RS256"};
    enum hf_sig_alg alg = HF_ES256;

    (void)state;
    for (unsigned i = 0; i < HF_SIG_ALG_COUNT; i++) {
        assert_string_equal(hf_sig_alg_name((enum hf_sig_alg)i), want[i]);
        assert_true(hf_sig_alg_find(hf_span_str(want[i]), &alg));
        assert_int_equal(alg, i);
    }
    assert_false(hf_sig_alg_find(HF_SPAN("none"), &alg));
    assert_false(hf_sig_alg_find(HF_SPAN("es256"), &alg));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(published_signatures),
        cmocka_unit_test(ecdsa),
        cmocka_unit_test(published_ecdsa),
        cmocka_unit_test(public_jwk),
        cmocka_unit_test(largest_key),
        cmocka_unit_test(no_room),
        cmocka_unit_test(names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
