/* SPDX-License-Identifier: Apache-2.0 */
/* The grammar under every record: REQ RECORD-02, RECORD-04, ERR-01. */
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "holdfast/issue_value.h"
#include "spec/grammar.h"
#include "tests/unit/plain_grammar.h"
#include "tests/unit/unit.h" /* cmocka and what it needs */

#define S HF_SPAN_INIT

static const struct {
    const char *name;
    struct hf_span text;
    enum hf_err err;
    size_t at; /* where a failure is reported */
    size_t params;
    struct hf_span issuer;
} cases[] = {
    /* good */
    {"empty", S(""), HF_OK, 0, 0, S("")},
    {"blank", S(" \t "), HF_OK, 0, 0, S("")},
    {"lone ;", S(";"), HF_OK, 0, 0, S("")},
    {"blanks round ;", S(" \t; "), HF_OK, 0, 0, S("")},
    {"issuer only", S("ca.example"), HF_OK, 0, 0, S("ca.example")},
    {"one label", S("x"), HF_OK, 0, 0, S("x")},
    {"issuer and ;", S("ca.example;"), HF_OK, 0, 0, S("ca.example")},
    {"issuer, ;, blank", S("ca.example; "), HF_OK, 0, 0, S("ca.example")},
    {"upper case issuer", S("CA.Example"), HF_OK, 0, 0, S("CA.Example")},
    {"hyphens inside", S("c--a.e-x"), HF_OK, 0, 0, S("c--a.e-x")},
    {"digits", S("1.2"), HF_OK, 0, 0, S("1.2")},
    {"no issuer", S(" ; a=b"), HF_OK, 0, 1, S("")},
    {"two params", S("ca.example; a=b;c=d"), HF_OK, 0, 2, S("ca.example")},
    {"empty value", S("ca.example;a="), HF_OK, 0, 1, S("ca.example")},
    {"empty value first", S("x;a=;b=c"), HF_OK, 0, 2, S("x")},
    {"space everywhere", S("\tx ; a = b ; c = d "), HF_OK, 0, 2, S("x")},
    {"tag a--b", S("x;a--b=c"), HF_OK, 0, 1, S("x")},
    {"tag 42", S("x;42=c"), HF_OK, 0, 1, S("x")},
    {"odd but legal octets", S("x;a==\"\\,(!~"), HF_OK, 0, 1, S("x")},
    /* bad */
    {"empty label", S("ca..example"), HF_ESYNTAX, 3, 0, S("")},
    {"dot first", S(".ca"), HF_ESYNTAX, 0, 0, S("")},
    {"trailing dot", S("ca.example.;a=b"), HF_ESYNTAX, 11, 0, S("")},
    {"label starts with -", S("-ca"), HF_ESYNTAX, 3, 0, S("")},
    {"label ends in -", S("ca-"), HF_ESYNTAX, 3, 0, S("")},
    {"second label ends in -", S("a.b-;a=b"), HF_ESYNTAX, 4, 0, S("")},
    {"underscore", S("c_a;a=b"), HF_ESYNTAX, 1, 0, S("")},
    {"two words", S("ca example;a=b"), HF_ESYNTAX, 3, 0, S("")},
    {"no issuer, no ;", S("a=b"), HF_ESYNTAX, 1, 0, S("")},
    {"two ;", S("x;;a=b"), HF_ESYNTAX, 2, 0, S("")},
    {"trailing ;", S("x;a=b;"), HF_ESYNTAX, 6, 0, S("")},
    {"trailing ; and blank", S("x;a=b; "), HF_ESYNTAX, 7, 0, S("")},
    {"blank parameter", S("x;a=b; ;c=d"), HF_ESYNTAX, 7, 0, S("")},
    {"no =", S("x; a b"), HF_ESYNTAX, 5, 0, S("")},
    {"no = at all", S("x; a"), HF_ESYNTAX, 4, 0, S("")},
    {"no tag", S("x;=b"), HF_ESYNTAX, 2, 0, S("")},
    {"tag starts with -", S("x;-a=b"), HF_ESYNTAX, 4, 0, S("")},
    {"tag ends in -", S("x;a-=b"), HF_ESYNTAX, 4, 0, S("")},
    {"tag has _", S("x;a_b=c"), HF_ESYNTAX, 3, 0, S("")},
    {"space in value", S("x;a=b c"), HF_ESYNTAX, 6, 0, S("")},
    {"high byte", S("x;a=\xc3\xa9"), HF_ESYNTAX, 4, 0, S("")},
    {"DEL", S("x;a=\x7f"), HF_ESYNTAX, 4, 0, S("")},
    {"NUL byte", S("x\0;a=b"), HF_ESYNTAX, 1, 0, S("")},
    {"NUL in value", S("x;a=b\0c"), HF_ESYNTAX, 5, 0, S("")},
    {"newline at end", S("x;a=b\n"), HF_ESYNTAX, 5, 0, S("")},
    {"quotes in the data", S("\"x;a=b\""), HF_ESYNTAX, 0, 0, S("")},
};

