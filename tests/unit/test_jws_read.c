/* SPDX-License-Identifier: Apache-2.0 */
#include "base/base64.h"
#include "crypto/jws_read.h"
#include "crypto/private_key.h"
#include "tests/unit/unit.h"

#define URL "https://ca.example/new-order"
#define KID "https://ca.example/acct/1"

static char room[HF_JWS_BODY_MAX + 16];
static struct hf_buf body;

static void put_base64(const char *text)
{
    struct hf_span data = hf_span_str(text);
    char *to = hf_buf_reserve(&body, HF_BASE64URL_LEN(data.len));

    hf_base64url(data, to);
    body.len += HF_BASE64URL_LEN(data.len);
}

/* A request with this header and payload, and a signature that is none. */
static struct hf_span made_of(const char *header, const char *payload)
{
    hf_buf_init(&body, room, sizeof(room));
    hf_buf_puts(&body, "{\"protected\":\"");
    put_base64(header);
    hf_buf_puts(&body, "\",\"payload\":\"");
    put_base64(payload);
    hf_buf_puts(&body, "\",\"signature\":\"AAAA\"}");
    return hf_buf_span(&body);
}

static void signed_by(enum hf_key_kind kind)
{
    struct hf_jws_header header = {HF_SPAN(URL), HF_SPAN("n1"), HF_SPAN(KID)};
    struct hf_private_key *private_key;
    struct hf_public_key *key;
    struct hf_signer signer;
    struct hf_jws jws;

    assert_int_equal(hf_private_key_generate(kind, &private_key, NULL), HF_OK);
    assert_int_equal(hf_private_key_signer(private_key, &signer, NULL), HF_OK);
    assert_int_equal(hf_public_key_read(hf_signer_jwk(&signer), &key, NULL),
                     HF_OK);
    assert_span_equal(hf_public_key_jwk(key), hf_signer_jwk(&signer));
    assert_span_equal(hf_public_key_thumbprint(key),
                      hf_signer_thumbprint(&signer));
    hf_buf_init(&body, room, sizeof(room));
    assert_int_equal(
        hf_jws_sign(&signer, &header, HF_SPAN("{\"a\":1}"), &body, NULL),
        HF_OK);
    assert_int_equal(hf_jws_read(hf_buf_span(&body), &jws, NULL), HF_OK);
    assert_span_equal(jws.alg, hf_span_str(hf_sig_alg_name(signer.alg)));
    assert_span_equal(jws.url, HF_SPAN(URL));
    assert_span_equal(jws.nonce, HF_SPAN("n1"));
    assert_span_equal(jws.kid, HF_SPAN(KID));
    assert_int_equal(jws.jwk.len, 0);
    assert_span_equal(jws.payload, HF_SPAN("{\"a\":1}"));
    assert_true(hf_jws_is_signed_by(&jws, key));

    /* One bit of either, or another algorithm, and it is not. */
    jws.block[jws.input.ptr - jws.block + 5] ^= 1;
    assert_false(hf_jws_is_signed_by(&jws, key));
    jws.block[jws.input.ptr - jws.block + 5] ^= 1;
    jws.block[jws.signature.ptr - jws.block + 20] ^= 1;
    assert_false(hf_jws_is_signed_by(&jws, key));
    jws.block[jws.signature.ptr - jws.block + 20] ^= 1;
    assert_true(hf_jws_is_signed_by(&jws, key));
    jws.alg = HF_SPAN("none");
    assert_false(hf_jws_is_signed_by(&jws, key));

    hf_jws_clear(&jws);
    hf_signer_clear(&signer);
    hf_public_key_free(key);
    hf_private_key_free(private_key);
}

static void every_kind_of_key(void **state)
{
    (void)state;
    for (unsigned kind = 0; kind < HF_KEY_KIND_COUNT; kind++)
        signed_by((enum hf_key_kind)kind);
}

static void the_key_itself(void **state)
{
    struct hf_jws jws;

    (void)state;
    assert_int_equal(
        hf_jws_read(made_of("{\"alg\":\"ES256\",\"jwk\":{\"kty\":\"EC\"},"
                            "\"url\":\"u\",\"unknown\":[1]}",
                            ""),
                    &jws, NULL),
        HF_OK);
    assert_span_equal(jws.jwk, HF_SPAN("{\"kty\":\"EC\"}"));
    assert_int_equal(jws.kid.len, 0);
    assert_int_equal(jws.nonce.len, 0);
    assert_int_equal(jws.payload.len, 0);
    hf_jws_clear(&jws);
    hf_jws_clear(&jws);
}

