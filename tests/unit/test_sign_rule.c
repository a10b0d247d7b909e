/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a signature would mean, and what has none: only the input of an ACME
 * request is signed, and each kind of it is told apart by what it does. REQ
 * CLI-23.
 */
#include <stdlib.h>

#include "base/alloc.h"
#include "base/base64.h"
#include "client/sign_rule.h"
#include "holdfast/buf.h"
#include "tests/unit/unit.h"

#define URL "\"url\":\"https://ca.example/x\""
#define KID "{\"alg\":\"ES256\",\"kid\":\"https://ca.example/1\"," URL "}"
#define JWK "{\"alg\":\"ES256\",\"jwk\":{}," URL "}"

static void put(struct hf_buf *out, const char *text)
{
    struct hf_span octets = hf_span_str(text);
    char *to = hf_buf_reserve(out, HF_BASE64URL_LEN(octets.len) + 1);

    assert_non_null(to);
    hf_base64url(octets, to);
    out->len += HF_BASE64URL_LEN(octets.len);
}

static struct hf_span input_of(const char *header, const char *payload)
{
    static char room[4096];
    struct hf_buf out;

    hf_buf_init(&out, room, sizeof(room));
    put(&out, header);
    hf_buf_putc(&out, '.');
    put(&out, payload);
    return hf_buf_span(&out);
}

static void test_what(void **unused)
{
    static const struct {
        const char *header;
        const char *payload;
        enum hf_sign_what what;
    } cases[] = {
        {KID, "", HF_SIGN_FETCH},
        {KID, "{}", HF_SIGN_CHALLENGE},
        {KID, "{\"identifiers\":[]}", HF_SIGN_ORDER},
        {KID, "{\"csr\":\"x\"}", HF_SIGN_FINALIZE},
        {KID, "{\"status\":\"deactivated\"}", HF_SIGN_OTHER},
        {KID, "{\"contact\":[]}", HF_SIGN_OTHER},
        {KID, "{\"certificate\":\"x\"}", HF_SIGN_OTHER},
        {KID, "{\"protected\":\"x\",\"payload\":\"x\",\"signature\":\"x\"}",
         HF_SIGN_OTHER},
        /* Something that would end the account, dressed up as an order. */
        {KID, "{\"identifiers\":[],\"status\":\"deactivated\"}", HF_SIGN_OTHER},
        {KID, "{\"csr\":\"\",\"status\":\"deactivated\"}", HF_SIGN_OTHER},
        {KID, "{\"csr\":\"\",\"protected\":\"x\"}", HF_SIGN_OTHER},
        {KID, "{\"csr\":\"\",\"certificate\":\"x\"}", HF_SIGN_OTHER},
        {KID, "{\"identifiers\":[],\"contact\":[]}", HF_SIGN_OTHER},
        {KID,
         "{\"identifiers\":[],\"notAfter\":\"x\",\"notBefore\":\"x\","
         "\"replaces\":\"x\",\"profile\":\"x\"}",
         HF_SIGN_ORDER},
        {JWK, "", HF_SIGN_OTHER},
        {JWK, "{}", HF_SIGN_OTHER},
        {JWK, "{\"identifiers\":[]}", HF_SIGN_OTHER},
    };
    struct hf_sign_request got;

    (void)unused;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        assert_int_equal(
            hf_sign_read(input_of(cases[i].header, cases[i].payload), &got,
                         NULL),
            HF_OK);
        assert_int_equal(got.what, cases[i].what);
        assert_span_equal(got.url, HF_SPAN("https://ca.example/x"));
        assert_int_equal(got.kid.len > 0, cases[i].header[16] == 'k');
        hf_sign_clear(&got);
    }
}

