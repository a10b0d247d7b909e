/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses as text: REQ SCOPE-11. */
#include "names/ip.h"
#include "tests/unit/unit.h"

#define S HF_SPAN_INIT

static void address_table(void **state)
{
    static const struct {
        struct hf_span text;
        size_t len; /* 0: none */
        uint8_t want[16];
    } rows[] = {
        {S("192.0.2.1"), 4, {192, 0, 2, 1}},
        {S("0.0.0.0"), 4, {0}},
        {S("255.255.255.255"), 4, {255, 255, 255, 255}},
        {S("::"), 16, {0}},
        {S("2001:DB8::1"), 16, {0x20, 0x01, 0x0d, 0xb8, [15] = 1}},
        {S("::ffff:192.0.2.1"), 16, {[10] = 0xff, 0xff, 192, 0, 2, 1}},
        {S("ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255"),
         16,
         {255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
          255, 255}},
        {S(""), 0, {0}},
        {S("192.0.2"), 0, {0}},
        {S("192.0.2.256"), 0, {0}},
        {S("192.0.2.1."), 0, {0}},
        {S("192.0.2.01"), 0, {0}},
        {S("192.0.2.1\0"), 0, {0}},
        {S("0xc0000201"), 0, {0}},
        {S("1"), 0, {0}},
        {S(":::"), 0, {0}},
        {S("[::1]"), 0, {0}},
        {S("fe80::1%eth0"), 0, {0}},
        {S("2001:db8::1::2"), 0, {0}},
        {S("00000000000000000000000000000000000000000000000000"), 0, {0}},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        uint8_t out[16];
        size_t len = 0;
        bool good = hf_ip_parse(rows[i].text, out, &len);

        if (good != (rows[i].len > 0) || len != rows[i].len)
            fail_msg("%s", rows[i].text.ptr);
        assert_memory_equal(out, rows[i].want, len);
    }
}

static void as_text(void **state)
{
    static const char *const rows[] = {
        "192.0.2.1",
        "255.255.255.255",
        "::",
        "::1",
        "2001:db8::1",
        "2001:db8:0:1:1:1:1:1",
        "::ffff:192.0.2.1",
        "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char room[HF_IP_TEXT_MAX];
        struct hf_buf out;
        uint8_t address[16];
        size_t len;

        hf_buf_init(&out, room, sizeof(room));
        assert_true(hf_ip_parse(hf_span_str(rows[i]), address, &len));
        hf_ip_put(&out, address, len);
        assert_span_equal(hf_buf_span(&out), hf_span_str(rows[i]));
    }
}

static void link_local(void **state)
{
    static const struct {
        const char *text;
        bool is;
    } rows[] = {
        {"169.254.0.0", true},      {"169.254.255.255", true},
        {"169.253.255.255", false}, {"169.255.0.0", false},
        {"10.169.254.1", false},    {"fe80::", true},
        {"febf:ffff::1", true},     {"fec0::1", false},
        {"fe7f::1", false},         {"::ffff:169.254.169.254", true},
        {"::ffff:10.0.0.1", false}, {"::169.254.169.254", false},
        {"a9fe::1", false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        uint8_t address[16];
        size_t len;

        assert_true(hf_ip_parse(hf_span_str(rows[i].text), address, &len));
        if (hf_ip_is_link_local(address, len) != rows[i].is)
            fail_msg("%s", rows[i].text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(address_table),
        cmocka_unit_test(as_text),
        cmocka_unit_test(link_local),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
