/* SPDX-License-Identifier: Apache-2.0 */
/* Bounded output with a sticky error, and escaping: REQ ERR-08. */
#include "base/alloc.h"
#include "holdfast/buf.h"
#include "tests/unit/unit.h"

#define S HF_SPAN_INIT

/* What did not fit changes nothing, and nothing follows it. */
static void fixed_is_sticky(void **state)
{
    char room[4];
    struct hf_buf buf;

    (void)state;
    hf_buf_init(&buf, room, sizeof(room));
    hf_buf_puts(&buf, "abc");
    hf_buf_put(&buf, HF_SPAN("de"));
    assert_true(buf.full);
    hf_buf_putc(&buf, 'f'); /* would fit */
    assert_span_equal(hf_buf_span(&buf), HF_SPAN("abc"));
    hf_buf_reset(&buf);
    assert_false(buf.full);
    hf_buf_puts(&buf, "wxyz");
    assert_false(buf.full);
    assert_span_equal(hf_buf_span(&buf), HF_SPAN("wxyz"));
    hf_buf_put(&buf, HF_SPAN(""));
    assert_false(buf.full);
    hf_buf_putc(&buf, '!');
    assert_true(buf.full);
    assert_memory_equal(room, "wxyz", 4);
    hf_buf_clear(&buf);
    assert_null(buf.ptr);
}

static void no_room_at_all(void **state)
{
    struct hf_buf buf;

    (void)state;
    hf_buf_init(&buf, NULL, 0);
    hf_buf_putc(&buf, 'a');
    assert_true(buf.full);
    assert_int_equal(buf.len, 0);
}

/* A growing buffer holds exactly its limit, whatever the limit is and
 * however the text comes. */
static void growing_reaches_its_limit(void **state)
{
    static const size_t limits[] = {0,   1,   2,   100,  255,  256,
                                    257, 511, 512, 1000, 4096, 5000};
    static const size_t pieces[] = {1, 3, 7, 256, 300};
    static char text[300];

    (void)state;
    for (size_t i = 0; i < COUNT_OF(limits) * COUNT_OF(pieces); i++) {
        size_t limit = limits[i / COUNT_OF(pieces)];
        size_t piece = pieces[i % COUNT_OF(pieces)];
        struct hf_buf buf;

        hf_buf_init_grow(&buf, limit);
        while (!buf.full) {
            hf_buf_put(&buf, (struct hf_span){text, piece});
            assert_true(buf.len <= limit && buf.cap <= limit);
        }
        assert_int_equal(buf.len, limit - limit % piece);
        hf_buf_clear(&buf);
    }
}

static void growing_keeps_the_text(void **state)
{
    struct hf_buf buf;

    (void)state;
    hf_buf_init_grow(&buf, 100000);
    for (size_t i = 0; i < 100000; i++)
        hf_buf_putc(&buf, (char)(i * 31));
    assert_false(buf.full);
    for (size_t i = 0; i < 100000; i++)
        assert_int_equal(buf.ptr[i], (char)(i * 31));
    hf_buf_clear(&buf);
}

/* Out of memory looks as a full buffer, and the text stays. */
static void every_allocation_fails(void **state)
{
    (void)state;
    for (long n = 0; n < 6; n++) {
        struct hf_buf buf;
        size_t put = 0;

        hf_buf_init_grow(&buf, 1 << 20);
        hf_alloc_fail_after(n, true);
        while (!buf.full) {
            hf_buf_putc(&buf, 'x');
            put += !buf.full;
        }
        hf_alloc_fail_after(-1, false);
        assert_int_equal(put, n == 0 ? 0 : 256 << (n - 1));
        assert_int_equal(buf.len, put);
        hf_buf_reset(&buf);
        hf_buf_puts(&buf, "again");
        assert_span_equal(hf_buf_span(&buf), HF_SPAN("again"));
        hf_buf_clear(&buf);
    }
}