static void test_refused(void **unused)
{
    static const struct {
        const char *header;
        const char *payload;
        enum hf_err err;
    } cases[] = {
        {"", "", HF_ESYNTAX},
        {"x", "", HF_ESYNTAX},
        {"[]", "", HF_ESYNTAX},
        {KID, "x", HF_ESYNTAX},
        {KID, "[]", HF_ESYNTAX},
        {KID, "{\"csr\":1,\"csr\":2}", HF_ESYNTAX},
        {"{\"kid\":\"1\"," URL "," URL "}", "", HF_ESYNTAX},
        {"{" URL "}", "", HF_EINVAL},
        {"{\"kid\":\"1\"}", "", HF_EINVAL},
        {"{\"kid\":\"1\",\"url\":1}", "", HF_EINVAL},
        {"{\"kid\":\"1\",\"jwk\":{}," URL "}", "", HF_EINVAL},
        {"{\"kid\":1," URL "}", "", HF_EINVAL},
        {"{\"kid\":\"\"," URL "}", "", HF_EINVAL},
    };
    static const char *const raw[] = {"",   ".",    "..",    "e30",
                                      "a.", "e30.", "e30=.", "e30.e30.e30"};
    struct hf_sign_request got = {0};

    (void)unused;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct hf_why why = {0};

        assert_int_equal(
            hf_sign_read(input_of(cases[i].header, cases[i].payload), &got,
                         &why),
            cases[i].err);
        assert_non_null(why.text);
    }
    for (size_t i = 0; i < COUNT_OF(raw); i++)
        assert_int_not_equal(hf_sign_read(hf_span_str(raw[i]), &got, NULL),
                             HF_OK);
    assert_null(got.header);
}

static void test_origin(void **unused)
{
    static const struct {
        const char *origin;
        bool good;
    } cases[] = {
        {"https://ca.example/dir", true},
        {"https://ca.example:443/", true},
        {"https://CA.example/dir", true},
        {"https://ca.example:444/", false},
        {"http://ca.example:443/", false},
        {"https://ca.example.org/dir", false},
        {"https://ca.exampl/dir", false},
        {"", false},
    };
    struct hf_sign_request got;

    (void)unused;
    assert_int_equal(hf_sign_read(input_of(KID, ""), &got, NULL), HF_OK);
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        assert_int_equal(hf_sign_is_at(&got, hf_span_str(cases[i].origin)),
                         cases[i].good);
    hf_sign_clear(&got);
}

static void test_permit(void **unused)
{
    static const struct {
        const char *header;
        const char *payload;
        const char *origin;
        const char *account;
        bool some; /* with orders and challenges only */
        bool all;
    } cases[] = {
        {KID, "", "https://ca.example/", "https://ca.example/1", true, true},
        {KID, "{}", "https://ca.example/", "https://ca.example/1", true, true},
        {KID, "{\"csr\":1}", "https://ca.example/", "https://ca.example/1",
         true, true},
        {KID, "{\"status\":1}", "https://ca.example/", "https://ca.example/1",
         false, true},
        {JWK, "{}", "https://ca.example/", "https://ca.example/1", false, true},
        {KID, "", "https://ca.example/", "https://ca.example/2", false, false},
        {KID, "", "https://xy.example/", "https://ca.example/1", false, false},
        {JWK, "", "https://xy.example/", "https://ca.example/1", false, false},
    };
    struct hf_sign_request got;

    (void)unused;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct hf_span origin = hf_span_str(cases[i].origin);
        struct hf_span account = hf_span_str(cases[i].account);

        assert_int_equal(
            hf_sign_read(input_of(cases[i].header, cases[i].payload), &got,
                         NULL),
            HF_OK);
        assert_int_equal(hf_sign_permit(&got, origin, account, false, NULL) ==
                             HF_OK,
                         cases[i].some);
        assert_int_equal(hf_sign_permit(&got, origin, account, true, NULL) ==
                             HF_OK,
                         cases[i].all);
        hf_sign_clear(&got);
    }
}

static void test_allocation(void **unused)
{
    struct hf_sign_request got;
    enum hf_err err = HF_ENOMEM;

    (void)unused;
    for (long n = 0; err != HF_OK; n++) {
        hf_alloc_fail_after(n, true);
        err = hf_sign_read(input_of(KID, "{\"csr\":\"x\"}"), &got, NULL);
        hf_alloc_fail_after(-1, false);
        assert_true(err == HF_OK || err == HF_ENOMEM);
    }
    hf_sign_clear(&got);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what),       cmocka_unit_test(test_refused),
        cmocka_unit_test(test_origin),     cmocka_unit_test(test_permit),
        cmocka_unit_test(test_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
