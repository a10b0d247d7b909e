/* SPDX-License-Identifier: Apache-2.0 */
/* CAA for this method: REQ VAL-50, VAL-51. */
#include "holdfast/caa.h"
#include "tests/unit/unit.h"

#define S   HF_SPAN_INIT
#define URL "https://ca.example/acct/1"

static const struct {
    const char *name;
    bool wildcard;
    size_t count;
    struct hf_caa rrset[3];
    enum hf_caa_reason reason;
    size_t which;
} cases[] = {
    /* REQ VAL-50 */
    {"nothing", false, 0, {{0}}, HF_CAA_OK, 0},
    {"ours", false, 1, {{0, S("issue"), S("ca.example")}}, HF_CAA_OK, 0},
    {"our second name",
     false,
     1,
     {{0, S("issue"), S("ca2.example")}},
     HF_CAA_OK,
     0},
    {"ours in capitals",
     false,
     1,
     {{0, S("ISSUE"), S("CA.example ")}},
     HF_CAA_OK,
     0},
    {"another's",
     false,
     1,
     {{0, S("issue"), S("else.example")}},
     HF_CAA_NO_MATCHING_ISSUER,
     0},
    {"ours second",
     false,
     2,
     {{0, S("issue"), S("else.example")}, {0, S("issue"), S("ca.example")}},
     HF_CAA_OK,
     1},
    {"nobody",
     false,
     1,
     {{0, S("issue"), S(";")}},
     HF_CAA_NO_MATCHING_ISSUER,
     0},
    {"empty", false, 1, {{0, S("issue"), S("")}}, HF_CAA_NO_MATCHING_ISSUER, 0},
    {"broken",
     false,
     1,
     {{0, S("issue"), S("ca.example; %%%")}},
     HF_CAA_NO_MATCHING_ISSUER,
     0},
    {"trailing dot",
     false,
     1,
     {{0, S("issue"), S("ca.example.")}},
     HF_CAA_NO_MATCHING_ISSUER,
     0},
    {"iodef restricts nothing",
     false,
     1,
     {{0, S("iodef"), S("mailto:a@b.example")}},
     HF_CAA_OK,
     1},
    {"unknown restricts nothing", false, 1, {{0, S("x"), S("")}}, HF_CAA_OK, 1},
    /* issuewild is for wildcards only, and then replaces issue */
    {"wildcard by issue",
     true,
     1,
     {{0, S("issue"), S("ca.example")}},
     HF_CAA_OK,
     0},
    {"wildcard refused by issuewild",
     true,
     2,
     {{0, S("issue"), S("ca.example")}, {0, S("issuewild"), S(";")}},
     HF_CAA_NO_MATCHING_ISSUER,
     1},
    {"wildcard allowed by issuewild",
     true,
     2,
     {{0, S("issue"), S(";")}, {0, S("IssueWild"), S("ca.example")}},
     HF_CAA_OK,
     1},
    {"name ignores issuewild",
     false,
     1,
     {{0, S("issuewild"), S(";")}},
     HF_CAA_OK,
     1},
    {"name by issue",
     false,
     2,
     {{0, S("issuewild"), S("ca.example")}, {0, S("issue"), S(";")}},
     HF_CAA_NO_MATCHING_ISSUER,
     1},
    /* critical */
    {"critical unknown",
     false,
     2,
     {{0, S("issue"), S("ca.example")}, {128, S("tbs"), S("x")}},
     HF_CAA_CRITICAL_UNKNOWN,
     1},
    {"critical among other bits",
     false,
     1,
     {{129, S("tbs"), S("x")}},
     HF_CAA_CRITICAL_UNKNOWN,
     0},
    {"not critical", false, 1, {{127, S("tbs"), S("x")}}, HF_CAA_OK, 1},
    {"critical known",
     false,
     2,
     {{128, S("issue"), S("ca.example")}, {128, S("IODEF"), S("x")}},
     HF_CAA_OK,
     0},
    {"critical issuemail",
     false,
     1,
     {{128, S("issuemail"), S(";")}},
     HF_CAA_OK,
     1},
    {"critical contacts",
     false,
     2,
     {{128, S("contactemail"), S("a")}, {128, S("contactphone"), S("b")}},
     HF_CAA_OK,
     2},
    {"critical issuewild",
     false,
     1,
     {{128, S("issuewild"), S(";")}},
     HF_CAA_OK,
     1},
    /* REQ VAL-51: RFC 8657 */
    {"account",
     false,
     1,
     {{0, S("issue"), S("ca.example;accounturi=" URL)}},
     HF_CAA_OK,
     0},
    {"account, tag in capitals",
     false,
     1,
     {{0, S("issue"), S("ca.example;AccountURI=" URL)}},
     HF_CAA_OK,
     0},
    {"second account",
     false,
     1,
     {{0, S("issue"), S("ca.example;accounturi=https://old.example/1")}},
     HF_CAA_OK,
     0},
    {"other account",
     false,
     1,
     {{0, S("issue"), S("ca.example;accounturi=" URL "2")}},
     HF_CAA_ACCOUNT_MISMATCH,
     0},
    {"account, other case",
     false,
     1,
     {{0, S("issue"), S("ca.example;accounturi=https://CA.example/acct/1")}},
     HF_CAA_ACCOUNT_MISMATCH,
     0},
    {"two accounts never match",
     false,
     1,
     {{0, S("issue"), S("ca.example;accounturi=" URL ";accounturi=" URL)}},
     HF_CAA_ACCOUNT_MISMATCH,
     0},
    {"method",
     false,
     1,
     {{0, S("issue"), S("ca.example;validationmethods=dns-persist-01")}},
     HF_CAA_OK,
     0},
    {"method of the BRs",
     false,
     1,
     {{0, S("issue"), S("ca.example;validationmethods=dns-01,ca-tbr-22")}},
     HF_CAA_OK,
     0},
    {"method first of two",
     false,
     1,
     {{0, S("issue"),
       S("ca.example;ValidationMethods=dns-persist-01,http-01")}},
     HF_CAA_OK,
     0},
    {"other methods",
     false,
     1,
     {{0, S("issue"), S("ca.example;validationmethods=dns-01,http-01")}},
     HF_CAA_METHOD,
     0},
    {"no method",
     false,
     1,
     {{0, S("issue"), S("ca.example;validationmethods=")}},
     HF_CAA_METHOD,
     0},
    {"empty methods",
     false,
     1,
     {{0, S("issue"), S("ca.example;validationmethods=,,")}},
     HF_CAA_METHOD,
     0},
    {"empty label before the method",
     false,
     1,
     {{0, S("issue"), S("ca.example;validationmethods=,dns-persist-01")}},
     HF_CAA_METHOD,
     0},
    {"comma behind the method",
     false,
     1,
     {{0, S("issue"), S("ca.example;validationmethods=dns-persist-01,")}},
     HF_CAA_METHOD,
     0},
    {"a method that is no label",
     false,
     1,
     {{0, S("issue"), S("ca.example;validationmethods=dns-persist-01,dns_01")}},
     HF_CAA_METHOD,
     0},
    {"a slash in a label",
     false,
     1,
     {{0, S("issue"), S("ca.example;validationmethods=dns-persist-01,dns/01")}},
     HF_CAA_METHOD,
     0},
    {"method between others",
     false,
     1,
     {{0, S("issue"),
       S("ca.example;validationmethods=Za-09,dns-persist-01,z")}},
     HF_CAA_OK,
     0},
    {"method begins alike",
     false,
     1,
     {{0, S("issue"), S("ca.example;validationmethods=dns-persist-011")}},
     HF_CAA_METHOD,
     0},
    {"method in capitals",
     false,
     1,
     {{0, S("issue"), S("ca.example;validationmethods=DNS-PERSIST-01")}},
     HF_CAA_METHOD,
     0},
    {"account before method",
     false,
     1,
     {{0, S("issue"), S("ca.example;validationmethods=x;accounturi=y")}},
     HF_CAA_ACCOUNT_MISMATCH,
     0},
    {"unknown parameter",
     false,
     1,
     {{0, S("issue"), S("ca.example;a=b")}},
     HF_CAA_OK,
     0},
    {"one of several properties",
     false,
     3,
     {{0, S("issue"), S("ca.example;validationmethods=dns-01")},
      {0, S("issue"), S("ca.example;accounturi=" URL)},
      {0, S("issue"), S(";")}},
     HF_CAA_OK,
     1},
    /* what is reported is the nearest miss */
    {"nearest miss first",
     false,
     3,
     {{0, S("issue"), S("ca.example;validationmethods=dns-01")},
      {0, S("issue"), S("ca.example;accounturi=x")},
      {0, S("issue"), S("else.example")}},
     HF_CAA_METHOD,
     0},
    {"first of equal misses",
     false,
     2,
     {{0, S("issue"), S("else.example")}, {0, S("issue"), S("x.example")}},
     HF_CAA_NO_MATCHING_ISSUER,
     0},
    {"nearest miss last",
     false,
     3,
     {{0, S("issue"), S("else.example")},
      {0, S("issue"), S("ca.example;accounturi=x")},
      {0, S("issue"), S("ca.example;validationmethods=dns-01")}},
     HF_CAA_METHOD,
     2},
};

