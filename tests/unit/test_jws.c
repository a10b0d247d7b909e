/* SPDX-License-Identifier: Apache-2.0 */
#include <jansson.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "base/alloc.h"
#include "base/base64.h"
#include "crypto/hmac.h"
#include "crypto/jws.h"
#include "crypto/private_key.h"
#include "tests/unit/key_fixture.h"
#include "tests/unit/unit.h"

#define NEW_ACCOUNT "https://ca.example/acme/new-account"
#define ACCOUNT     "https://ca.example/acme/acct/1"
#define KEY_CHANGE  "https://ca.example/acme/key-change"

/* What another program makes of the same keys and texts: Ed25519 and HMAC
 * leave nothing to chance. */
static const char with_jwk[] =
    "{\"protected\":\"eyJhbGciOiJFZERTQSIsImp3ayI6eyJjcnYiOiJFZDI1NTE"
    "5Iiwia3R5IjoiT0tQIiwieCI6IjExcVlBWUt4Q3JmVlNfN1R5V1FIT2c3aGN2UGF"
    "waU1scndJYWFQY0hVUm8ifSwibm9uY2UiOiJuMC1fIiwidXJsIjoiaHR0cHM6Ly9"
    "jYS5leGFtcGxlL2FjbWUvbmV3LWFjY291bnQifQ\",\"payload\":\"eyJ0ZXJt"
    "c09mU2VydmljZUFncmVlZCI6dHJ1ZX0\",\"signature\":\"CeZOEbFIm-cqdc"
    "rysGTYiqKyKioUQJDuiyaIPro1et_YeDCa2yOOkIAJ6rh7VMFaSP9GjDyP6-SR5d"
    "Cw8VGKAQ\"}";

static const char with_kid[] =
    "{\"protected\":\"eyJhbGciOiJFZERTQSIsImtpZCI6Imh0dHBzOi8vY2EuZXh"
    "hbXBsZS9hY21lL2FjY3QvMSIsIm5vbmNlIjoibjAtXyIsInVybCI6Imh0dHBzOi8"
    "vY2EuZXhhbXBsZS9hY21lL2FjY3QvMSJ9\",\"payload\":\"\",\"signature"
    "\":\"JM3CnBxOZHDlhjsuAOnX-xlviKbFMQn-aVMG_oJd6wL_mpTlpOLE8c50jaT"
    "kK2UKiJ5JCBGmS_2czle4qdZhDw\"}";

static const char key_change[] =
    "{\"protected\":\"eyJhbGciOiJFZERTQSIsImp3ayI6eyJjcnYiOiJFZDI1NTE"
    "5Iiwia3R5IjoiT0tQIiwieCI6IjExcVlBWUt4Q3JmVlNfN1R5V1FIT2c3aGN2UGF"
    "waU1scndJYWFQY0hVUm8ifSwidXJsIjoiaHR0cHM6Ly9jYS5leGFtcGxlL2FjbWU"
    "va2V5LWNoYW5nZSJ9\",\"payload\":\"eyJhY2NvdW50IjoiaHR0cHM6Ly9jYS"
    "5leGFtcGxlL2FjbWUvYWNjdC8xIiwib2xkS2V5Ijp7ImNydiI6IlAtMjU2Iiwia3"
    "R5IjoiRUMiLCJ4IjoiZjgzT0ozRDJ4RjFCZzh2dWI5dExlMWdITXpWNzZlOFR1cz"
    "l1UEh2UlZFVSIsInkiOiJ4X0ZFelJ1OW0zNkhMTl90dWU2NTlMTnBYVzZwQ3lTdG"
    "lrWWpLSVdJNWEwIn19\",\"signature\":\"9CKpwMto_KR41eY2IirFripiKTD"
    "EXNos7kmZfWmErJw3hJTlfV9AP4oAbQYLvWHtJg2HNeCJAaYz1pqSLWzuDw\"}";

