/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/jwk.h"
#include "tests/unit/unit.h"

/* Keys made for this test; their thumbprints were computed by another program
 * from the numbers that openssl prints. */
static const char rsa_pem[] =
    "-----BEGIN PUBLIC KEY-----\n"
    "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAtMh2qa12KDUapgqQD47d\n"
    "WgAjo3kFmThfTHwep/LsRn/CXKfjeIMl1GC+pqmx0AR7vDCip6rpe3edy53i5SCl\n"
    "75vdNElW0KUdtm/yjRpHOMFSkorsXDMamd59ot2mvWfhq5WYBjYORyrFy3Gn8Ybq\n"
    "ck4WCuqODMXmFZUSDkV4N/4ZpidyRJInA8a6n5kHA5QAN4vkWPGPf3zkH5zc3e2P\n"
    "1Ewbfu/86yJ2IRWXN63D3xMAkjhD73bhFB7KuKaw/EfbNETwbe59UIErNSS6DRq3\n"
    "ADX2DtZsHHiIVUWqHYoEj/BB+FqUzw7BU4td9cjHNzQ1mf/4386YrN5aZZnL3bCv\n"
    "aQIDAQAB\n"
    "-----END PUBLIC KEY-----\n";
static const char rsa_jwk[] =
    "{\"kty\":\"RSA\",\"e\":\"AQAB\",\"n\":\"tMh2qa12KDUapgqQD47d"
    "WgAjo3kFmThfTHwep_LsRn_CXKfjeIMl1GC-pqmx0AR7vDCip6rpe3edy53i"
    "5SCl75vdNElW0KUdtm_yjRpHOMFSkorsXDMamd59ot2mvWfhq5WYBjYORyrF"
    "y3Gn8Ybqck4WCuqODMXmFZUSDkV4N_4ZpidyRJInA8a6n5kHA5QAN4vkWPGP"
    "f3zkH5zc3e2P1Ewbfu_86yJ2IRWXN63D3xMAkjhD73bhFB7KuKaw_EfbNETw"
    "be59UIErNSS6DRq3ADX2DtZsHHiIVUWqHYoEj_BB-FqUzw7BU4td9cjHNzQ1"
    "mf_4386YrN5aZZnL3bCvaQ\"}";

static const char prime256v1_pem[] =
    "-----BEGIN PUBLIC KEY-----\n"
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEr4bB6KxXaZ89u0J1eYyxkyZqVF0w\n"
    "qbtNM34ZerPQf5Kt8ZdLPurGLQtCeqbYAfWMt59CwNxHzQ840MNYMD9jRg==\n"
    "-----END PUBLIC KEY-----\n";
static const char prime256v1_jwk[] =
    "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"r4bB6KxXaZ89u0J1eY"
    "yxkyZqVF0wqbtNM34ZerPQf5I\",\"y\":\"rfGXSz7qxi0LQnqm2AH1jLef"
    "QsDcR80PONDDWDA_Y0Y\"}";

static const char secp384r1_pem[] =
    "-----BEGIN PUBLIC KEY-----\n"
    "MHYwEAYHKoZIzj0CAQYFK4EEACIDYgAENjtzvJjlQFRXxQD48exFgam/M50jeb0L\n"
    "YdfXGsKF+WdKXD7j5rMZm3Db8doBWbIJ0FG8DTZBpj6zVaKxKJiJQjuuQyK4KlGm\n"
    "eoOdsRWCOz1bxmicfoHMEpLpBi33NmVf\n"
    "-----END PUBLIC KEY-----\n";
static const char secp384r1_jwk[] =
    "{\"kty\":\"EC\",\"crv\":\"P-384\",\"x\":\"NjtzvJjlQFRXxQD48e"
    "xFgam_M50jeb0LYdfXGsKF-WdKXD7j5rMZm3Db8doBWbIJ\",\"y\":\"0FG"
    "8DTZBpj6zVaKxKJiJQjuuQyK4KlGmeoOdsRWCOz1bxmicfoHMEpLpBi33NmV"
    "f\"}";

