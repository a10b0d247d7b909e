/* SPDX-License-Identifier: Apache-2.0 */
/* What one record says: REQ RECORD-03, RECORD-05, RECORD-07, RECORD-09 to
 * RECORD-14. */
#include "holdfast/record.h"
#include "tests/unit/unit.h"

#define S HF_SPAN_INIT
#define U "https://ca.example/acct/1"

static const struct {
    const char *name;
    struct hf_span text;
    enum hf_reason reason;
    size_t at;
    bool wildcard;
    int64_t until_at; /* -1: absent */
} cases[] = {
    /* good: the order of parameters says nothing (REQ RECORD-05) */
    {"plain", S("ca.example; accounturi=" U), HF_REASON_OK, 0, false, -1},
    {"all", S("x; accounturi=" U "; policy=wildcard; persistUntil=7"),
     HF_REASON_OK, 0, true, 7},
    {"all, turned round", S("x;persistUntil=7;policy=wildcard;accounturi=" U),
     HF_REASON_OK, 0, true, 7},
    /* REQ RECORD-03: tags have no case */
    {"upper case tags", S("x;ACCOUNTURI=" U ";POLICY=wildcard;PERSISTUNTIL=7"),
     HF_REASON_OK, 0, true, 7},
    {"lower case tags", S("x;accounturi=" U ";policy=wildcard;persistuntil=7"),
     HF_REASON_OK, 0, true, 7},
    /* REQ RECORD-09, RECORD-10: policy has no case, other values no effect */
    {"policy=WildCard", S("x;accounturi=" U ";policy=WildCard"), HF_REASON_OK,
     0, true, -1},
    {"policy empty", S("x;accounturi=" U ";policy="), HF_REASON_OK, 0, false,
     -1},
    {"policy longer", S("x;accounturi=" U ";policy=wildcards"), HF_REASON_OK, 0,
     false, -1},
    {"policy shorter", S("x;accounturi=" U ";policy=wildcar"), HF_REASON_OK, 0,
     false, -1},
    {"policy other", S("x;accounturi=" U ";policy=specific"), HF_REASON_OK, 0,
     false, -1},
    {"policy quoted", S("x;accounturi=" U ";policy=\"wildcard\""), HF_REASON_OK,
     0, false, -1},
    /* REQ RECORD-13, RECORD-14: unknown tags, also twice */
    {"unknown tag", S("x;foo=bar;accounturi=" U), HF_REASON_OK, 0, false, -1},
    {"unknown tag twice", S("x;foo=1;FOO=2;accounturi=" U), HF_REASON_OK, 0,
     false, -1},
    {"tags of known length",
     S("x;accounturl=a;polic1=b;persistunti1=c;"
       "accounturi=" U),
     HF_REASON_OK, 0, false, -1},
    {"tag longer than a known one", S("x;accounturi1=a;accounturi=" U),
     HF_REASON_OK, 0, false, -1},
    {"no issuer", S(";accounturi=" U), HF_REASON_OK, 0, false, -1},
    /* REQ RECORD-11, RECORD-12 */
    {"until 0", S("x;accounturi=" U ";persistUntil=0"), HF_REASON_OK, 0, false,
     0},
    /* bad */
    {"syntax", S("x;accounturi=" U ";"), HF_REASON_SYNTAX, 39, false, -1},
    {"syntax first", S("x;accounturi=;accounturi=;"), HF_REASON_SYNTAX, 26,
     false, -1},
    {"two accounturi", S("x;accounturi=" U ";accounturi=" U),
     HF_REASON_DUPLICATE_PARAMETER, 39, false, -1},
    {"two of other case", S("x;accounturi=" U ";AccountURI=" U),
     HF_REASON_DUPLICATE_PARAMETER, 39, false, -1},
    {"two policy", S("x;accounturi=" U ";policy=a;Policy=b"),
     HF_REASON_DUPLICATE_PARAMETER, 48, false, -1},
    {"two equal policies", S("x;accounturi=" U ";policy=a;policy=a"),
     HF_REASON_DUPLICATE_PARAMETER, 48, false, -1},
    {"two persistUntil", S("x;accounturi=" U ";persistUntil=1;persistuntil=1"),
     HF_REASON_DUPLICATE_PARAMETER, 54, false, -1},
    {"the first of two duplicates", S("x;policy=a;policy=b;policy=c"),
     HF_REASON_DUPLICATE_PARAMETER, 11, false, -1},
    {"duplicate before missing", S("x;policy=a;policy=b"),
     HF_REASON_DUPLICATE_PARAMETER, 11, false, -1},
    /* REQ RECORD-07 */
    {"empty text", S(""), HF_REASON_MISSING_ACCOUNTURI, 0, false, -1},
    {"no accounturi", S("ca.example"), HF_REASON_MISSING_ACCOUNTURI, 10, false,
     -1},
    {"policy only", S("x;policy=wildcard"), HF_REASON_MISSING_ACCOUNTURI, 17,
     false, -1},
    {"missing before bad until", S("x;persistUntil=y"),
     HF_REASON_MISSING_ACCOUNTURI, 16, false, -1},
    {"empty accounturi", S("x;accounturi=;policy=wildcard"),
     HF_REASON_EMPTY_ACCOUNTURI, 13, false, -1},
    {"empty before bad until", S("x;accounturi=;persistUntil=y"),
     HF_REASON_EMPTY_ACCOUNTURI, 13, false, -1},
    {"bad until", S("x;accounturi=" U ";persistUntil=-1"),
     HF_REASON_BAD_PERSIST_UNTIL, 52, false, -1},
    {"empty until", S("x;accounturi=" U ";persistUntil="),
     HF_REASON_BAD_PERSIST_UNTIL, 52, false, -1},
};

