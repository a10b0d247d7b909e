/* SPDX-License-Identifier: Apache-2.0 */
/* What is odd about a record: REQ MON-06, MON-07, CLI-10, CLI-11. */
#include "holdfast/lint.h"
#include "tests/unit/judge_fixture.h"
#include "tests/unit/unit.h"

#define S       HF_SPAN_INIT
#define A       "ca.example; accounturi=" URL
#define UNTIL   "; persistUntil=1800000000"
#define GOOD    A UNTIL
#define B(word) (1U << HF_LINT_##word)
#define SOON_S  2592000

/* Each finding alone where that can be, by what is wrong in the text. */
static const struct {
    const char *name;
    struct hf_span text;
    uint32_t want;
} cases[] = {
    /* good */
    {"nothing odd", S(GOOD), 0},
    {"all parameters", S(A "; policy=wildcard" UNTIL), B(WILDCARD)},
    /* bad, in the order of the enumeration */
    {"syntax", S(GOOD ";"), B(SYNTAX)},
    {"no issuer", S(";"), B(NO_ISSUER)},
    {"empty", S(""), B(NO_ISSUER)},
    {"capitals", S("CA.example; accounturi=" URL UNTIL),
     B(ISSUER_NOT_CANONICAL)},
    {"known twice", S(GOOD "; accounturi=" URL), B(DUPLICATE_KNOWN)},
    {"unknown twice", S(GOOD "; x=1; X=2"),
     B(UNKNOWN_TAG) | B(DUPLICATE_UNKNOWN)},
    {"unknown", S(GOOD "; x=1"), B(UNKNOWN_TAG)},
    {"two unknown", S(GOOD "; x=1; y=2"), B(UNKNOWN_TAG)},
    {"persistuntil", S(A "; persistuntil=1800000000"), B(TAG_SPELLING)},
    {"AccountURI", S("ca.example; AccountURI=" URL UNTIL), B(TAG_SPELLING)},
    {"POLICY", S(GOOD "; POLICY=wildcard"), B(TAG_SPELLING) | B(WILDCARD)},
    {"no accounturi", S("ca.example" UNTIL), B(MISSING_ACCOUNTURI)},
    {"empty accounturi", S("ca.example; accounturi=" UNTIL),
     B(EMPTY_ACCOUNTURI)},
    {"policy", S(GOOD "; policy=all"), B(POLICY_UNKNOWN)},
    {"empty policy", S(GOOD "; policy="), B(POLICY_UNKNOWN)},
    {"policy in capitals", S(GOOD "; policy=WILDCARD"), B(WILDCARD)},
    {"persistUntil", S(A "; persistUntil=2027-01-01"), B(UNTIL_MALFORMED)},
    {"negative", S(A "; persistUntil=-1"), B(UNTIL_MALFORMED)},
    {"milliseconds", S(A "; persistUntil=1800000000000"),
     B(UNTIL_MILLISECONDS)},
    {"no milliseconds", S(A "; persistUntil=99999999999"), 0},
    {"first millisecond", S(A "; persistUntil=100000000000"),
     B(UNTIL_MILLISECONDS)},
    {"leading zero", S(A "; persistUntil=01800000000"), B(UNTIL_LEADING_ZERO)},
    {"zero has none", S(A "; persistUntil=0"), B(EXPIRED)},
    {"expired", S(A "; persistUntil=1789999999"), B(EXPIRED)},
    {"last second", S(A "; persistUntil=1790000000"), B(EXPIRES_SOON)},
    {"soon", S(A "; persistUntil=1792592000"), B(EXPIRES_SOON)},
    {"not soon", S(A "; persistUntil=1792592001"), 0},
    {"no end", S(A), B(NO_END)},
    {"no end, blank behind", S(A " "), B(NO_END) | B(BLANKS)},
    {"no end, unknown", S(A "; x=1"), B(NO_END) | B(UNKNOWN_TAG)},
    {"no end, other policy", S(A "; policy=all"),
     B(NO_END) | B(POLICY_UNKNOWN)},
    {"nobody, else canonical", S("; accounturi=" URL UNTIL), B(NO_ISSUER)},
    {"end in the middle", S(A UNTIL "; policy=wildcard"), B(WILDCARD)},
    {"end, then unknown", S(A "; policy=wildcard" UNTIL "; x=1"),
     B(WILDCARD) | B(UNKNOWN_TAG)},
    {"blank before", S(" " GOOD), B(BLANKS)},
    {"blank after", S(GOOD " "), B(BLANKS)},
    {"tab", S(GOOD ";\tx=1"), B(BLANKS) | B(UNKNOWN_TAG)},
    {"two blanks", S("ca.example;  accounturi=" URL UNTIL), B(BLANKS)},
    {"no blank", S("ca.example;accounturi=" URL UNTIL), B(BLANKS)},
    {"blank before ;", S("ca.example ; accounturi=" URL UNTIL), B(BLANKS)},
    {"blank after =", S("ca.example; accounturi= " URL UNTIL), B(BLANKS)},
    {"zero has none, whatever the blanks",
     S("ca.example;accounturi=" URL "; persistUntil=0"),
     B(BLANKS) | B(EXPIRED)},
    {"a tab is no control", S(GOOD ";\t;"), B(SYNTAX)},
    {"lone blank", S(" "), B(BLANKS) | B(NO_ISSUER)},
    {"quotes", S("\"" GOOD "\""), B(QUOTES) | B(SYNTAX)},
    {"one quote", S("\""), B(SYNTAX)},
    {"quote first only", S("\"" GOOD), B(SYNTAX)},
    {"quote last only", S(A UNTIL "; x=\""), B(UNKNOWN_TAG)},
    {"NUL", S(GOOD "\0"), B(CONTROL_OCTETS) | B(SYNTAX)},
    {"newline", S(GOOD "\n"), B(CONTROL_OCTETS) | B(SYNTAX)},
    {"0x1f", S(GOOD "\x1f"), B(CONTROL_OCTETS) | B(SYNTAX)},
    {"DEL", S(GOOD "\x7f"), B(CONTROL_OCTETS) | B(SYNTAX)},
    {"0x80", S(GOOD "\x80"), B(CONTROL_OCTETS) | B(SYNTAX)},
    {"tilde", S(GOOD "; x=~"), B(UNKNOWN_TAG)},
};