static const char bound_256[] =
    "{\"protected\":\"eyJhbGciOiJIUzI1NiIsImtpZCI6ImtpZC0xIiwidXJsIjo"
    "iaHR0cHM6Ly9jYS5leGFtcGxlL2FjbWUvbmV3LWFjY291bnQifQ\",\"payload"
    "\":\"eyJjcnYiOiJFZDI1NTE5Iiwia3R5IjoiT0tQIiwieCI6IjExcVlBWUt4Q3J"
    "mVlNfN1R5V1FIT2c3aGN2UGFwaU1scndJYWFQY0hVUm8ifQ\",\"signature\":"
    "\"t2DDFLhv13upE_WsbYIZlS5TefEkpSSiIaBKzIyW6qs\"}";

static const char bound_384[] =
    "{\"protected\":\"eyJhbGciOiJIUzM4NCIsImtpZCI6ImtpZC0xIiwidXJsIjo"
    "iaHR0cHM6Ly9jYS5leGFtcGxlL2FjbWUvbmV3LWFjY291bnQifQ\",\"payload"
    "\":\"eyJjcnYiOiJFZDI1NTE5Iiwia3R5IjoiT0tQIiwieCI6IjExcVlBWUt4Q3J"
    "mVlNfN1R5V1FIT2c3aGN2UGFwaU1scndJYWFQY0hVUm8ifQ\",\"signature\":"
    "\"cHq9RCOVTLLsUgwclguLnaOhHUWHSji8A0lDCuJf5uUCCNnGK3PGzpVWaGjSHd"
    "95\"}";

static const char bound_512[] =
    "{\"protected\":\"eyJhbGciOiJIUzUxMiIsImtpZCI6ImtpZC0xIiwidXJsIjo"
    "iaHR0cHM6Ly9jYS5leGFtcGxlL2FjbWUvbmV3LWFjY291bnQifQ\",\"payload"
    "\":\"eyJjcnYiOiJFZDI1NTE5Iiwia3R5IjoiT0tQIiwieCI6IjExcVlBWUt4Q3J"
    "mVlNfN1R5V1FIT2c3aGN2UGFwaU1scndJYWFQY0hVUm8ifQ\",\"signature\":"
    "\"gDJaLXwMHMKZ96rPgsX6khzWQw-0WWS_AQDIf2Mz52oqz_aclI6c_VcEDMjhWE"
    "rVo4GeD6gRbUxbEwgDru0zdA\"}";

static struct hf_signer signer_of(const char *pem)
{
    struct hf_private_key *key = NULL;
    struct hf_signer signer = {0};

    assert_int_equal(
        hf_private_key_read(hf_span_str(pem), HF_SPAN(""), &key, NULL), HF_OK);
    assert_int_equal(hf_private_key_signer(key, &signer, NULL), HF_OK);
    hf_private_key_free(key);
    return signer;
}

/* RFC 8555 6.2: "jwk" for newAccount, "kid" for the rest; 6.3: the payload of
 * a POST-as-GET is empty. */
static void exact_text(void **state)
{
    struct hf_signer signer = signer_of(PEM_ED25519);
    struct hf_jws_header header = {.url = HF_SPAN(NEW_ACCOUNT),
                                   .nonce = HF_SPAN("n0-_")};
    struct hf_buf out;

    (void)state;
    hf_buf_init_grow(&out, 4096);
    assert_int_equal(hf_jws_sign(&signer, &header,
                                 HF_SPAN("{\"termsOfServiceAgreed\":true}"),
                                 &out, NULL),
                     HF_OK);
    assert_span_equal(hf_buf_span(&out), hf_span_str(with_jwk));
    hf_buf_reset(&out);
    header.kid = HF_SPAN(ACCOUNT);
    header.url = HF_SPAN(ACCOUNT);
    assert_int_equal(hf_jws_sign(&signer, &header, HF_SPAN(""), &out, NULL),
                     HF_OK);
    assert_span_equal(hf_buf_span(&out), hf_span_str(with_kid));
    hf_buf_clear(&out);
    hf_signer_clear(&signer);
}

/* RFC 8555 7.3.5; REQ CLI-39: signed by the new key, without a nonce. */
static void inner_of_key_change(void **state)
{
    struct hf_signer signer = signer_of(PEM_ED25519);
    struct hf_signer old = signer_of(PEM_P256_SEC1);
    struct hf_buf out;

    (void)state;
    hf_buf_init_grow(&out, 4096);
    assert_int_equal(hf_jws_key_change(&signer, HF_SPAN(KEY_CHANGE),
                                       HF_SPAN(ACCOUNT), hf_signer_jwk(&old),
                                       &out, NULL),
                     HF_OK);
    assert_span_equal(hf_buf_span(&out), hf_span_str(key_change));
    hf_buf_clear(&out);
    hf_signer_clear(&signer);
    hf_signer_clear(&old);
}

