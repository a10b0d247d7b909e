/* SPDX-License-Identifier: Apache-2.0 */
/* base64url without padding, strict: REQ RECORD-19. */
#include "base/base64.h"
#include "tests/unit/unit.h"

#define S HF_SPAN_INIT

/* RFC 4648, section 10, without padding; and the two odd letters. */
static void vectors(void **state)
{
    static const struct {
        struct hf_span octets;
        struct hf_span text;
    } rows[] = {
        {S(""), S("")},
        {S("f"), S("Zg")},
        {S("fo"), S("Zm8")},
        {S("foo"), S("Zm9v")},
        {S("foob"), S("Zm9vYg")},
        {S("fooba"), S("Zm9vYmE")},
        {S("foobar"), S("Zm9vYmFy")},
        {S("\xfb\xff\xfe"), S("-__-")},
        {S("\0\0\0"), S("AAAA")},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char text[16];
        unsigned char octets[16];

        hf_base64url(rows[i].octets, text);
        assert_span_equal(
            ((struct hf_span){text, HF_BASE64URL_LEN(rows[i].octets.len)}),
            rows[i].text);
        assert_true(hf_base64url_decode(rows[i].text, octets));
        assert_memory_equal(octets, rows[i].octets.ptr, rows[i].octets.len);
    }
}

static void refused(void **state)
{
    static const struct hf_span rows[] = {
        S("A"),    S("AAAAA"), S("Zg=="),  S("Zm8="), S("Zh"), S("Zm9"),
        S("Zg\n"), S(" Zg"),   S("Z g"),   S("+A"),   S("/A"), S("A."),
        S("A\0"),  S("A\x80"), S("Zm9v="), S("AAB"),  S("AAC")};
    unsigned char octets[16];

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (hf_base64url_decode(rows[i], octets))
            fail_msg("%s", rows[i].ptr);
}

/* Every text of one to three characters over all octets of the first two:
 * canonical if and only if encoding what it decodes to gives it back. */
static void check_text(struct hf_span text)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    bool good = text.len % 4 != 1;
    unsigned char octets[8];
    char again[8];
    size_t len = text.len * 3 / 4;

    for (size_t i = 0; i < text.len; i++)
        good = good && text.ptr[i] != '\0' &&
               strchr(alphabet, text.ptr[i]) != NULL;
    if (!hf_base64url_decode(text, octets)) {
        if (!good)
            return;
        /* Right letters: only the unused bits can be wrong. */
        assert_true(text.len % 4 > 1);
        return;
    }
    assert_true(good);
    hf_base64url((struct hf_span){(char *)octets, len}, again);
    assert_memory_equal(again, text.ptr, text.len);
}

static void short_texts(void **state)
{
    char text[3];

    (void)state;
    for (unsigned i = 0; i < 65536; i++) {
        text[0] = (char)(i & 255);
        text[1] = (char)(i >> 8);
        text[2] = 'A';
        check_text((struct hf_span){text, 1});
        check_text((struct hf_span){text, 2});
        check_text((struct hf_span){text, 3});
        text[2] = text[1];
        text[1] = 'Q';
        check_text((struct hf_span){text, 3});
    }
}

/* All octet strings of one and two octets have one spelling, and only one. */
static void spellings_are_unique(void **state)
{
    size_t canonical[4] = {0};
    char text[3];

    (void)state;
    for (unsigned i = 0; i < 1U << 24; i++) {
        text[0] = (char)(i & 255);
        text[1] = (char)(i >> 8 & 255);
        text[2] = (char)(i >> 16);
        if (i < 1U << 16)
            canonical[2] +=
                hf_base64url_is_canonical((struct hf_span){text, 2});
        canonical[3] += hf_base64url_is_canonical((struct hf_span){text, 3});
    }
    assert_int_equal(canonical[2], 256);
    assert_int_equal(canonical[3], 65536);
}

static void round_trips(void **state)
{
    char octets[80];
    char text[HF_BASE64URL_LEN(80)];
    unsigned char again[sizeof(text)];

    (void)state;
    for (size_t i = 0; i < sizeof(octets); i++)
        octets[i] = (char)(i * 83 + 7);
    for (size_t len = 0; len <= sizeof(octets); len++) {
        struct hf_span written = {text, HF_BASE64URL_LEN(len)};

        memset(text, '!', sizeof(text));
        hf_base64url((struct hf_span){octets, len}, text);
        if (written.len < sizeof(text))
            assert_int_equal(text[written.len], '!');
        assert_true(hf_base64url_decode(written, again));
        assert_memory_equal(again, octets, len);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vectors),     cmocka_unit_test(refused),
        cmocka_unit_test(short_texts), cmocka_unit_test(spellings_are_unique),
        cmocka_unit_test(round_trips),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