static void reserve_and_commit(void **state)
{
    struct hf_buf buf;
    char *to;

    (void)state;
    hf_buf_init_grow(&buf, 10);
    to = hf_buf_reserve(&buf, 10);
    assert_non_null(to);
    memcpy(to, "0123456789", 10);
    buf.len += 10;
    assert_null(hf_buf_reserve(&buf, 1));
    assert_true(buf.full);
    assert_null(hf_buf_reserve(&buf, 0));
    assert_span_equal(hf_buf_span(&buf), HF_SPAN("0123456789"));
    hf_buf_clear(&buf);
}

static void wiping(void **state)
{
    char room[16] = "0123456789abcde";
    struct hf_buf buf;

    (void)state;
    hf_buf_init(&buf, room, sizeof(room));
    hf_buf_puts(&buf, "secret");
    hf_buf_clear_wiped(&buf);
    for (size_t i = 0; i < sizeof(room); i++)
        assert_int_equal(room[i], 0);
    assert_null(buf.ptr);
    hf_buf_clear_wiped(&buf);
    hf_buf_init_grow(&buf, 100);
    hf_buf_puts(&buf, "secret");
    hf_buf_clear_wiped(&buf); /* or the leak checker complains */
    hf_buf_init_grow(&buf, 100);
    hf_buf_clear_wiped(&buf);
}

static void numbers(void **state)
{
    static const struct {
        int64_t value;
        const char *want;
    } rows[] = {
        {0, "0"},
        {7, "7"},
        {-1, "-1"},
        {1234567890, "1234567890"},
        {INT64_MAX, "9223372036854775807"},
        {INT64_MIN, "-9223372036854775808"},
    };
    char room[32];
    struct hf_buf buf;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        hf_buf_init(&buf, room, sizeof(room));
        hf_buf_put_i64(&buf, rows[i].value);
        assert_span_equal(hf_buf_span(&buf), hf_span_str(rows[i].want));
    }
    hf_buf_reset(&buf);
    hf_buf_put_u64(&buf, UINT64_MAX);
    assert_span_equal(hf_buf_span(&buf), HF_SPAN("18446744073709551615"));
}

/* REQ ERR-08 */
static void escaping_table(void **state)
{
    static const struct {
        struct hf_span text;
        size_t max;
        const char *want;
    } rows[] = {
        {S("plain ~"), 100, "plain ~"},
        {S("a\\b"), 100, "a\\\\b"},
        {S("\0\1\x1f\x7f\x80\xff"), 100, "\\000\\001\\031\\127\\128\\255"},
        {S("\x1b[31m\r\n"), 100, "\\027[31m\\013\\010"},
        {S("abcdef"), 6, "abcdef"},
        {S("abcdef"), 5, "abcde..."},
        {S("\n\n"), 1, "\\010..."},
        {S("a"), 0, "..."},
        {S(""), 0, ""},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char room[64];
        struct hf_buf buf;

        hf_buf_init(&buf, room, sizeof(room));
        hf_buf_put_escaped(&buf, rows[i].text, rows[i].max);
        assert_span_equal(hf_buf_span(&buf), hf_span_str(rows[i].want));
    }
}

/* Nothing but printable ASCII ever comes out. */
static void escaping_every_octet(void **state)
{
    (void)state;
    for (unsigned c = 0; c < 256; c++) {
        char octet = (char)c;
        char room[8];
        struct hf_buf buf;

        hf_buf_init(&buf, room, sizeof(room));
        hf_buf_put_escaped(&buf, (struct hf_span){&octet, 1}, 1);
        for (size_t i = 0; i < buf.len; i++)
            assert_in_range(room[i], 0x20, 0x7e);
        assert_int_equal(buf.len, c == '\\'                ? 2
                                  : c >= 0x20 && c <= 0x7e ? 1
                                                           : 4);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fixed_is_sticky),
        cmocka_unit_test(no_room_at_all),
        cmocka_unit_test(growing_reaches_its_limit),
        cmocka_unit_test(growing_keeps_the_text),
        cmocka_unit_test(every_allocation_fails),
        cmocka_unit_test(reserve_and_commit),
        cmocka_unit_test(wiping),
        cmocka_unit_test(numbers),
        cmocka_unit_test(escaping_table),
        cmocka_unit_test(escaping_every_octet),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