static const char hmac_key[32] = {1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11,
                                  12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22,
                                  23, 24, 25, 26, 27, 28, 29, 30, 31, 32};

static const struct {
    enum hf_mac_alg alg;
    const char *name;
    const char *want;
} bindings[] = {
    {HF_HS256, "HS256", bound_256},
    {HF_HS384, "HS384", bound_384},
    {HF_HS512, "HS512", bound_512},
};

/* RFC 8555 7.3.4; REQ CLI-41. */
static void external_account(void **state)
{
    struct hf_signer signer = signer_of(PEM_ED25519);
    struct hf_span secret = {hmac_key, sizeof(hmac_key)};
    struct hf_buf out;

    (void)state;
    hf_buf_init_grow(&out, 4096);
    for (size_t i = 0; i < COUNT_OF(bindings); i++) {
        struct hf_eab eab = {bindings[i].alg, secret, HF_SPAN("kid-1")};
        enum hf_mac_alg alg = HF_HS256;

        assert_string_equal(hf_mac_alg_name(eab.alg), bindings[i].name);
        assert_true(hf_mac_alg_find(hf_span_str(bindings[i].name), &alg));
        assert_int_equal(alg, eab.alg);
        hf_buf_reset(&out);
        assert_int_equal(hf_jws_bind(&eab, HF_SPAN(NEW_ACCOUNT),
                                     hf_signer_jwk(&signer), &out, NULL),
                         HF_OK);
        assert_span_equal(hf_buf_span(&out), hf_span_str(bindings[i].want));
    }
    assert_false(hf_mac_alg_find(HF_SPAN("HS1"), &(enum hf_mac_alg){0}));
    hf_buf_reset(&out);
    assert_int_equal(hf_jws_eab(secret, HF_SPAN("kid-1"), HF_SPAN(NEW_ACCOUNT),
                                hf_signer_jwk(&signer), &out, NULL),
                     HF_OK);
    assert_span_equal(hf_buf_span(&out), hf_span_str(bound_256));
    assert_int_equal(hf_jws_eab(HF_SPAN(""), HF_SPAN("kid-1"),
                                HF_SPAN(NEW_ACCOUNT), hf_signer_jwk(&signer),
                                &out, NULL),
                     HF_ELIMIT);
    assert_int_equal(hf_jws_eab(secret, HF_SPAN(""), HF_SPAN(NEW_ACCOUNT),
                                hf_signer_jwk(&signer), &out, NULL),
                     HF_EINVAL);
    assert_span_equal(hf_buf_span(&out), hf_span_str(bound_256));
    hf_buf_clear(&out);
    hf_signer_clear(&signer);
}

/* RFC 7515 A.1. */
static void published_hmac(void **state)
{
    static const char input[] =
        "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9"
        ".eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFt"
        "cGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
    static const char secret[] =
        "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0i"
        "PS4hcgUuTwjAzZr1Z9CAow";
    unsigned char octets[sizeof(secret)];
    unsigned char mac[HF_HMAC_MAX];
    struct hf_hmac *hmac = NULL;
    char text[HF_BASE64URL_LEN(32)];

    (void)state;
    assert_true(hf_base64url_decode(hf_span_str(secret), octets));
    assert_int_equal(hf_hmac_new("SHA256", (struct hf_span){(char *)octets, 64},
                                 &hmac, NULL),
                     HF_OK);
    hf_hmac_add(hmac, hf_span_str(input));
    assert_int_equal(hf_hmac_end(hmac, mac, NULL), HF_OK);
    hf_base64url((struct hf_span){(char *)mac, 32}, text);
    assert_span_equal(((struct hf_span){text, sizeof(text)}),
                      HF_SPAN("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"));
    hf_hmac_free(hmac);
}

/* ---- what OpenSSL says of ES256 ---- */