static void decision_table(void **state)
{
    static const struct hf_span issuers[] = {S("ca.example"), S("ca2.example")};
    static const struct hf_span urls[] = {S(URL), S("https://old.example/1")};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const struct hf_caa_request request = {.issuers = issuers,
                                               .issuer_count = 2,
                                               .account_urls = urls,
                                               .account_url_count = 2,
                                               .wildcard = cases[i].wildcard};
        size_t which = 999;
        enum hf_caa_reason reason =
            hf_caa_decide(cases[i].rrset, cases[i].count, &request, &which);

        if (reason != cases[i].reason || which != cases[i].which)
            fail_msg("%s: %s by %zu", cases[i].name, hf_caa_reason_word(reason),
                     which);
    }
}

/* A property that names nobody is nobody's, also for a CA without a name. */
static void nobody_is_no_issuer(void **state)
{
    static const struct hf_span issuers[] = {S("")};
    static const struct hf_caa rrset[] = {{0, S("issue"), S(";")}};
    const struct hf_caa_request request = {.issuers = issuers,
                                           .issuer_count = 1};
    size_t which;

    (void)state;
    assert_int_equal(hf_caa_decide(rrset, 1, &request, &which),
                     HF_CAA_NO_MATCHING_ISSUER);
}

/* RFC 8657, section 4: another method has no second name. */
static void method_table(void **state)
{
    static const struct {
        struct hf_span value;
        struct hf_span method;
        enum hf_caa_reason reason;
    } rows[] = {
        {S("ca.example; validationmethods=dns-01,http-01"), S("http-01"),
         HF_CAA_OK},
        {S("ca.example; validationmethods=dns-01"), S("http-01"),
         HF_CAA_METHOD},
        {S("ca.example; validationmethods=dns-persist-01"), S("http-01"),
         HF_CAA_METHOD},
        {S("ca.example; validationmethods=ca-tbr-22"), S("dns-01"),
         HF_CAA_METHOD},
        {S("ca.example; validationmethods=ca-tbr-22"), S(""), HF_CAA_OK},
        {S("ca.example"), S("http-01"), HF_CAA_OK},
    };
    static const struct hf_span issuers[] = {S("ca.example")};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct hf_caa property = {0, S("issue"), rows[i].value};
        const struct hf_caa_request request = {
            .issuers = issuers, .issuer_count = 1, .method = rows[i].method};
        size_t which;

        if (hf_caa_decide(&property, 1, &request, &which) != rows[i].reason)
            fail_msg("row %zu", i);
    }
}