static size_t count_params(struct hf_span rest)
{
    struct hf_param param;
    size_t n = 0;

    while (hf_param_next(&rest, &param))
        n++;
    return n;
}

/* REQ RECORD-02, ERR-01 */
static void grammar_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct hf_issue_value got = {0};
        struct hf_why why = {0};
        enum hf_err err = hf_issue_value_parse(cases[i].text, &got, &why);

        if (err != cases[i].err || why.at != cases[i].at ||
            (err != HF_OK) != (why.text != NULL) ||
            !hf_span_eq(got.issuer, cases[i].issuer) ||
            count_params(got.params) != cases[i].params)
            fail_msg("%s: %d at %zu", cases[i].name, (int)err, why.at);
    }
}

static void params_are_walked_in_order(void **state)
{
    const struct hf_param want[] = {{S("A"), S("=b")},
                                    {S("c-d"), S("")},
                                    {S("e"), S("f;")},
                                    {S("9"), S("~!")}};
    struct hf_issue_value got;
    struct hf_param param;

    (void)state;
    assert_int_equal(
        hf_issue_value_parse(HF_SPAN("x; A \t==b ;c-d=;e=f;9=~! "), &got, NULL),
        HF_OK);
    for (size_t i = 0; i < COUNT_OF(want); i++) {
        struct hf_span value = want[i].value;

        if (i == 2)
            value.len = 1; /* ';' ends a value, no escape exists */
        assert_true(hf_param_next(&got.params, &param));
        assert_span_equal(param.tag, want[i].tag);
        assert_span_equal(param.value, value);
    }
    assert_false(hf_param_next(&got.params, &param));
}

/* Every octet at every kind of position. */
enum class {
    ALNUM = 1,
    HYPHEN = 2,
    DOT = 4,
    WSP = 8,
    VALUE = 16, /* 0x21 to 0x7e but ';' */
    SEMICOLON = 32,
    EQUALS = 64,
};

static unsigned class_of(unsigned c)
{
    unsigned class = c > 0x20 && c < 0x7f && c != ';' ? VALUE : 0;

    if ((c - '0') < 10 || ((c | 32) - 'a') < 26)
        class |= ALNUM;
    class |= c == '-' ? HYPHEN : c == '.' ? DOT : c == '=' ? EQUALS : 0U;
    return class | (c == ' ' || c == '\t' ? WSP : c == ';' ? SEMICOLON : 0U);
}

static const struct {
    const char *before;
    const char *after;
    unsigned good;
} positions[] = {
    {"", "", ALNUM | WSP | SEMICOLON},
    {"", "x;a=b", ALNUM | WSP},
    {"x", "x.example;a=b", ALNUM | HYPHEN | DOT},
    {"x", ";a=b", ALNUM | WSP},
    {"x.", ";a=b", ALNUM},
    {"x ", ";a=b", WSP},
    {"x", "", ALNUM | WSP | SEMICOLON},
    {"", ";", ALNUM | WSP},
    {"x;", "", WSP},
    {"x;", "a=b", ALNUM | WSP},
    {"x;a", "b=c", ALNUM | HYPHEN | EQUALS},
    {"x;a", "=b", ALNUM | WSP | EQUALS},
    {"x;a ", "=b", WSP | EQUALS},
    {"x;a=", "", VALUE | WSP},
    {"x;a=", "b", VALUE | WSP},
    {"x;a=b", "c", VALUE},
    {"x;a=b", "", VALUE | WSP},
    {"x;a=b ", "", WSP},
    {"x;a=b", ";c=d", VALUE | WSP},
    {"x;a=b;", "c=d", ALNUM | WSP},
    {"x;a=bbbbbbbb", "bbbbbbbb", VALUE},
    {"x;a=b;c=d", " ", VALUE | WSP},
};