static size_t decode(json_t *jws, const char *member, unsigned char *out)
{
    json_t *value = json_object_get(jws, member);
    struct hf_span text = {json_string_value(value), json_string_length(value)};

    assert_true(hf_base64url_decode(text, out));
    return text.len * 3 / 4;
}

static bool verifies(const unsigned char *halves, const char *input)
{
    BIO *bio = BIO_new_mem_buf(PEM_P256_PUBLIC, -1);
    EVP_PKEY *key = PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    ECDSA_SIG *pair = ECDSA_SIG_new();
    unsigned char *der = NULL;
    bool good;
    int len;

    assert_int_equal(ECDSA_SIG_set0(pair, BN_bin2bn(halves, 32, NULL),
                                    BN_bin2bn(halves + 32, 32, NULL)),
                     1);
    len = i2d_ECDSA_SIG(pair, &der);
    good = EVP_DigestVerifyInit(ctx, NULL, EVP_sha256(), NULL, key) == 1 &&
           EVP_DigestVerify(ctx, der, (size_t)len, (const unsigned char *)input,
                            strlen(input)) == 1;
    OPENSSL_free(der);
    ECDSA_SIG_free(pair);
    EVP_MD_CTX_free(ctx);
    EVP_PKEY_free(key);
    BIO_free(bio);
    return good;
}

static void es256(void **state)
{
    struct hf_signer signer = signer_of(PEM_P256_SEC1);
    struct hf_jws_header header = {.url = HF_SPAN(NEW_ACCOUNT),
                                   .nonce = HF_SPAN("\"\\\xff"),
                                   .kid = HF_SPAN("k")};
    unsigned char octets[512];
    struct hf_buf input;
    struct hf_buf out;
    json_t *jws;

    (void)state;
    hf_buf_init_grow(&out, 4096);
    hf_buf_init_grow(&input, 4096);
    assert_int_equal(hf_jws_sign(&signer, &header, HF_SPAN("{}"), &out, NULL),
                     HF_OK);
    jws = json_loadb(out.ptr, out.len, 0, NULL);
    assert_int_equal(json_object_size(jws), 3);
    assert_span_equal(
        ((struct hf_span){(char *)octets, decode(jws, "protected", octets)}),
        HF_SPAN(
            "{\"alg\":\"ES256\",\"kid\":\"k\",\"nonce\":\"\\\"\\\\\\u00ff\","
            "\"url\":\"" NEW_ACCOUNT "\"}"));
    hf_buf_puts(&input, json_string_value(json_object_get(jws, "protected")));
    hf_buf_putc(&input, '.');
    hf_buf_puts(&input, json_string_value(json_object_get(jws, "payload")));
    hf_buf_putc(&input, '\0');
    assert_int_equal(decode(jws, "signature", octets), 64);
    assert_true(verifies(octets, input.ptr));
    input.ptr[0] = 'f';
    assert_false(verifies(octets, input.ptr));
    json_decref(jws);
    hf_buf_clear(&input);
    hf_buf_clear(&out);
    hf_signer_clear(&signer);
}

/* ---- limits and failures ---- */

static void too_long(void **state)
{
    static const char text[HF_JWS_PAYLOAD_MAX + 1];
    struct hf_span long_text = {text, HF_JWS_TEXT_MAX + 1};
    struct hf_signer signer = signer_of(PEM_ED25519);
    struct hf_jws_header header = {.url = {text, HF_JWS_TEXT_MAX},
                                   .nonce = {text, HF_JWS_TEXT_MAX},
                                   .kid = {text, HF_JWS_TEXT_MAX}};
    struct hf_span payload = {text, HF_JWS_PAYLOAD_MAX};
    struct hf_why why = {0};
    struct hf_buf out;

    (void)state;
    hf_buf_init_grow(&out, 1 << 21);
    assert_int_equal(hf_jws_sign(&signer, &header, payload, &out, NULL), HF_OK);
    hf_buf_reset(&out);
    payload.len++;
    assert_int_equal(hf_jws_sign(&signer, &header, payload, &out, &why),
                     HF_ELIMIT);
    assert_non_null(why.text);
    header.url = long_text;
    assert_int_equal(hf_jws_sign(&signer, &header, HF_SPAN(""), &out, NULL),
                     HF_ELIMIT);
    header.url = HF_SPAN("");
    header.nonce = long_text;
    assert_int_equal(hf_jws_sign(&signer, &header, HF_SPAN(""), &out, NULL),
                     HF_ELIMIT);
    header.nonce = HF_SPAN("");
    header.kid = long_text;
    assert_int_equal(hf_jws_sign(&signer, &header, HF_SPAN(""), &out, NULL),
                     HF_ELIMIT);
    assert_int_equal(hf_jws_key_change(&signer, HF_SPAN(""), long_text,
                                       HF_SPAN("{}"), &out, NULL),
                     HF_ELIMIT);
    assert_int_equal(hf_jws_key_change(&signer, HF_SPAN(""), HF_SPAN(""),
                                       long_text, &out, NULL),
                     HF_ELIMIT);
    assert_int_equal(hf_jws_eab(HF_SPAN("k"), HF_SPAN("k"), HF_SPAN(""),
                                long_text, &out, NULL),
                     HF_ELIMIT);
    assert_int_equal(out.len, 0);
    hf_buf_clear(&out);
    hf_signer_clear(&signer);
}