static void codes(void **state)
{
    const struct hf_eab eab = {HF_HS256, HF_SPAN("secret secret secret"),
                               HF_SPAN("kid-1")};
    const struct hf_span jwk = HF_SPAN("{\"kty\":\"EC\"}");
    struct hf_span whole;
    struct hf_jws jws;

    (void)state;
    hf_buf_init(&body, room, sizeof(room));
    assert_int_equal(hf_jws_bind(&eab, HF_SPAN(URL), jwk, &body, NULL), HF_OK);
    assert_int_equal(hf_jws_read(hf_buf_span(&body), &jws, NULL), HF_OK);
    assert_span_equal(jws.payload, jwk);
    assert_true(hf_jws_has_mac_of(&jws, eab.key));
    assert_false(hf_jws_has_mac_of(&jws, HF_SPAN("another key")));
    /* A part of the code is none. */
    whole = jws.signature;
    for (jws.signature.len = 0; jws.signature.len < whole.len;
         jws.signature.len++)
        assert_false(hf_jws_has_mac_of(&jws, eab.key));
    jws.alg = HF_SPAN("HS512");
    assert_false(hf_jws_has_mac_of(&jws, eab.key));
    jws.alg = HF_SPAN("ES256");
    assert_false(hf_jws_has_mac_of(&jws, eab.key));
    hf_jws_clear(&jws);
}

static void refused_headers(void **state)
{
    static const char *const headers[] = {
        "{}",
        "[]",
        "no json",
        "{\"kid\":\"k\",\"url\":\"u\"}",
        "{\"alg\":\"ES256\",\"kid\":\"k\"}",
        "{\"alg\":\"ES256\",\"url\":\"u\"}",
        "{\"alg\":\"ES256\",\"url\":\"u\",\"kid\":\"k\",\"jwk\":{}}",
        "{\"alg\":\"ES256\",\"url\":\"u\",\"jwk\":\"k\"}",
        "{\"alg\":\"ES256\",\"url\":\"u\",\"kid\":7}",
        "{\"alg\":\"ES256\",\"url\":\"u\",\"kid\":\"k\",\"kid\":\"l\"}",
        "{\"alg\":\"ES256\",\"url\":\"u v\",\"kid\":\"k\"}",
        "{\"alg\":\"ES256\",\"url\":\"u\\u0000\",\"kid\":\"k\"}",
        "{\"alg\":\"ES256\",\"url\":\"u\",\"kid\":\"k\",\"nonce\":\"\\n\"}",
        "{\"alg\":\"ES256\",\"url\":\"u\",\"kid\":\"k\",\"crit\":[]}",
        "{\"alg\":\"ES256\",\"url\":\"u\",\"kid\":\"k\",\"b64\":false}",
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(headers); i++) {
        struct hf_jws jws = {0};
        struct hf_why why = {0};

        if (hf_jws_read(made_of(headers[i], ""), &jws, &why) == HF_OK)
            fail_msg("accepted: %s", headers[i]);
        assert_non_null(why.text);
        assert_null(jws.block);
    }
}

#define HEADER "eyJhbGciOiJFUzI1NiIsImtpZCI6ImsiLCJ1cmwiOiJ1In0"

static void refused_bodies(void **state)
{
    static const char *const bodies[] = {
        "",
        "{",
        "\"" HEADER "..AAAA\"",
        "{\"payload\":\"\",\"signature\":\"AAAA\"}",
        "{\"protected\":\"" HEADER "\",\"signature\":\"AAAA\"}",
        "{\"protected\":\"" HEADER "\",\"payload\":\"\"}",
        "{\"protected\":\"" HEADER "\",\"payload\":\"\",\"signature\":\"\"}",
        "{\"protected\":\"" HEADER "\",\"payload\":1,\"signature\":\"AAAA\"}",
        "{\"protected\":\"" HEADER
        "\",\"payload\":\"\",\"signatures\":[],\"signature\":\"AAAA\"}",
        "{\"protected\":\"" HEADER
        "\",\"payload\":\"\",\"header\":{},\"signature\":\"AAAA\"}",
        "{\"protected\":\"" HEADER
        "\",\"payload\":\"\",\"payload\":\"\",\"signature\":\"AAAA\"}",
        "{\"protected\":\"" HEADER
        "=\",\"payload\":\"\",\"signature\":\"AAAA\"}",
        "{\"protected\":\"" HEADER
        "\",\"payload\":\"AAA=\",\"signature\":\"AAAA\"}",
        "{\"protected\":\"" HEADER
        "\",\"payload\":\"A+AA\",\"signature\":\"AAAA\"}",
        "{\"protected\":\"" HEADER "\",\"payload\":\"\",\"signature\":\"AB\"}",
    };
    struct hf_jws jws = {0};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(bodies); i++) {
        if (hf_jws_read(hf_span_str(bodies[i]), &jws, NULL) == HF_OK)
            fail_msg("accepted: %s", bodies[i]);
        assert_null(jws.block);
    }
    assert_int_equal(
        hf_jws_read(
            HF_SPAN("{\"protected\":\"" HEADER
                    "\",\"payload\":\"\",\"signature\":\"AA\",\"more\":1}"),
            &jws, NULL),
        HF_OK);
    hf_jws_clear(&jws);
    memset(room, ' ', sizeof(room));
    assert_int_equal(
        hf_jws_read((struct hf_span){room, sizeof(room)}, &jws, NULL),
        HF_ELIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_of_key),
        cmocka_unit_test(the_key_itself),
        cmocka_unit_test(codes),
        cmocka_unit_test(refused_headers),
        cmocka_unit_test(refused_bodies),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
