/* SPDX-License-Identifier: Apache-2.0 */
/* TXT data: REQ RECORD-01, RECORD-20, CLI-14, ERR-08. */
#include "holdfast/txt.h"
#include "tests/unit/unit.h"

#define S HF_SPAN_INIT

/* REQ RECORD-01: joined with nothing between. */
static void join_table(void **state)
{
    static const struct {
        const char *name;
        struct hf_span rdata;
        enum hf_err err;
        size_t at;
        struct hf_span want;
    } rows[] = {
        {"one string", S("\3abc"), HF_OK, 0, S("abc")},
        {"two strings", S("\2ab\1c"), HF_OK, 0, S("abc")},
        {"empty ones", S("\0\1a\0\0\1b\0"), HF_OK, 0, S("ab")},
        {"one empty", S("\0"), HF_OK, 0, S("")},
        {"two empty", S("\0\0"), HF_OK, 0, S("")},
        {"no string", S(""), HF_OK, 0, S("")},
        {"a blank is data", S("\2a \1b"), HF_OK, 0, S("a b")},
        {"NUL is data", S("\3a\0b\1c"), HF_OK, 0, S("a\0bc")},
        {"runs past the end", S("\4abc"), HF_ESYNTAX, 1, S("")},
        {"second runs past", S("\1a\2b"), HF_ESYNTAX, 3, S("")},
        {"length only", S("\1a\1"), HF_ESYNTAX, 3, S("")},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct hf_span got = {0};
        struct hf_why why = {0};
        char room[16];

        if (hf_txt_join(rows[i].rdata, room, &got, &why) != rows[i].err ||
            why.at != rows[i].at || !hf_span_eq(got, rows[i].want))
            fail_msg("%s: at %zu", rows[i].name, why.at);
    }
}

/* One string, also of 255 octets, is borrowed: nothing is copied. */
static void one_string_is_borrowed(void **state)
{
    static char rdata[256] = {(char)255};
    struct hf_span got;
    char room[256];

    (void)state;
    assert_int_equal(
        hf_txt_join((struct hf_span){rdata, 256}, room, &got, NULL), HF_OK);
    assert_ptr_equal(got.ptr, rdata + 1);
    assert_int_equal(got.len, 255);
}

/* REQ RECORD-20, CLI-14: what is split joins to itself, at every length. */
static void split_and_join(void **state)
{
    static char value[1100];
    static char rdata[1110];
    static char room[1110];

    (void)state;
    for (size_t i = 0; i < sizeof(value); i++)
        value[i] = (char)(i * 7);
    for (size_t len = 0; len < sizeof(value); len++) {
        struct hf_span span = {value, len};
        struct hf_span joined;
        struct hf_buf out;

        hf_buf_init(&out, rdata, sizeof(rdata));
        hf_txt_put_rdata(&out, span);
        assert_int_equal(out.len, len + hf_txt_string_count(len));
        for (size_t at = 0; at + 256 < out.len; at += 256)
            assert_int_equal((unsigned char)rdata[at], 255);
        assert_int_equal(hf_txt_join(hf_buf_span(&out), room, &joined, NULL),
                         HF_OK);
        assert_span_equal(joined, span);
    }
}

static void string_counts(void **state)
{
    static const size_t rows[][2] = {{0, 1},
                                     {1, 1},
                                     {255, 1},
                                     {256, 2},
                                     {510, 2},
                                     {511, 3},
                                     {HF_TXT_VALUE_MAX, 256}};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        assert_int_equal(hf_txt_string_count(rows[i][0]), rows[i][1]);
}

/* REQ CLI-14, ERR-08: zone-file text. */
static void presentation_table(void **state)
{
    static const struct {
        struct hf_span value;
        const char *want;
    } rows[] = {
        {S(""), "\"\""},
        {S("a b;c"), "\"a b;c\""},
        {S("a\"b\""), "\"a\\\"b\\\"\""},
        {S("\""), "\"\\\"\""},
        {S("\\"), "\"\\\\\""},
        {S("\0\n\x1b\x7f\x80\xff~ "), "\"\\000\\010\\027\\127\\128\\255~ \""},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char room[64];
        struct hf_buf out;

        hf_buf_init(&out, room, sizeof(room));
        hf_txt_put_presentation(&out, rows[i].value);
        assert_span_equal(hf_buf_span(&out), hf_span_str(rows[i].want));
    }
}

static void presentation_splits(void **state)
{
    static char value[511];
    static char room[600];
    struct hf_buf out;

    (void)state;
    memset(value, 'v', sizeof(value));
    value[254] = '"'; /* last of the first string */
    hf_buf_init(&out, room, sizeof(room));
    hf_txt_put_presentation(&out, (struct hf_span){value, sizeof(value)});
    assert_int_equal(out.len, 511 + 1 + 3 * 2 + 2);
    assert_memory_equal(room + 255, "\\\"\" \"v", 6);
    assert_memory_equal(room + out.len - 5, "\" \"v\"", 5);
}

static void full_buffers(void **state)
{
    char room[5];
    struct hf_buf out;

    (void)state;
    hf_buf_init(&out, room, sizeof(room));
    hf_txt_put_rdata(&out, HF_SPAN("abcde"));
    assert_true(out.full);
    hf_buf_init(&out, room, sizeof(room));
    hf_txt_put_presentation(&out, HF_SPAN("abcde"));
    assert_true(out.full);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(join_table),
        cmocka_unit_test(one_string_is_borrowed),
        cmocka_unit_test(split_and_join),
        cmocka_unit_test(string_counts),
        cmocka_unit_test(presentation_table),
        cmocka_unit_test(presentation_splits),
        cmocka_unit_test(full_buffers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