static void no_room(void **state)
{
    struct hf_signer signer = signer_of(PEM_ED25519);
    struct hf_jws_header header = {.kid = HF_SPAN("k")};
    char room[64] = "before";
    struct hf_buf out;

    (void)state;
    hf_buf_init(&out, room, sizeof(room));
    hf_buf_puts(&out, "before");
    assert_int_equal(hf_jws_sign(&signer, &header, HF_SPAN("{}"), &out, NULL),
                     HF_ELIMIT);
    assert_span_equal(hf_buf_span(&out), HF_SPAN("before"));
    hf_signer_clear(&signer);
}

static enum hf_err refuse(void *signer, struct hf_span data, struct hf_buf *out,
                          struct hf_why *why)
{
    (void)signer;
    (void)data;
    (void)out;
    return hf_fail(why, HF_EPEER, 0, "the token is gone");
}

/* A signer's own failure comes through. */
static void signer_refuses(void **state)
{
    struct hf_signer signer = {.sign = refuse};
    struct hf_jws_header header = {.kid = HF_SPAN("k")};
    struct hf_why why = {0};
    struct hf_buf out = {0};

    (void)state;
    assert_int_equal(hf_jws_sign(&signer, &header, HF_SPAN(""), &out, &why),
                     HF_EPEER);
    assert_string_equal(why.text, "the token is gone");
}

static enum hf_err all_three(const struct hf_signer *signer, struct hf_buf *out)
{
    struct hf_jws_header header = {.url = HF_SPAN(ACCOUNT)};
    enum hf_err err = hf_jws_sign(signer, &header, HF_SPAN("{}"), out, NULL);

    if (err == HF_OK)
        err = hf_jws_key_change(signer, HF_SPAN(KEY_CHANGE), HF_SPAN(ACCOUNT),
                                hf_signer_jwk(signer), out, NULL);
    if (err == HF_OK)
        err = hf_jws_eab(HF_SPAN("secret"), HF_SPAN("k"), HF_SPAN(NEW_ACCOUNT),
                         hf_signer_jwk(signer), out, NULL);
    return err;
}

static void allocations_fail(bool forever)
{
    struct hf_signer signer = signer_of(PEM_ED25519);
    char room[8192];
    enum hf_err err = HF_ENOMEM;
    long n = 0;

    for (; err != HF_OK; n++) {
        struct hf_buf out;

        hf_buf_init(&out, room, sizeof(room));
        hf_alloc_fail_after(n, forever);
        err = all_three(&signer, &out);
        hf_alloc_fail_after(-1, false);
        assert_true(err == HF_OK || err == HF_ENOMEM);
        assert_true(n < 50);
    }
    assert_true(n > 6);
    hf_signer_clear(&signer);
}

static void every_allocation_fails(void **state)
{
    (void)state;
    allocations_fail(true);
    allocations_fail(false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exact_text),
        cmocka_unit_test(inner_of_key_change),
        cmocka_unit_test(external_account),
        cmocka_unit_test(published_hmac),
        cmocka_unit_test(es256),
        cmocka_unit_test(too_long),
        cmocka_unit_test(no_room),
        cmocka_unit_test(signer_refuses),
        cmocka_unit_test(every_allocation_fails),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