static void findings_table(void **state)
{
    const struct hf_lint_view view = {.now = {NOW, 0}, .soon_s = SOON_S};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        uint32_t got = hf_lint(cases[i].text, &view);

        if (got != cases[i].want)
            fail_msg("%s: %#x, not %#x", cases[i].name, got, cases[i].want);
    }
}

/* REQ MON-06: the reminder can be switched off; a fraction of a second
 * decides at the end itself. */
static void end_table(void **state)
{
    static const struct {
        struct hf_time now;
        int64_t soon_s;
        uint32_t want;
    } rows[] = {
        {{1799999999, 999999999}, 0, 0},
        {{1800000000, 0}, 0, 0},
        {{1800000000, 0}, 1, B(EXPIRES_SOON)},
        {{1799999999, 0}, 1, B(EXPIRES_SOON)},
        {{1799999998, 0}, 1, 0},
        {{1800000000, 1}, 0, B(EXPIRED)},
        {{1800000000, 1}, 60, B(EXPIRED)},
        {{0, 0}, INT64_MAX, B(EXPIRES_SOON)},
        {{0, 0}, -1, 0},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct hf_lint_view view = {rows[i].now, rows[i].soon_s, NULL};

        if (hf_lint(HF_SPAN(GOOD), &view) != rows[i].want)
            fail_msg("row %zu", i);
    }
}