static bool is_as_expected(size_t i, const struct hf_record *got, size_t at,
                           enum hf_reason reason)
{
    int64_t until = cases[i].until_at < 0 ? INT64_MAX : cases[i].until_at;

    if (reason != cases[i].reason || at != cases[i].at)
        return false;
    if (reason != HF_REASON_OK)
        return true;
    return hf_span_eq(got->account_uri, HF_SPAN(U)) &&
           got->wildcard == cases[i].wildcard && got->until_at == until &&
           got->has_until == (cases[i].until_at >= 0);
}

static void reading_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct hf_record got;
        size_t at = 999;
        enum hf_reason reason = hf_record_read(cases[i].text, &got, &at);

        if (!is_as_expected(i, &got, at, reason))
            fail_msg("%s: %s at %zu", cases[i].name, hf_reason_word(reason),
                     at);
    }
}

/* The issuer is kept as spelt; of broken text, what stands before the ';'. */
static void issuer_is_kept(void **state)
{
    static const struct {
        struct hf_span text;
        struct hf_span want;
    } rows[] = {
        {S(" CA.Example ;accounturi=a"), S("CA.Example")},
        {S("ca.example.;accounturi=a"), S("ca.example")},
        {S("ca.example;;"), S("ca.example")},
        {S("ca.example"), S("ca.example")},
        {S(";accounturi=a"), S("")},
    };
    struct hf_record got;
    size_t at;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        (void)hf_record_read(rows[i].text, &got, &at);
        assert_span_equal(got.issuer, rows[i].want);
    }
}

static void policy_is_kept_as_spelt(void **state)
{
    struct hf_record got;
    size_t at;

    (void)state;
    assert_int_equal(
        hf_record_read(HF_SPAN("x;accounturi=a;policy=WILDcard"), &got, &at),
        HF_REASON_OK);
    assert_span_equal(got.policy, HF_SPAN("WILDcard"));
}

/* REQ RECORD-11, RECORD-12 */
static void persist_until_table(void **state)
{
    static const struct {
        struct hf_span text;
        int64_t want; /* -1: refused */
    } rows[] = {
        {S("0"), 0},
        {S("1"), 1},
        {S("1767225600"), 1767225600},
        {S("2147483648"), 2147483648},
        {S("4294967296"), 4294967296},
        {S("007"), 7},
        {S("000"), 0},
        {S("9223372036854775806"), INT64_MAX - 1},
        {S("9223372036854775807"), INT64_MAX},
        {S("00000000000000000009223372036854775807"), INT64_MAX},
        {S("9223372036854775808"), -1},
        {S("9999999999999999999"), -1},
        {S("10000000000000000000"), -1},
        {S("18446744073709551616"), -1},
        {S("18446744073709551617"), -1},
        {S(""), -1},
        {S("-1"), -1},
        {S("+1"), -1},
        {S("-0"), -1},
        {S("1.0"), -1},
        {S("1e9"), -1},
        {S("0x10"), -1},
        {S(" 1"), -1},
        {S("1 "), -1},
        {S("1,000"), -1},
        {S("00a"), -1},
        {S("0/"), -1},
        {S("0:"), -1},
        {S("1\0"), -1},
        {S("\xd9\xa1"), -1}, /* ARABIC-INDIC DIGIT ONE */
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        int64_t got = -1;

        if (hf_persist_until_parse(rows[i].text, &got) != (rows[i].want >= 0) ||
            got != rows[i].want)
            fail_msg("\"%s\": %lld", rows[i].text.ptr, (long long)got);
    }
}

/* REQ RECORD-12: every octet in a place of a digit. */
static void only_digits(void **state)
{
    (void)state;
    for (unsigned c = 0; c < 256; c++) {
        char text[3] = {'1', (char)c, '2'};
        int64_t got;

        assert_int_equal(
            hf_persist_until_parse((struct hf_span){text, 3}, &got),
            c >= '0' && c <= '9');
    }
}

/* REQ RECORD-04: the longest text that DNS can carry is read in full. */
static void longest_record(void **state)
{
    static char text[65279];
    struct hf_span span = {text, sizeof(text)};
    struct hf_record got;
    size_t at;

    (void)state;
    memset(text, 'u', sizeof(text));
    memcpy(text, "ca.example;accounturi=", 22);
    assert_int_equal(hf_record_read(span, &got, &at), HF_REASON_OK);
    assert_int_equal(got.account_uri.len, sizeof(text) - 22);
    text[sizeof(text) - 1] = ';';
    assert_int_equal(hf_record_read(span, &got, &at), HF_REASON_SYNTAX);
    assert_int_equal(at, sizeof(text));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reading_table),
        cmocka_unit_test(issuer_is_kept),
        cmocka_unit_test(policy_is_kept_as_spelt),
        cmocka_unit_test(persist_until_table),
        cmocka_unit_test(only_digits),
        cmocka_unit_test(longest_record),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
