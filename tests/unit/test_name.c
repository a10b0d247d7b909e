/* SPDX-License-Identifier: Apache-2.0 */
/* Names and owner names: REQ RECORD-21, RECORD-22, CHAL-04, CHAL-05, VAL-01,
 * VAL-03, SCOPE-02, SCOPE-03, SCOPE-11, CLI-12. */
#include "holdfast/name.h"
#include "tests/unit/unit.h"

#define S    HF_SPAN_INIT
#define A10  "aaaaaaaaaa"
#define A60  A10 A10 A10 A10 A10 A10
#define L63  A60 "aaa"
#define N253 L63 "." L63 "." L63 "." A60 "a"

static const struct {
    const char *name;
    struct hf_span text;
    enum hf_err host;
    enum hf_err owner; /* as a name in DNS, with '_' */
    size_t at;         /* of the host name's failure */
    struct hf_span want;
} cases[] = {
    /* good */
    {"plain", S("example.com"), HF_OK, HF_OK, 0, S("example.com")},
    {"capitals", S("EXAMPLE.Com"), HF_OK, HF_OK, 0, S("example.com")},
    {"dot", S("example.com."), HF_OK, HF_OK, 0, S("example.com")},
    {"one label", S("a"), HF_OK, HF_OK, 0, S("a")},
    {"one label, dot", S("a."), HF_OK, HF_OK, 0, S("a")},
    {"digits", S("1.2.3"), HF_OK, HF_OK, 0, S("1.2.3")},
    {"hyphens", S("a--b.c-d"), HF_OK, HF_OK, 0, S("a--b.c-d")},
    {"A-label", S("XN--bcher-kva.example"), HF_OK, HF_OK, 0,
     S("xn--bcher-kva.example")},
    {"label of 63", S(L63), HF_OK, HF_OK, 0, S(L63)},
    {"name of 253", S(N253), HF_OK, HF_OK, 0, S(N253)},
    {"name of 253, dot", S(N253 "."), HF_OK, HF_OK, 0, S(N253)},
    /* in DNS only */
    {"underscore", S("_a.example"), HF_ESYNTAX, HF_OK, 0, S("_a.example")},
    {"underscore inside", S("x.a_b.c"), HF_ESYNTAX, HF_OK, 2, S("x.a_b.c")},
    /* bad */
    {"empty", S(""), HF_ESYNTAX, HF_ESYNTAX, 0, S("")},
    {"root", S("."), HF_ESYNTAX, HF_ESYNTAX, 0, S("")},
    {"two dots", S(".."), HF_ESYNTAX, HF_ESYNTAX, 0, S("")},
    {"dot first", S(".a"), HF_ESYNTAX, HF_ESYNTAX, 0, S("")},
    {"empty label", S("a..b"), HF_ESYNTAX, HF_ESYNTAX, 2, S("")},
    {"two dots last", S("a.."), HF_ESYNTAX, HF_ESYNTAX, 2, S("")},
    {"hyphen first", S("a.-b"), HF_ESYNTAX, HF_ESYNTAX, 2, S("")},
    {"hyphen last", S("a-.b"), HF_ESYNTAX, HF_ESYNTAX, 0, S("")},
    {"hyphen alone", S("-"), HF_ESYNTAX, HF_ESYNTAX, 0, S("")},
    {"star", S("*.a"), HF_ESYNTAX, HF_ESYNTAX, 0, S("")},
    {"blank", S("a b"), HF_ESYNTAX, HF_ESYNTAX, 0, S("")},
    {"NUL", S("a\0b"), HF_ESYNTAX, HF_ESYNTAX, 0, S("")},
    {"UTF-8", S("b\xc3\xbc"), HF_ESYNTAX, HF_ESYNTAX, 0, S("")},
    {"backtick", S("a.`"), HF_ESYNTAX, HF_ESYNTAX, 2, S("")},
    {"brace", S("{"), HF_ESYNTAX, HF_ESYNTAX, 0, S("")},
    {"at", S("@"), HF_ESYNTAX, HF_ESYNTAX, 0, S("")},
    {"bracket", S("["), HF_ESYNTAX, HF_ESYNTAX, 0, S("")},
    {"label of 64", S(L63 "a.b"), HF_ESYNTAX, HF_ESYNTAX, 0, S("")},
    {"name of 254", S(N253 "a"), HF_ESYNTAX, HF_ESYNTAX, 253, S("")},
    {"name of 254, dot", S(N253 "a."), HF_ESYNTAX, HF_ESYNTAX, 253, S("")},
};

/* REQ RECORD-21, CHAL-04, CHAL-05 */
static void parse_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct hf_name host = {.len = 3, .text = "???"};
        struct hf_name owner = {0};
        struct hf_why why = {0};
        enum hf_err err = hf_name_parse(cases[i].text, &host, &why);

        if (err != cases[i].host || why.at != cases[i].at ||
            hf_name_parse_owner(cases[i].text, &owner, NULL) != cases[i].owner)
            fail_msg("%s: at %zu", cases[i].name, why.at);
        if (err != HF_OK) /* untouched */
            assert_span_equal(hf_name_span(&host), HF_SPAN("???"));
        else
            assert_span_equal(hf_name_span(&host), cases[i].want);
        assert_span_equal(hf_name_span(&owner), cases[i].want);
        assert_int_equal(hf_name_is_canonical(cases[i].text),
                         err == HF_OK &&
                             hf_span_eq(cases[i].text, cases[i].want));
    }
}

