/* SPDX-License-Identifier: Apache-2.0 */
/* DER: what is written is read, and only the one form of it. */
#include "crypto/der.h"
#include "tests/unit/unit.h"

#define S HF_SPAN_INIT

static const struct {
    const char *name;
    struct hf_span text;
    bool good;
    unsigned tag;
    size_t len;
} elements[] = {
    {"null", S("\x05\x00"), true, HF_DER_NULL, 0},
    {"more behind",
     S("\x04\x01"
       "abc"),
     true, HF_DER_OCTET_STRING, 1},
    {"nothing", S(""), false, 0, 0},
    {"no length", S("\x04"), false, 0, 0},
    {"too short",
     S("\x04\x02"
       "a"),
     false, 0, 0},
    {"indefinite", S("\x30\x80\x00\x00"), false, 0, 0},
    {"length not minimal",
     S("\x04\x81\x01"
       "a"),
     false, 0, 0},
    {"length with a zero",
     S("\x04\x82\x00\x01"
       "a"),
     false, 0, 0},
    {"length cut", S("\x04\x82\x01"), false, 0, 0},
    {"length of five octets", S("\x04\x85\x01\x00\x00\x00\x00"), false, 0, 0},
    {"tag of several octets", S("\x1f\x81\x01\x00"), false, 0, 0},
};

static void takes_elements(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(elements); i++) {
        struct hf_span rest = elements[i].text;
        struct hf_der_element element;
        bool good = hf_der_take(&rest, &element);

        if (good != elements[i].good ||
            (good && (element.tag != elements[i].tag ||
                      element.content.len != elements[i].len)) ||
            (!good && rest.len != elements[i].text.len))
            fail_msg("%s", elements[i].name);
    }
}

/* Around each length at which the header grows. */
static void writes_what_it_reads(void **state)
{
    static const size_t lengths[] = {0, 1, 127, 128, 255, 256, 65535, 65536};
    static char content[65536];
    static char room[65536 + 16];

    (void)state;
    for (size_t i = 0; i < COUNT_OF(lengths); i++) {
        struct hf_span rest, got;
        struct hf_der der;

        hf_der_init(&der, room, sizeof(room));
        hf_der_put_element(&der, HF_DER_OCTET_STRING,
                           (struct hf_span){content, lengths[i]});
        assert_false(der.full);
        rest = hf_der_span(&der);
        assert_true(hf_der_take_tag(&rest, HF_DER_OCTET_STRING, &got));
        assert_int_equal(got.len, lengths[i]);
        assert_int_equal(rest.len, 0);
        hf_der_init(&der, room, lengths[i]);
        hf_der_put_element(&der, HF_DER_OCTET_STRING,
                           (struct hf_span){content, lengths[i]});
        assert_true(der.full);
    }
}

static void numbers_have_one_form(void **state)
{
    static const struct {
        uint64_t value;
        struct hf_span der;
    } cases[] = {
        {0, S("\x02\x01\x00")},
        {1, S("\x02\x01\x01")},
        {127, S("\x02\x01\x7f")},
        {128, S("\x02\x02\x00\x80")},
        {256, S("\x02\x02\x01\x00")},
        {INT64_MAX, S("\x02\x08\x7f\xff\xff\xff"
                      "\xff\xff\xff\xff")},
    };
    static const struct hf_span bad[] = {S(""), S("\x80"), S("\x00\x01"),
                                         S("\x00\x00\x00\x00\x00\x00\x00"
                                           "\x00\x01")};
    char room[32];
    uint64_t value;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct hf_span rest, got;
        struct hf_der der;

        hf_der_init(&der, room, sizeof(room));
        hf_der_put_number(&der, HF_DER_INTEGER, cases[i].value);
        assert_span_equal(hf_der_span(&der), cases[i].der);
        rest = hf_der_span(&der);
        assert_true(hf_der_take_tag(&rest, HF_DER_INTEGER, &got));
        assert_true(hf_der_read_number(got, &value));
        assert_true(value == cases[i].value);
    }
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        assert_false(hf_der_read_number(bad[i], &value));
}

static void moments_have_one_form(void **state)
{
    static const struct {
        int64_t at;
        struct hf_span der;
    } cases[] = {
        {0, S("\x17\x0d"
              "700101000000Z")},
        {-631152000, S("\x17\x0d"
                       "500101000000Z")},
        {2524607999, S("\x17\x0d"
                       "491231235959Z")},
        {2524608000, S("\x18\x0f"
                       "20500101000000Z")},
        {253402300799, S("\x18\x0f"
                         "99991231235959Z")},
    };
    static const struct hf_span bad[] = {
        S("\x18\x0f"
          "20491231235959Z"), /* UTCTime is for this */
        S("\x17\x0b"
          "7001010000Z"),
        S("\x17\x0d"
          "701301000000Z"),
        S("\x17\x0d"
          "70010100000aZ"),
        S("\x17\x0d"
          "7001010000000"),
        S("\x18\x11"
          "20500101000000.5Z"),
        S("\x04\x0d"
          "700101000000Z"),
        S("\x17\x0d"
          "70010100"),
    };
    static const int64_t outside[] = {-631152001, 253402300800};
    char room[32];
    struct hf_der der;
    int64_t at;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct hf_span rest;

        hf_der_init(&der, room, sizeof(room));
        hf_der_put_time(&der, cases[i].at);
        assert_span_equal(hf_der_span(&der), cases[i].der);
        rest = hf_der_span(&der);
        assert_true(hf_der_take_time(&rest, &at));
        assert_true(at == cases[i].at && rest.len == 0);
    }
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        struct hf_span rest = bad[i];

        if (hf_der_take_time(&rest, &at))
            fail_msg("%zu", i);
    }
    for (size_t i = 0; i < COUNT_OF(outside); i++) {
        hf_der_init(&der, room, sizeof(room));
        hf_der_put_time(&der, outside[i]);
        assert_true(der.full);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_elements),
        cmocka_unit_test(writes_what_it_reads),
        cmocka_unit_test(numbers_have_one_form),
        cmocka_unit_test(moments_have_one_form),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
