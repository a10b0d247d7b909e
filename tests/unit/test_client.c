/* SPDX-License-Identifier: Apache-2.0 */
/* Small decisions: REQ JIT-01, JIT-03 to JIT-05, CLI-17, CLI-20, MON-06,
 * CHAL-12, SCOPE-08, SCOPE-10, VAL-03, VAL-59. */
#include "holdfast/client.h"
#include "tests/unit/unit.h"

#define S   HF_SPAN_INIT
#define URL "https://ca.example/acct/1"
#define A10 "aaaaaaaaaa"
#define A60 A10 A10 A10 A10 A10 A10
#define N61 A60 "."

/* REQ JIT-01, JIT-03, JIT-04, JIT-05: all three, or no query. */
static void jit_table(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 8; i++) {
        const struct hf_jit jit = {(i & 1) != 0, (i & 2) != 0, (i & 4) != 0};

        assert_int_equal(hf_jit_may_query(&jit), i == 7);
    }
}

/* REQ CLI-20, MON-06 */
static void preflight_table(void **state)
{
    static const struct {
        struct hf_time now;
        int64_t margin_s;
        int64_t until_at;
        enum hf_preflight want;
    } rows[] = {
        {{1000, 0}, 60, INT64_MAX, HF_PREFLIGHT_PROCEED},
        {{1000, 0}, 60, 1061, HF_PREFLIGHT_PROCEED},
        {{1000, 0}, 60, 1060, HF_PREFLIGHT_WARN},
        {{1000, 0}, 60, 1001, HF_PREFLIGHT_WARN},
        {{1000, 0}, 60, 1000, HF_PREFLIGHT_WARN},
        {{1000, 1}, 60, 1000, HF_PREFLIGHT_REFUSE},
        {{1000, 0}, 60, 999, HF_PREFLIGHT_REFUSE},
        {{1000, 0}, 0, 1000, HF_PREFLIGHT_WARN},
        {{1000, 0}, 0, 1001, HF_PREFLIGHT_PROCEED},
        {{1000, 0}, INT64_MAX, INT64_MAX, HF_PREFLIGHT_PROCEED},
        {{1000, 0}, INT64_MAX, 5000, HF_PREFLIGHT_PROCEED},
        {{1000, 0}, INT64_MAX - 1000, INT64_MAX - 1, HF_PREFLIGHT_WARN},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (hf_preflight(rows[i].now, rows[i].margin_s, rows[i].until_at) !=
            rows[i].want)
            fail_msg("row %zu", i);
}

/* REQ CLI-17 */
static void proof_table(void **state)
{
    static const struct {
        const char *name;
        struct hf_account_proof proof;
        enum hf_proof want;
    } rows[] = {
        {"good", {S(URL), S(URL), S(""), 200, S("valid")}, HF_PROOF_OK},
        {"payload {}",
         {S(URL), S(URL), S("{}"), 200, S("valid")},
         HF_PROOF_PAYLOAD},
        {"payload before all",
         {S(URL), S("x"), S(" "), 301, S("")},
         HF_PROOF_PAYLOAD},
        {"other URL",
         {S(URL), S(URL "2"), S(""), 200, S("valid")},
         HF_PROOF_URL},
        {"other case",
         {S(URL), S("HTTPS://ca.example/acct/1"), S(""), 200, S("valid")},
         HF_PROOF_URL},
        {"URL before redirect",
         {S(URL), S(""), S(""), 301, S("valid")},
         HF_PROOF_URL},
        {"300", {S(URL), S(URL), S(""), 300, S("valid")}, HF_PROOF_REDIRECT},
        {"307", {S(URL), S(URL), S(""), 307, S("valid")}, HF_PROOF_REDIRECT},
        {"399", {S(URL), S(URL), S(""), 399, S("valid")}, HF_PROOF_REDIRECT},
        {"299", {S(URL), S(URL), S(""), 299, S("valid")}, HF_PROOF_HTTP},
        {"400", {S(URL), S(URL), S(""), 400, S("valid")}, HF_PROOF_HTTP},
        {"201", {S(URL), S(URL), S(""), 201, S("valid")}, HF_PROOF_HTTP},
        {"0", {S(URL), S(URL), S(""), 0, S("valid")}, HF_PROOF_HTTP},
        {"deactivated",
         {S(URL), S(URL), S(""), 200, S("deactivated")},
         HF_PROOF_ACCOUNT_STATUS},
        {"Valid",
         {S(URL), S(URL), S(""), 200, S("Valid")},
         HF_PROOF_ACCOUNT_STATUS},
        {"no status",
         {S(URL), S(URL), S(""), 200, S("")},
         HF_PROOF_ACCOUNT_STATUS},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (hf_account_proof_check(&rows[i].proof) != rows[i].want)
            fail_msg("%s", rows[i].name);
}

/* REQ SCOPE-08, SCOPE-10, VAL-03, VAL-59, CHAL-12 */
static void identifier_table(void **state)
{
    static const struct {
        const char *name;
        bool wildcard;
        const char *base;
        bool known;
        enum hf_decision want;
    } rows[] = {
        {"example.com", false, "example.com", true, HF_ACCEPT},
        {"example.com", true, "example.com", true, HF_ACCEPT},
        {"www.example.com", false, "example.com", true, HF_ACCEPT},
        /* public suffixes */
        {"com", false, "", true, HF_NO_DNS_PERSIST},
        {"com", true, "", true, HF_REFUSE},
        {"co.uk", true, "", true, HF_REFUSE},
        /* internal names */
        {"host.corp", false, "host.corp", false, HF_REFUSE},
        {"localhost", false, "", false, HF_REFUSE},
        /* reverse zones */
        {"1.2.0.192.in-addr.arpa", false, "192.in-addr.arpa", true, HF_REFUSE},
        {"in-addr.arpa", false, "", true, HF_REFUSE},
        {"ip6.arpa", false, "", true, HF_REFUSE},
        {"1.ip6.arpa", false, "1.ip6.arpa", true, HF_REFUSE},
        {"xip6.arpa", false, "xip6.arpa", true, HF_ACCEPT},
        {"e164.arpa", false, "x", true, HF_ACCEPT},
        /* onion */
        {"abc.onion", false, "abc.onion", false, HF_NO_DNS_PERSIST},
        {"onion", false, "", false, HF_NO_DNS_PERSIST},
        {"onion.com", false, "onion.com", true, HF_ACCEPT},
        /* not canonical */
        {"Example.com", false, "Example.com", true, HF_REFUSE},
        {"example.com.", false, "example.com", true, HF_REFUSE},
        {"*.example.com", true, "example.com", true, HF_REFUSE},
        {"_a.example.com", false, "example.com", true, HF_REFUSE},
        {"", false, "", true, HF_REFUSE},
        /* 233 octets and one more */
        {N61 N61 N61 A10 A10 A10 A10 "aaaaaa.com", false, "x.com", true,
         HF_ACCEPT},
        {N61 N61 N61 A10 A10 A10 A10 "aaaaaaa.com", false, "x.com", true,
         HF_NO_DNS_PERSIST},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (hf_identifier_decide(hf_span_str(rows[i].name), rows[i].wildcard,
                                 hf_span_str(rows[i].base),
                                 rows[i].known) != rows[i].want)
            fail_msg("%s", rows[i].name);
}

/* REQ CHAL-12, SCOPE-10: the first and the last of each reserved block, and
 * their neighbours. */
static void address_table(void **state)
{
    static const struct {
        uint8_t address[16];
        size_t len;
        enum hf_decision want;
    } rows[] = {
        {{0, 0, 0, 0}, 4, HF_REFUSE},
        {{0, 255, 255, 255}, 4, HF_REFUSE},
        {{1, 0, 0, 0}, 4, HF_NO_DNS_PERSIST},
        {{9, 255, 255, 255}, 4, HF_NO_DNS_PERSIST},
        {{10, 0, 0, 0}, 4, HF_REFUSE},
        {{10, 255, 255, 255}, 4, HF_REFUSE},
        {{11, 0, 0, 0}, 4, HF_NO_DNS_PERSIST},
        {{100, 63, 255, 255}, 4, HF_NO_DNS_PERSIST},
        {{100, 64, 0, 0}, 4, HF_REFUSE},
        {{100, 127, 255, 255}, 4, HF_REFUSE},
        {{100, 128, 0, 0}, 4, HF_NO_DNS_PERSIST},
        {{127, 0, 0, 1}, 4, HF_REFUSE},
        {{128, 0, 0, 0}, 4, HF_NO_DNS_PERSIST},
        {{169, 253, 255, 255}, 4, HF_NO_DNS_PERSIST},
        {{169, 254, 0, 0}, 4, HF_REFUSE},
        {{169, 255, 0, 0}, 4, HF_NO_DNS_PERSIST},
        {{172, 15, 255, 255}, 4, HF_NO_DNS_PERSIST},
        {{172, 16, 0, 0}, 4, HF_REFUSE},
        {{172, 31, 255, 255}, 4, HF_REFUSE},
        {{172, 32, 0, 0}, 4, HF_NO_DNS_PERSIST},
        {{192, 0, 0, 255}, 4, HF_REFUSE},
        {{192, 0, 1, 0}, 4, HF_NO_DNS_PERSIST},
        {{192, 0, 2, 1}, 4, HF_NO_DNS_PERSIST}, /* documentation */
        {{192, 168, 255, 255}, 4, HF_REFUSE},
        {{192, 169, 0, 0}, 4, HF_NO_DNS_PERSIST},
        {{198, 17, 255, 255}, 4, HF_NO_DNS_PERSIST},
        {{198, 18, 0, 0}, 4, HF_REFUSE},
        {{198, 19, 255, 255}, 4, HF_REFUSE},
        {{198, 20, 0, 0}, 4, HF_NO_DNS_PERSIST},
        {{223, 255, 255, 255}, 4, HF_NO_DNS_PERSIST},
        {{224, 0, 0, 0}, 4, HF_REFUSE},
        {{255, 255, 255, 255}, 4, HF_REFUSE},
        {{0}, 16, HF_REFUSE},
        {{[15] = 1}, 16, HF_REFUSE},
        {{[10] = 0xff, 0xff, 8, 8, 8, 8}, 16, HF_REFUSE},
        {{0x01, 0x00, 1}, 16, HF_REFUSE},
        {{0x01, 0x01}, 16, HF_NO_DNS_PERSIST},
        {{0x20, 0x01, 0x0d, 0xb8}, 16, HF_NO_DNS_PERSIST}, /* documentation */
        {{0x26, 0x00}, 16, HF_NO_DNS_PERSIST},
        {{0xfb, 0xff}, 16, HF_NO_DNS_PERSIST},
        {{0xfc, 0x00}, 16, HF_REFUSE},
        {{0xfd, 0xff}, 16, HF_REFUSE},
        {{0xfe, 0x00}, 16, HF_NO_DNS_PERSIST},
        {{0xfe, 0x80}, 16, HF_REFUSE},
        {{0xfe, 0xbf}, 16, HF_REFUSE},
        {{0xfe, 0xc0}, 16, HF_NO_DNS_PERSIST},
        {{0xff, 0x02}, 16, HF_REFUSE},
        {{10, 0, 0, 1}, 16, HF_NO_DNS_PERSIST}, /* not the IPv4 block */
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (hf_identifier_decide_ip(rows[i].address, rows[i].len) !=
            rows[i].want)
            fail_msg("row %zu", i);
}

static void words(void **state)
{
    (void)state;
    assert_string_equal(hf_preflight_word(HF_PREFLIGHT_PROCEED), "proceed");
    assert_string_equal(hf_preflight_word(HF_PREFLIGHT_WARN), "warn");
    assert_string_equal(hf_preflight_word(HF_PREFLIGHT_REFUSE), "refuse");
    assert_string_equal(hf_proof_word(HF_PROOF_OK), "ok");
    assert_string_equal(hf_proof_word(HF_PROOF_PAYLOAD), "payload");
    assert_string_equal(hf_proof_word(HF_PROOF_URL), "url");
    assert_string_equal(hf_proof_word(HF_PROOF_REDIRECT), "redirect");
    assert_string_equal(hf_proof_word(HF_PROOF_HTTP), "http");
    assert_string_equal(hf_proof_word(HF_PROOF_ACCOUNT_STATUS),
                        "account-status");
    assert_string_equal(hf_decision_word(HF_ACCEPT), "accept");
    assert_string_equal(hf_decision_word(HF_REFUSE), "refuse");
    assert_string_equal(hf_decision_word(HF_NO_DNS_PERSIST), "no-dns-persist");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(jit_table),     cmocka_unit_test(preflight_table),
        cmocka_unit_test(proof_table),   cmocka_unit_test(identifier_table),
        cmocka_unit_test(address_table), cmocka_unit_test(words),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