/* RFC 8659, section 4.1 */
static void rdata_table(void **state)
{
    static const struct {
        struct hf_span rdata;
        bool good;
        struct hf_caa want;
    } rows[] = {
        {S("\x80\5issueca.example"), true, {128, S("issue"), S("ca.example")}},
        {S("\0\1ax"), true, {0, S("a"), S("x")}},
        {S("\xff\1a"), true, {255, S("a"), S("")}},
        {S("\0\5issue"), true, {0, S("issue"), S("")}},
        {S(""), false, {0}},
        {S("\0"), false, {0}},
        {S("\0\0"), false, {0}},
        {S("\0\0x"), false, {0}},
        {S("\0\6issue"), false, {0}},
        {S("\0\xffissue"), false, {0}},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct hf_caa got = {0};

        assert_int_equal(hf_caa_read(rows[i].rdata, &got), rows[i].good);
        assert_int_equal(got.flags, rows[i].want.flags);
        assert_span_equal(got.tag, rows[i].want.tag);
        assert_span_equal(got.value, rows[i].want.value);
    }
}

static void words(void **state)
{
    static const char *const want[] = {"ok", "critical-unknown",
                                       "no-matching-issuer", "account-mismatch",
                                       "method"};

    (void)state;
    for (unsigned i = 0; i < COUNT_OF(want); i++)
        assert_string_equal(hf_caa_reason_word(i), want[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(decision_table), cmocka_unit_test(nobody_is_no_issuer),
        cmocka_unit_test(method_table),   cmocka_unit_test(rdata_table),
        cmocka_unit_test(words),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