/* REQ RECORD-02, RECORD-04 */
static void every_octet_at_every_position(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(positions); i++) {
        for (unsigned c = 0; c < 256; c++) {
            bool good = (class_of(c) & positions[i].good) != 0;
            struct hf_issue_value got;
            char text[40];
            int n = snprintf(text, sizeof(text), "%s?%s", positions[i].before,
                             positions[i].after);
            struct hf_span span = {text, (size_t)n};

            text[strlen(positions[i].before)] = (char)c;
            if ((hf_issue_value_parse(span, &got, NULL) == HF_OK) != good)
                fail_msg("\"%s\" %02x \"%s\"", positions[i].before, c,
                         positions[i].after);
        }
    }
}

/* The library reads many octets at a time and must see what the plain
 * reading sees. */
static void check_parse(struct hf_span text)
{
    struct hf_issue_value got;
    bool good = plain_is_issue_value(text);

    if ((hf_issue_value_parse(text, &got, NULL) == HF_OK) != good)
        fail_msg("%s text of %zu octets", good ? "good" : "bad", text.len);
}

static void check_value(char *text, size_t len)
{
    struct hf_span value = {text + 4, len};
    size_t want = plain_value(value, 0);
    struct hf_span rest = {text + 2, len + 2};
    struct hf_param param = {0};

    memcpy(text, "x;a=", 4);
    check_parse((struct hf_span){text, len + 4});
    (void)hf_param_next(&rest, &param);
    if (value.ptr[0] != ' ' && value.ptr[0] != '\t' && param.value.len != want)
        fail_msg("value of %zu octets ends at %zu", len, want);
    if (hf_value_is_safe(value) != (want == len))
        fail_msg("%zu octets, safe up to %zu", len, want);
}

/* As a label it is the issuer, then a tag. */
static void check_label(char *text, size_t len)
{
    char kept = text[len];

    check_parse((struct hf_span){text, len});
    text[len] = '=';
    check_parse((struct hf_span){text - 1, len + 2});
    text[len] = kept;
}

/* Every octet at every place of every length, at every alignment.
 * REQ RECORD-04, CLI-05 */
static void runs_end_at_every_place(void **state)
{
    char room[80] = {0};

    (void)state;
    for (size_t align = 1; align < 9; align++) {
        for (size_t i = 0; i < (size_t)40 * 40 * 256; i++) {
            size_t len = i / 256 / 40 + 1;
            size_t at = i / 256 % 40;
            char *text = room + align;

            if (at >= len)
                continue;
            memset(text - 1, 'v', len + 5);
            text[at + 4] = (char)i;
            check_value(text, len);
            memset(text, 'v', len);
            text[-1] = ';';
            text[at] = (char)i;
            check_label(text, len);
        }
    }
}

/* What an octet is must not depend on its neighbour. */
static void neighbours_do_not_disturb(void **state)
{
    /* Within a word, across two, within the next, across two vectors. */
    static const size_t places[] = {0, 7, 14, 15};
    char text[48];

    (void)state;
    for (size_t i = 0; i < COUNT_OF(places); i++) {
        for (unsigned pair = 0; pair < 65536; pair++) {
            size_t at = places[i];

            memset(text, '!', sizeof(text));
            text[4 + at] = (char)(pair & 255);
            text[5 + at] = (char)(pair >> 8);
            check_value(text, 24);
            memset(text, 'z', sizeof(text));
            text[0] = ';';
            text[1 + at] = (char)(pair & 255);
            text[2 + at] = (char)(pair >> 8);
            check_label(text + 1, 24);
        }
    }
}

/* Where a run from the front ends, and where the one behind it does: one octet
 * of a text of 'v' may stop it. */
