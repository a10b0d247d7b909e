/* SPDX-License-Identifier: Apache-2.0 */
/* JSON text, as a second reader understands it. */
#include <jansson.h>

#include "base/json.h"
#include "tests/unit/unit.h"

static void commas_and_brackets(void **state)
{
    char room[256];
    struct hf_buf out;
    struct hf_json json;

    (void)state;
    hf_buf_init(&out, room, sizeof(room));
    json = hf_json_to(&out);
    hf_json_open(&json, '{');
    hf_json_key_str(&json, "a", HF_SPAN("x"));
    hf_json_key_int(&json, "b", INT64_MIN);
    hf_json_key_bool(&json, "c", true);
    hf_json_key(&json, "d");
    hf_json_open(&json, '[');
    hf_json_int(&json, 1);
    hf_json_null(&json);
    hf_json_bool(&json, false);
    hf_json_open(&json, '{');
    hf_json_close(&json, '}');
    hf_json_open(&json, '[');
    hf_json_close(&json, ']');
    hf_json_str(&json, HF_SPAN(""));
    hf_json_close(&json, ']');
    hf_json_key_lit(&json, "e", "y");
    hf_json_close(&json, '}');
    assert_span_equal(hf_buf_span(&out),
                      HF_SPAN("{\"a\":\"x\",\"b\":-9223372036854775808,"
                              "\"c\":true,\"d\":[1,null,false,{},[],\"\"],"
                              "\"e\":\"y\"}"));
}

static void strings_table(void **state)
{
    static const struct {
        struct hf_span text;
        const char *want;
    } rows[] = {
        {HF_SPAN_INIT("plain"), "\"plain\""},
        {HF_SPAN_INIT("\"\\/"), "\"\\\"\\\\/\""},
        {HF_SPAN_INIT("\n\0"), "\"\\u000a\\u0000\""},
        {HF_SPAN_INIT("a\x7f"
                      "b\xff"),
         "\"a\\u007fb\\u00ff\""},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char room[64];
        struct hf_buf out;
        struct hf_json json;

        hf_buf_init(&out, room, sizeof(room));
        json = hf_json_to(&out);
        hf_json_str(&json, rows[i].text);
        assert_span_equal(hf_buf_span(&out), hf_span_str(rows[i].want));
    }
}

/* One octet of data is one character, U+0000 to U+00FF, for any reader. */
static void every_octet_comes_back(void **state)
{
    (void)state;
    for (unsigned c = 0; c < 256; c++) {
        char octet = (char)c;
        char room[32];
        struct hf_buf out;
        struct hf_json json;
        json_t *read;
        const unsigned char *text;
        unsigned got;

        hf_buf_init(&out, room, sizeof(room));
        json = hf_json_to(&out);
        hf_json_str(&json, (struct hf_span){&octet, 1});
        read = json_loadb(out.ptr, out.len, JSON_DECODE_ANY | JSON_ALLOW_NUL,
                          NULL);
        assert_non_null(read);
        text = (const unsigned char *)json_string_value(read);
        got = text[0];
        if (json_string_length(read) == 2)
            got = (text[0] & 0x1fU) << 6 | (text[1] & 0x3fU);
        assert_int_equal(got, c);
        json_decref(read);
    }
}

static void text_table(void **state)
{
    static const struct {
        struct hf_span text;
        const char *want; /* NULL: no UTF-8 */
    } rows[] = {
        {HF_SPAN_INIT(""), "\"\""},
        {HF_SPAN_INIT("a\"\\\n\x7f"), "\"a\\u0022\\u005c\\u000a\\u007f\""},
        {HF_SPAN_INIT("\xc3\xa4"), "\"\\u00e4\""},
        {HF_SPAN_INIT("\xe2\x82\xac"), "\"\\u20ac\""},
        {HF_SPAN_INIT("\xf0\x9f\x98\x80"), "\"\\ud83d\\ude00\""},
        {HF_SPAN_INIT("\xf4\x8f\xbf\xbf"), "\"\\udbff\\udfff\""},
        {HF_SPAN_INIT("\xf4\x90\x80\x80"), NULL}, /* beyond U+10FFFF */
        {HF_SPAN_INIT("\xed\xa0\x80"), NULL},     /* a surrogate */
        {HF_SPAN_INIT("\xc0\xaf"), NULL},         /* '/' in two octets */
        {HF_SPAN_INIT("\xe0\x80\xaf"), NULL},
        {HF_SPAN_INIT("\xf0\x80\x80\xaf"), NULL},
        {HF_SPAN_INIT("\xc3"), NULL},
        {HF_SPAN_INIT("\xc3\x28"), NULL},
        {HF_SPAN_INIT("\x80"), NULL},
        {HF_SPAN_INIT("\xff"), NULL},
        {HF_SPAN_INIT("\xf8\x88\x80\x80\x80"), NULL},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char room[64];
        struct hf_buf out;
        struct hf_json json;

        hf_buf_init(&out, room, sizeof(room));
        json = hf_json_to(&out);
        assert_int_equal(hf_json_text(&json, rows[i].text),
                         rows[i].want != NULL);
        assert_span_equal(
            hf_buf_span(&out),
            hf_span_str(rows[i].want == NULL ? "null" : rows[i].want));
    }
}

static void full_is_sticky(void **state)
{
    char room[4];
    struct hf_buf out;
    struct hf_json json;

    (void)state;
    hf_buf_init(&out, room, sizeof(room));
    json = hf_json_to(&out);
    hf_json_str(&json, HF_SPAN("abc"));
    assert_true(out.full);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(commas_and_brackets),
        cmocka_unit_test(strings_table),
        cmocka_unit_test(every_octet_comes_back),
        cmocka_unit_test(text_table),
        cmocka_unit_test(full_is_sticky),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