static const char secp521r1_pem[] =
    "-----BEGIN PUBLIC KEY-----\n"
    "MIGbMBAGByqGSM49AgEGBSuBBAAjA4GGAAQBx4qT5BIm5QQwf8fJxKVupBuvJZaQ\n"
    "wZvHWklyTu4HUMELLhOicuMooamDoef0b9VNz3WnanOPUDVpmr2Kq11DKycBgTzU\n"
    "rng9JdfnT2AtemNsh4fYQBUjCjHOtmeV73V7ZpsGZYqJRTrZC/2rKd/euitY5jrU\n"
    "0x8wDcj7YvQ7xqOMYUI=\n"
    "-----END PUBLIC KEY-----\n";
static const char secp521r1_jwk[] =
    "{\"kty\":\"EC\",\"crv\":\"P-521\",\"x\":\"AceKk-QSJuUEMH_Hyc"
    "SlbqQbryWWkMGbx1pJck7uB1DBCy4TonLjKKGpg6Hn9G_VTc91p2pzj1A1aZ"
    "q9iqtdQysn\",\"y\":\"AYE81K54PSXX509gLXpjbIeH2EAVIwoxzrZnle9"
    "1e2abBmWKiUU62Qv9qynf3rorWOY61NMfMA3I-2L0O8ajjGFC\"}";

static const char ed_pem[] =
    "-----BEGIN PUBLIC KEY-----\n"
    "MCowBQYDK2VwAyEAxdkTsROrK4q/QFPi3YwdYg5OYJPOxJ13yR+BENTY8s4=\n"
    "-----END PUBLIC KEY-----\n";
static const char ed_jwk[] =
    "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"xdkTsROrK4q_QFP"
    "i3YwdYg5OYJPOxJ13yR-BENTY8s4\"}";

/* Its x begins with a zero octet, which counts (RFC 7518, 6.2.1.2). */
static const char zero_pem[] =
    "-----BEGIN PUBLIC KEY-----\n"
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEAEbGEDfjYXPhF8joIJhCRpHHNB9c\n"
    "YwvlmvaGgG0K2ioKtCyPvgDN7bnDj2fs3maCJaszh64BMtBDviIesgJu5A==\n"
    "-----END PUBLIC KEY-----\n";
static const char zero_jwk[] =
    "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AEbGEDfjYXPhF8joIJ"
    "hCRpHHNB9cYwvlmvaGgG0K2io\",\"y\":\"CrQsj74Aze25w49n7N5mgiWr"
    "M4euATLQQ74iHrICbuQ\"}";

/* RFC 7638, section 3.1, with the members that do not count. */
static const char rfc7638_jwk[] =
    " {\"kty\": \"RSA\", \"alg\": \"RS256\", \"kid\": \"2011-04-29\",\n"
    "\"n\": \"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtV"
    "T86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5Js"
    "GY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaS"
    "qzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4"
    "vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awa"
    "pJzKnqDKgw\", \"e\": \"AQAB\"}\n";

/* RFC 8037, appendix A.3. */
static const char rfc8037_jwk[] =
    "{\"crv\":\"Ed25519\",\"kty\":\"OKP\","
    "\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}";

/* clang-format off */
#define WHOLE(text) {text, sizeof(text) - 1}
/* clang-format on */