static void length(void **state)
{
    const struct hf_lint_view view = {.now = {NOW, 0}};
    static char text[65280];

    (void)state;
    memset(text, 'u', sizeof(text));
    memcpy(text, "ca.example; accounturi=", 23);
    assert_int_equal(hf_lint((struct hf_span){text, 255}, &view), B(NO_END));
    assert_int_equal(hf_lint((struct hf_span){text, 256}, &view),
                     B(NO_END) | B(SEVERAL_STRINGS));
    /* 255 full strings and one of 254: with their lengths 65,535 octets */
    assert_int_equal(hf_lint((struct hf_span){text, 65279}, &view),
                     B(NO_END) | B(SEVERAL_STRINGS));
    assert_int_equal(hf_lint((struct hf_span){text, 65280}, &view),
                     B(NO_END) | B(TOO_LONG));
    assert_int_equal(hf_finding_severity(HF_LINT_TOO_LONG), HF_SEVERITY_ERROR);
}

/* A repeated tag is looked for 64 parameters ahead, so that the longest text
 * of DNS, all of it tags, takes no time. */
static void many_tags(void **state)
{
    const struct hf_lint_view view = {.now = {NOW, 0}};
    static char text[65279];
    struct hf_buf out;

    (void)state;
    for (size_t between = 62; between <= 64; between++) {
        hf_buf_init(&out, text, sizeof(text));
        hf_buf_puts(&out, "x; twice=");
        for (size_t i = 0; i < between; i++) {
            hf_buf_puts(&out, "; t");
            hf_buf_put_u64(&out, i);
            hf_buf_putc(&out, '=');
        }
        hf_buf_puts(&out, "; twice=");
        assert_int_equal(hf_lint(hf_buf_span(&out), &view) &
                             B(DUPLICATE_UNKNOWN),
                         between < 64 ? B(DUPLICATE_UNKNOWN) : 0);
    }
    hf_buf_init(&out, text, sizeof(text));
    hf_buf_putc(&out, 'x');
    for (size_t i = 0; out.len + 8 < sizeof(text); i++) {
        hf_buf_putc(&out, ';');
        hf_buf_put_u64(&out, i);
        hf_buf_putc(&out, '=');
    }
    assert_int_equal(hf_lint(hf_buf_span(&out), &view) & B(UNKNOWN_TAG),
                     B(UNKNOWN_TAG));
}

/* What a CA in particular would dislike. */
static void uri_table(void **state)
{
    static const struct {
        const char *name;
        enum hf_rules rules;
        bool strict;
        struct hf_span text;
        uint32_t want;
    } rows[] = {
        {"hashed", HF_RULES_DRAFT_02, false, S("ca.example; accounturi=" EXACT),
         0},
        {"raw", HF_RULES_DRAFT_02, false, S("ca.example; accounturi=" URL),
         B(RAW_AT_HASHED)},
        {"raw, strict", HF_RULES_DUAL, true, S("ca.example; accounturi=" URL),
         B(RAW_AT_HASHED)},
        {"raw, dual", HF_RULES_DUAL, false, S("ca.example; accounturi=" URL),
         0},
        {"raw, 01", HF_RULES_DRAFT_01, true, S("ca.example; accounturi=" URL),
         0},
        {"raw, br", HF_RULES_BR, true, S("ca.example; accounturi=" URL), 0},
        {"other issuer", HF_RULES_DRAFT_02, false,
         S("else.example; accounturi=" URL), 0},
        {"broken", HF_RULES_DUAL, false, S("ca.example; accounturi=" EXACT "="),
         B(HASHED_URI)},
        {"algorithm", HF_RULES_DUAL, false,
         S("ca.example; accounturi=" PREFIX "sha-1/x"), B(HASH_ALG)},
        {"broken, 01", HF_RULES_DRAFT_01, false,
         S("ca.example; accounturi=" EXACT "="), 0},
        {"second issuer", HF_RULES_DRAFT_02, false,
         S("ca2.example; accounturi=" URL), B(RAW_AT_HASHED)},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct hf_ca ca = the_ca(rows[i].rules, NULL);
        const struct hf_lint_view view = {.now = {NOW, 0}, .ca = &ca};
        uint32_t got;

        ca.allows_raw = !rows[i].strict;
        got = hf_lint(rows[i].text, &view);
        if (got != (rows[i].want | B(NO_END)))
            fail_msg("%s: %#x", rows[i].name, got);
    }
}