static void check_run(struct hf_span text, size_t at, bool in_label)
{
    struct hf_reader reader = hf_reader_of(text);
    const uint64_t *stops =
        in_label ? &reader.stops.label : &reader.stops.value;
    struct hf_span one = {text.ptr + at, 1};
    bool goes_on = in_label ? plain_is_alnum(one.ptr[0]) || one.ptr[0] == '-'
                            : plain_value(one, 0) == 1;
    size_t want = goes_on ? text.len : at;

    if (hf_reader_take(&reader, stops).len != want || reader.at != want)
        fail_msg("%02x at %zu of %zu: run ends at %zu",
                 (unsigned char)one.ptr[0], at, text.len, reader.at);
    if (goes_on)
        return;
    reader.at++;
    if (hf_reader_take(&reader, stops).len != text.len - at - 1 ||
        !hf_reader_is_done(&reader))
        fail_msg("behind %zu of %zu: run ends at %zu", at, text.len, reader.at);
}

/* Every octet at every place of every text that is shorter than three windows
 * and a bit. REQ RECORD-04 */
static void windows_see_every_octet(void **state)
{
    char room[200];

    (void)state;
    memset(room, 'v', sizeof(room));
    for (size_t i = 0; i < sizeof(room) * sizeof(room) * 256; i++) {
        size_t len = i / 256 / sizeof(room) + 1;
        size_t at = i / 256 % sizeof(room);
        struct hf_span text = {room, len};

        if (at >= len)
            continue;
        room[at] = (char)i;
        check_run(text, at, true);
        check_run(text, at, false);
        room[at] = 'v';
    }
}

/* Bits beside each other do not disturb each other, and what moves over the
 * border of a window is taken to its end. */
static void runs_follow_each_other(void **state)
{
    char room[200];

    (void)state;
    for (size_t run = 1; run < sizeof(room); run++) {
        for (size_t len = run; len <= sizeof(room); len++) {
            struct hf_reader reader;

            for (size_t i = 0; i < len; i++)
                room[i] = i % (run + 1) == run ? ';' : 'v';
            reader = hf_reader_of((struct hf_span){room, len});
            while (len - reader.at > run) {
                size_t from = reader.at;

                assert_int_equal(
                    hf_reader_take(&reader, &reader.stops.value).len, run);
                assert_int_equal(reader.at, from + run);
                assert_true(hf_reader_skip(&reader, ';'));
            }
        }
    }
}

/* Where reading stopped is said in whole texts, windows or not. */
static void failures_have_a_place(void **state)
{
    char room[200];

    (void)state;
    for (size_t at = 4; at < sizeof(room); at++) {
        for (size_t len = at + 1; len <= sizeof(room); len++) {
            struct hf_issue_value got;
            struct hf_why why = {0};

            memset(room, 'v', sizeof(room));
            memcpy(room, "x;a=", 4);
            room[at] = '\x7f';
            assert_int_equal(
                hf_issue_value_parse((struct hf_span){room, len}, &got, &why),
                HF_ESYNTAX);
            assert_int_equal(why.at, at);
            memset(room, 'v', at);
            assert_int_equal(
                hf_issue_value_parse((struct hf_span){room, len}, &got, &why),
                HF_ESYNTAX);
            assert_int_equal(why.at, at);
        }
    }
}

/* A text of `len` octets whose neighbours on both sides cannot be read. */
struct fenced {
    char *map;
    size_t page;
};