static const struct {
    const char *name;
    struct hf_span text;
    const char *thumbprint;
} good[] = {
    {"RFC 7638", WHOLE(rfc7638_jwk),
     "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"},
    {"RFC 8037", WHOLE(rfc8037_jwk),
     "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"},
    {"RSA, PEM", WHOLE(rsa_pem), "8rrX_JP41-s5953QZNYBeCg04rzI_vhgY6pUVWT6T3g"},
    {"RSA, JWK", WHOLE(rsa_jwk), "8rrX_JP41-s5953QZNYBeCg04rzI_vhgY6pUVWT6T3g"},
    {"P-256, PEM", WHOLE(prime256v1_pem),
     "l3ZJYH1nc75HqaQq7crZo5v25lW8si_Ru0-NfuT6zmc"},
    {"P-256, JWK", WHOLE(prime256v1_jwk),
     "l3ZJYH1nc75HqaQq7crZo5v25lW8si_Ru0-NfuT6zmc"},
    {"zero, PEM", WHOLE(zero_pem),
     "GUUFOTXtdMgu4Pi-sZfQfdajhipAEnKvXjG9apZuCNU"},
    {"zero, JWK", WHOLE(zero_jwk),
     "GUUFOTXtdMgu4Pi-sZfQfdajhipAEnKvXjG9apZuCNU"},
    {"P-384, PEM", WHOLE(secp384r1_pem),
     "CFF8iuR-WfHpbVLvPPRRANAjsmMTOg6ZFZGOZ6z15-w"},
    {"P-384, JWK", WHOLE(secp384r1_jwk),
     "CFF8iuR-WfHpbVLvPPRRANAjsmMTOg6ZFZGOZ6z15-w"},
    {"P-521, PEM", WHOLE(secp521r1_pem),
     "qBqy6QlmcnDaOyT275DLqmReIAph_z3KfDa6YU7TlOU"},
    {"P-521, JWK", WHOLE(secp521r1_jwk),
     "qBqy6QlmcnDaOyT275DLqmReIAph_z3KfDa6YU7TlOU"},
    {"Ed25519, PEM", WHOLE(ed_pem),
     "fWk8bN-xEm0yI2LUAvgGEhXpzhYvjeuFYDvHgJ0zD1o"},
    {"Ed25519, JWK", WHOLE(ed_jwk),
     "fWk8bN-xEm0yI2LUAvgGEhXpzhYvjeuFYDvHgJ0zD1o"},
};

/* REQ RECORD-26: SHA-256 thumbprint, unpadded base64url. */
static void thumbprints(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(good); i++) {
        char out[HF_THUMBPRINT_LEN];
        struct hf_why why = {0};

        if (hf_jwk_thumbprint(good[i].text, out, &why) != HF_OK)
            fail_msg("%s: %s", good[i].name, why.text);
        assert_span_equal(((struct hf_span){out, sizeof(out)}),
                          hf_span_str(good[i].thumbprint));
    }
}

#define X32   "xdkTsROrK4q_QFPi3YwdYg5OYJPOxJ13yR-BENTY8s4"
#define P256X "r4bB6KxXaZ89u0J1eYyxkyZqVF0wqbtNM34ZerPQf5I"
#define P256Y "rfGXSz7qxi0LQnqm2AH1jLefQsDcR80PONDDWDA_Y0Y"