/* REQ SCOPE-02 */
static void below_table(void **state)
{
    static const struct {
        struct hf_span name;
        struct hf_span ancestor;
        bool want;
    } rows[] = {
        {S("a.example.com"), S("example.com"), true},
        {S("a.b.example.com"), S("example.com"), true},
        {S("example.com"), S("com"), true},
        {S("example.com"), S("example.com"), false},
        {S("badexample.com"), S("example.com"), false},
        {S("example.com"), S("a.example.com"), false},
        {S("a.example.com"), S("example.org"), false},
        {S("com"), S("com"), false},
        {S(".com"), S("com"), false},
        {S("xexample.com.com"), S("example.com"), false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (hf_name_is_below(rows[i].name, rows[i].ancestor) != rows[i].want)
            fail_msg("%s below %s", rows[i].name.ptr, rows[i].ancestor.ptr);
}

static void parents(void **state)
{
    (void)state;
    assert_span_equal(hf_name_parent(HF_SPAN("a.b.c")), HF_SPAN("b.c"));
    assert_span_equal(hf_name_parent(HF_SPAN("c")), HF_SPAN(""));
    assert_span_equal(hf_name_parent(HF_SPAN("")), HF_SPAN(""));
}

/* REQ SCOPE-03, CLI-12 */
static void stars(void **state)
{
    static const struct {
        struct hf_span text;
        bool star;
        struct hf_span rest;
    } rows[] = {
        {S("*.example.com"), true, S("example.com")},
        {S("*.*.example.com"), true, S("*.example.com")},
        {S("*."), true, S("")},
        {S("example.com"), false, S("example.com")},
        {S("*"), false, S("*")},
        {S("*example.com"), false, S("*example.com")},
        {S("a.*.com"), false, S("a.*.com")},
        {S(""), false, S("")},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct hf_span name = rows[i].text;

        assert_int_equal(hf_name_take_star(&name), rows[i].star);
        assert_span_equal(name, rows[i].rest);
    }
}

/* REQ VAL-01, VAL-03, RECORD-22 */
static void owner_names(void **state)
{
    struct hf_span longest = HF_SPAN(N253);
    struct hf_name owner;
    struct hf_why why = {0};

    (void)state;
    assert_int_equal(hf_owner_of_name(HF_SPAN("example.com"), &owner, NULL),
                     HF_OK);
    assert_span_equal(hf_name_span(&owner),
                      HF_SPAN("_validation-persist.example.com"));
    longest.len = 233;
    assert_int_equal(hf_owner_of_name(longest, &owner, NULL), HF_OK);
    assert_int_equal(owner.len, 253);
    longest.len = 234;
    assert_int_equal(hf_owner_of_name(longest, &owner, &why), HF_ELIMIT);
    assert_int_equal(why.at, 233);
    assert_int_equal(owner.len, 253); /* untouched */
}

/* REQ SCOPE-11: BR 3.2.2.5.8 */
static void owner_addresses(void **state)
{
    static const struct {
        uint8_t address[16];
        size_t len;
        const char *want;
    } rows[] = {
        {{192, 0, 2, 1}, 4, "1.2.0.192.in-addr.arpa"},
        {{9, 10, 99, 100}, 4, "100.99.10.9.in-addr.arpa"},
        {{255, 0, 255, 0}, 4, "0.255.0.255.in-addr.arpa"},
        {{0x20, 0x01, 0x0d, 0xb8, [15] = 0xf1},
         16,
         "1.f.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0."
         "8.b.d.0.1.0.0.2.ip6.arpa"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct hf_name owner;
        struct hf_span rest;

        hf_owner_of_ip(rows[i].address, rows[i].len, &owner);
        rest = hf_name_span(&owner);
        assert_true(hf_span_starts(rest, HF_SPAN("_ip-validation-persist.")));
        (void)hf_span_cut(&rest, 23);
        assert_span_equal(rest, hf_span_str(rows[i].want));
    }
}

/* Every octet inside a label. */
static void octets(void **state)
{
    (void)state;
    for (unsigned c = 0; c < 256; c++) {
        char text[3] = {'a', (char)c, 'b'};
        struct hf_span span = {text, 3};
        struct hf_name name;
        bool alnum = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
                     (c >= 'A' && c <= 'Z');
        bool host = alnum || c == '-' || c == '.';

        assert_int_equal(hf_name_parse(span, &name, NULL) == HF_OK, host);
        assert_int_equal(hf_name_parse_owner(span, &name, NULL) == HF_OK,
                         host || c == '_');
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parse_table), cmocka_unit_test(below_table),
        cmocka_unit_test(parents),     cmocka_unit_test(stars),
        cmocka_unit_test(owner_names), cmocka_unit_test(owner_addresses),
        cmocka_unit_test(octets),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