static void fence(struct fenced *fenced)
{
    fenced->page = (size_t)sysconf(_SC_PAGESIZE);
    fenced->map = mmap(NULL, 3 * fenced->page, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(fenced->map, MAP_FAILED);
    assert_int_equal(mprotect(fenced->map, fenced->page, PROT_NONE), 0);
    assert_int_equal(
        mprotect(fenced->map + 2 * fenced->page, fenced->page, PROT_NONE), 0);
}

static void read_all(struct hf_span text)
{
    struct hf_issue_value got;

    (void)hf_value_is_safe(text);
    (void)hf_issue_value_attribution(text);
    if (hf_issue_value_parse(text, &got, NULL) == HF_OK)
        (void)count_params(got.params);
}

/* REQ RECORD-04 */
static void reading_stays_inside(void **state)
{
    static const char *const texts[] = {
        "ca.example; accounturi=https://ca.example/acct/123; policy=wildcard",
        "vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv",
        "x;a=vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv",
        "                                                                   ",
        "x ; a = ; b = ; c = ; d = ; e = ; f = ; g = ; h = ; i = ; j = ; k =",
        "...................................................................",
    };
    struct fenced fenced;

    (void)state;
    fence(&fenced);
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        for (size_t len = 0; len <= strlen(texts[i]); len++) {
            char *low = fenced.map + fenced.page;
            char *high = fenced.map + 2 * fenced.page - len;

            memcpy(high, texts[i], len);
            read_all((struct hf_span){high, len});
            memcpy(low, texts[i] + strlen(texts[i]) - len, len);
            read_all((struct hf_span){low, len});
        }
    }
    assert_int_equal(munmap(fenced.map, 3 * fenced.page), 0);
}

/* Whose error a broken record is: REQ VAL-05 */
static void attribution_table(void **state)
{
    static const struct {
        struct hf_span text;
        struct hf_span want;
    } rows[] = {
        {S("ca.example; a"), S("ca.example")},
        {S("CA.example"), S("CA.example")},
        {S(" \tca.example \t; a"), S("ca.example")},
        {S("ca.example.;a"), S("ca.example")},
        {S("ca.example. ;a"), S("ca.example")},
        {S("ca.example..;a"), S("ca.example.")},
        {S("ca.example .;a"), S("ca.example ")},
        {S("ca example;a"), S("ca example")},
        {S(""), S("")},
        {S(";ca.example"), S("")},
        {S(" "), S("")},
        {S("."), S("")},
        {S("ca.example\xc2\xa0;a"), S("")},
        {S("\x80;a"), S("")},
        {S("a\x7f;a"), S("a\x7f")},
        {S("a;\xff"), S("a")},
        {S("a\0b;"), S("a\0b")},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        assert_span_equal(hf_issue_value_attribution(rows[i].text),
                          rows[i].want);
}

/* The spans are views of the text itself. */
static void result_borrows(void **state)
{
    struct hf_span text = HF_SPAN(" ca.example ; tag=value");
    struct hf_issue_value got;
    struct hf_param param;

    (void)state;
    assert_int_equal(hf_issue_value_parse(text, &got, NULL), HF_OK);
    assert_ptr_equal(got.issuer.ptr, text.ptr + 1);
    assert_true(hf_param_next(&got.params, &param));
    assert_ptr_equal(param.tag.ptr, text.ptr + 14);
    assert_ptr_equal(param.value.ptr, text.ptr + 18);
}

/* A span of no bytes may point nowhere. */
static void text_may_be_nowhere(void **state)
{
    const struct hf_span nowhere = {NULL, 0};
    struct hf_issue_value got;

    (void)state;
    assert_int_equal(hf_issue_value_parse(nowhere, &got, NULL), HF_OK);
    assert_int_equal(got.issuer.len + got.params.len, 0);
    assert_true(hf_value_is_safe(nowhere));
}

static void failure_leaves_the_result(void **state)
{
    struct hf_issue_value got = {.issuer = HF_SPAN("before")};

    (void)state;
    assert_int_equal(hf_issue_value_parse(HF_SPAN("a.b; c"), &got, NULL),
                     HF_ESYNTAX);
    assert_span_equal(got.issuer, HF_SPAN("before"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(grammar_table),
        cmocka_unit_test(params_are_walked_in_order),
        cmocka_unit_test(every_octet_at_every_position),
        cmocka_unit_test(runs_end_at_every_place),
        cmocka_unit_test(neighbours_do_not_disturb),
        cmocka_unit_test(windows_see_every_octet),
        cmocka_unit_test(runs_follow_each_other),
        cmocka_unit_test(failures_have_a_place),
        cmocka_unit_test(reading_stays_inside),
        cmocka_unit_test(attribution_table),
        cmocka_unit_test(result_borrows),
        cmocka_unit_test(text_may_be_nowhere),
        cmocka_unit_test(failure_leaves_the_result),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