static const struct {
    const char *name;
    struct hf_span text;
    enum hf_err err;
    const char *says; /* a part of the sentence */
} bad[] = {
    {"empty", HF_SPAN_INIT(""), HF_ESYNTAX, "neither PEM"},
    {"other text", HF_SPAN_INIT("ssh-ed25519 AAAA"), HF_ESYNTAX, "neither PEM"},
    {"not JSON", HF_SPAN_INIT("{\"kty\":"), HF_ESYNTAX, "neither PEM"},
    {"two objects", HF_SPAN_INIT("{} {}"), HF_ESYNTAX, "neither PEM"},
    {"a member twice", HF_SPAN_INIT("{\"kty\":\"EC\",\"kty\":\"EC\"}"),
     HF_ESYNTAX, "neither PEM"},
    {"broken PEM",
     HF_SPAN_INIT("-----BEGIN PUBLIC KEY-----\nAAAA\n"
                  "-----END PUBLIC KEY-----\n"),
     HF_ESYNTAX, "no public key"},
    {"cut PEM", WHOLE("-----BEGIN PUBLIC KEY-----\nMCow"), HF_ESYNTAX,
     "no public key"},
    {"private PEM",
     HF_SPAN_INIT("-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIA\n"
                  "-----END PRIVATE KEY-----\n"),
     HF_EINVAL, "only its public half"},
    {"encrypted private PEM",
     HF_SPAN_INIT("-----BEGIN ENCRYPTED PRIVATE KEY-----\nMC4C\n"
                  "-----END ENCRYPTED PRIVATE KEY-----\n"),
     HF_EINVAL, "only its public half"},
    {"private SEC1 behind its parameters",
     HF_SPAN_INIT("-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n"
                  "-----END EC PARAMETERS-----\n"
                  "-----BEGIN EC PRIVATE KEY-----\nMHcC\n"),
     HF_EINVAL, "only its public half"},
    {"private JWK",
     HF_SPAN_INIT("{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"d\":\"" X32
                  "\",\"x\":\"" X32 "\"}"),
     HF_EINVAL, "only its public half"},
    {"symmetric JWK", HF_SPAN_INIT("{\"kty\":\"oct\",\"k\":\"AAAA\"}"),
     HF_EINVAL, "only its public half"},
    {"unknown kty", HF_SPAN_INIT("{\"kty\":\"XX\"}"), HF_EINVAL, "none of"},
    {"X25519",
     HF_SPAN_INIT("{\"kty\":\"OKP\",\"crv\":\"X25519\",\"x\":\"" X32 "\"}"),
     HF_EINVAL, "none of"},
    {"secp256k1",
     HF_SPAN_INIT("{\"kty\":\"EC\",\"crv\":\"secp256k1\",\"x\":\"" P256X
                  "\",\"y\":\"" P256Y "\"}"),
     HF_EINVAL, "none of"},
    {"no y",
     HF_SPAN_INIT("{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" P256X "\"}"),
     HF_EINVAL, "no public key"},
    {"not on the curve",
     HF_SPAN_INIT("{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" P256X
                  "\",\"y\":\"" P256X "\"}"),
     HF_EINVAL, "no public key"},
    {"coordinate too short",
     HF_SPAN_INIT("{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AQAB\","
                  "\"y\":\"" P256Y "\"}"),
     HF_EINVAL, "no public key"},
    {"padding",
     HF_SPAN_INIT("{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"" X32 "=\"}"),
     HF_EINVAL, "no public key"},
    {"x is a number",
     HF_SPAN_INIT("{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":1}"), HF_EINVAL,
     "no public key"},
    {"RSA of 24 bits",
     HF_SPAN_INIT("{\"kty\":\"RSA\",\"e\":\"AQAB\",\"n\":\"AQAB\"}"), HF_EINVAL,
     "none of"},
    {"leading zero in e",
     HF_SPAN_INIT("{\"kty\":\"RSA\",\"e\":\"AAEAAQ\",\"n\":\"AQAB\"}"),
     HF_EINVAL, "no public key"},
};

/* REQ CLI-19: a private key is refused, and nothing is computed from it. */
static void refusals(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        char out[HF_THUMBPRINT_LEN] = "untouched";
        struct hf_why why = {0};
        enum hf_err err = hf_jwk_thumbprint(bad[i].text, out, &why);

        if (err != bad[i].err || strstr(why.text, bad[i].says) == NULL)
            fail_msg("%s: %d, %s", bad[i].name, (int)err,
                     why.text == NULL ? "nothing" : why.text);
        assert_string_equal(out, "untouched");
    }
}

/* Every cut of a good key is refused, and reads nothing behind it. */
static void cuts(void **state)
{
    (void)state;
    for (size_t len = 0; len + 26 < sizeof(ed_pem); len++) {
        struct hf_span text = {ed_pem, len};
        char out[HF_THUMBPRINT_LEN];

        assert_int_equal(hf_jwk_thumbprint(text, out, NULL), HF_ESYNTAX);
    }
    for (size_t len = 0; len < sizeof(rfc8037_jwk) - 1; len++) {
        struct hf_span text = {rfc8037_jwk, len};
        char out[HF_THUMBPRINT_LEN];

        assert_int_equal(hf_jwk_thumbprint(text, out, NULL), HF_ESYNTAX);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(thumbprints),
        cmocka_unit_test(refusals),
        cmocka_unit_test(cuts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