/* REQ CLI-10, CLI-11 */
static void canonical_table(void **state)
{
    static const struct {
        struct hf_span text;
        struct hf_span want;
    } rows[] = {
        {S(GOOD), S(GOOD)},
        {S(""), S("")},
        {S(" ; "), S("")},
        {S("CA.Example"), S("ca.example")},
        {S("\tCA.Example ;PERSISTUNTIL = 5;Policy=WildCard; "
           "x=Y; ACCOUNTURI=Uri"),
         S("ca.example; accounturi=Uri; policy=wildcard; persistUntil=5; "
           "x=Y")},
        {S("x;Zz=1;policy=Other;a=2;Zz=3"),
         S("x; policy=Other; Zz=1; a=2; Zz=3")},
        {S("x;accounturi=a;accounturi=b"), S("x; accounturi=a; accounturi=b")},
        {S("; a="), S("; a=")},
        {S("x; persistUntil=0012; y=0012"), S("x; persistUntil=12; y=0012")},
        {S("x; persistUntil=000"), S("x; persistUntil=0")},
        {S("x; persistUntil=0x12"), S("x; persistUntil=0x12")},
        {S("x; persistUntil=009223372036854775808"),
         S("x; persistUntil=009223372036854775808")},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct hf_lint_view view = {.now = {NOW, 0}};
        char room[128];
        struct hf_buf out;

        hf_buf_init(&out, room, sizeof(room));
        assert_true(hf_lint_canonical(rows[i].text, &out));
        assert_span_equal(hf_buf_span(&out), rows[i].want);
        assert_int_equal(
            hf_lint(hf_buf_span(&out), &view) &
                (B(BLANKS) | B(TAG_SPELLING) | B(ISSUER_NOT_CANONICAL)),
            0);
    }
}

static void canonical_failures(void **state)
{
    char room[8];
    struct hf_buf out;

    (void)state;
    hf_buf_init(&out, room, sizeof(room));
    assert_false(hf_lint_canonical(HF_SPAN("x;;"), &out));
    assert_int_equal(out.len, 0);
    assert_false(hf_lint_canonical(HF_SPAN(GOOD), &out));
    assert_true(out.full);
}

/* Every finding has a word of its own, a sentence and a weight. */
static void words(void **state)
{
    (void)state;
    for (unsigned i = 0; i < HF_FINDING_COUNT; i++) {
        const char *sentence = hf_finding_sentence(i);

        assert_true(strlen(hf_finding_word(i)) > 0);
        assert_int_equal(sentence[strlen(sentence) - 1], '.');
        for (unsigned j = 0; j < i; j++)
            assert_string_not_equal(hf_finding_word(i), hf_finding_word(j));
    }
    assert_int_equal(hf_finding_severity(HF_LINT_SYNTAX), HF_SEVERITY_ERROR);
    assert_int_equal(hf_finding_severity(HF_LINT_TAG_SPELLING),
                     HF_SEVERITY_WARNING);
    assert_int_equal(hf_finding_severity(HF_LINT_WILDCARD), HF_SEVERITY_INFO);
    assert_string_equal(hf_severity_word(HF_SEVERITY_INFO), "info");
    assert_string_equal(hf_severity_word(HF_SEVERITY_WARNING), "warning");
    assert_string_equal(hf_severity_word(HF_SEVERITY_ERROR), "error");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(findings_table),
        cmocka_unit_test(end_table),
        cmocka_unit_test(length),
        cmocka_unit_test(many_tags),
        cmocka_unit_test(uri_table),
        cmocka_unit_test(canonical_table),
        cmocka_unit_test(canonical_failures),
        cmocka_unit_test(words),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
