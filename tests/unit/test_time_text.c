/* SPDX-License-Identifier: Apache-2.0 */
/* Moments as text; the calendar against that of libc. */
#include <time.h>

#include "base/time_text.h"
#include "tests/unit/unit.h"

#define S   HF_SPAN_INIT
#define NOW 1000000

static const struct {
    const char *name;
    struct hf_span text;
    enum hf_err err;
    size_t at;
    struct hf_time want;
} cases[] = {
    /* seconds */
    {"zero", S("0"), HF_OK, 0, {0, 0}},
    {"seconds", S("1790000000"), HF_OK, 0, {1790000000, 0}},
    {"after 2038", S("4294967296"), HF_OK, 0, {4294967296, 0}},
    {"largest", S("9223372036854775807"), HF_OK, 0, {INT64_MAX, 0}},
    {"half", S("1790000000.5"), HF_OK, 0, {1790000000, 500000000}},
    {"nanosecond", S("1.000000001"), HF_OK, 0, {1, 1}},
    {"finer rounds up", S("1.0000000001"), HF_OK, 0, {1, 1}},
    {"finer zeros do not", S("1.1000000000000"), HF_OK, 0, {1, 100000000}},
    {"finer after a finer one", S("1.00000000011"), HF_OK, 0, {1, 1}},
    {"finest stays below", S("1.9999999999"), HF_OK, 0, {1, 999999999}},
    {"negative", S("-1"), HF_OK, 0, {-1, 0}},
    {"negative half", S("-1.5"), HF_OK, 0, {-2, 500000000}},
    {"less than nothing", S("-0.25"), HF_OK, 0, {-1, 750000000}},
    {"minus zero", S("-0"), HF_OK, 0, {0, 0}},
    {"smallest", S("-9223372036854775807"), HF_OK, 0, {-INT64_MAX, 0}},
    {"smallest half",
     S("-9223372036854775807.5"),
     HF_OK,
     0,
     {INT64_MIN, 500000000}},
    /* dates */
    {"date", S("2026-09-21"), HF_OK, 0, {1789948800, 0}},
    {"epoch", S("1970-01-01"), HF_OK, 0, {0, 0}},
    {"before 1970", S("1969-12-31T23:59:59Z"), HF_OK, 0, {-1, 0}},
    {"RFC 3339", S("2026-09-21T13:33:20Z"), HF_OK, 0, {1789997600, 0}},
    {"lower case", S("2026-09-21t13:33:20z"), HF_OK, 0, {1789997600, 0}},
    {"blank", S("2026-09-21 13:33:20Z"), HF_OK, 0, {1789997600, 0}},
    {"east", S("2026-09-21T15:33:20+02:00"), HF_OK, 0, {1789997600, 0}},
    {"west", S("2026-09-21T08:03:20-05:30"), HF_OK, 0, {1789997600, 0}},
    {"fraction",
     S("2026-09-21T13:33:20.25Z"),
     HF_OK,
     0,
     {1789997600, 250000000}},
    {"leap second", S("2016-12-31T23:59:60Z"), HF_OK, 0, {1483228800, 0}},
    {"leap day", S("2024-02-29"), HF_OK, 0, {1709164800, 0}},
    {"leap day of 2000", S("2000-02-29"), HF_OK, 0, {951782400, 0}},
    {"leap day of year 0", S("0000-02-29"), HF_OK, 0, {-62162121600, 0}},
    {"first", S("0000-01-01"), HF_OK, 0, {-62167219200, 0}},
    {"last", S("9999-12-31T23:59:59Z"), HF_OK, 0, {253402300799, 0}},
    /* distances */
    {"days", S("+90d"), HF_OK, 0, {NOW + 90 * 86400, 7}},
    {"hours back", S("-12h"), HF_OK, 0, {NOW - 12 * 3600, 7}},
    {"seconds on", S("+1s"), HF_OK, 0, {NOW + 1, 7}},
    {"minutes", S("+1m"), HF_OK, 0, {NOW + 60, 7}},
    {"weeks", S("+2w"), HF_OK, 0, {NOW + 1209600, 7}},
    {"years", S("+1y"), HF_OK, 0, {NOW + 31536000, 7}},
    {"nothing", S("+0s"), HF_OK, 0, {NOW, 7}},
    /* bad */
    {"empty", S(""), HF_ESYNTAX, 0, {0}},
    {"word", S("now"), HF_ESYNTAX, 0, {0}},
    {"sign", S("+"), HF_ESYNTAX, 1, {0}},
    {"minus", S("-"), HF_ESYNTAX, 1, {0}},
    {"plus without unit", S("+5"), HF_ESYNTAX, 2, {0}},
    {"unit without sign", S("5d"), HF_ESYNTAX, 0, {0}},
    {"unknown unit", S("+5x"), HF_ESYNTAX, 2, {0}},
    {"two units", S("+5dd"), HF_ESYNTAX, 2, {0}},
    {"unit only", S("+d"), HF_ESYNTAX, 1, {0}},
    {"two signs", S("--5s"), HF_ESYNTAX, 1, {0}},
    {"blank after", S("5 "), HF_ESYNTAX, 1, {0}},
    {"dot", S("5."), HF_ESYNTAX, 2, {0}},
    {"two dots", S("5.5.5"), HF_ESYNTAX, 3, {0}},
    {"dot first", S(".5"), HF_ESYNTAX, 0, {0}},
    {"NUL", S("5\0"), HF_ESYNTAX, 1, {0}},
    {"month 0", S("2026-00-01"), HF_ESYNTAX, 10, {0}},
    {"month 13", S("2026-13-01"), HF_ESYNTAX, 10, {0}},
    {"day 0", S("2026-01-00"), HF_ESYNTAX, 10, {0}},
    {"day 32", S("2026-01-32"), HF_ESYNTAX, 10, {0}},
    {"30 February", S("2024-02-30"), HF_ESYNTAX, 10, {0}},
    {"no leap year", S("2026-02-29"), HF_ESYNTAX, 10, {0}},
    {"1900", S("1900-02-29"), HF_ESYNTAX, 10, {0}},
    {"31 April", S("2026-04-31"), HF_ESYNTAX, 10, {0}},
    {"one digit", S("2026-1-01"), HF_ESYNTAX, 5, {0}},
    {"no second hyphen", S("2026-0101"), HF_ESYNTAX, 7, {0}},
    {"letters for a year", S("20x6-01-01"), HF_ESYNTAX, 0, {0}},
    {"letters for a month", S("2026-x1-01"), HF_ESYNTAX, 5, {0}},
    {"letters for a day", S("2026-01-x1"), HF_ESYNTAX, 8, {0}},
    {"letters for an hour", S("2026-01-01Tx1:00:00Z"), HF_ESYNTAX, 11, {0}},
    {"letters for a minute", S("2026-01-01T00:x1:00Z"), HF_ESYNTAX, 14, {0}},
    {"letters for a second", S("2026-01-01T00:00:x1Z"), HF_ESYNTAX, 17, {0}},
    {"dots for colons", S("2026-01-01T00.00.00Z"), HF_ESYNTAX, 13, {0}},
    {"letters for a zone", S("2026-01-01T00:00:00+xx:00"), HF_ESYNTAX, 20, {0}},
    {"letters for its minutes",
     S("2026-01-01T00:00:00+00:xx"),
     HF_ESYNTAX,
     23,
     {0}},
    {"short", S("2026-01-0"), HF_ESYNTAX, 8, {0}},
    {"date and T", S("2026-09-21T"), HF_ESYNTAX, 11, {0}},
    {"date and blank", S("2026-09-21 "), HF_ESYNTAX, 11, {0}},
    {"date and more", S("2026-09-21x"), HF_ESYNTAX, 10, {0}},
    {"no zone", S("2026-09-21T13:33:20"), HF_ESYNTAX, 19, {0}},
    {"no seconds", S("2026-09-21T13:33Z"), HF_ESYNTAX, 16, {0}},
    {"hour 24", S("2026-09-21T24:00:00Z"), HF_ESYNTAX, 19, {0}},
    {"minute 60", S("2026-09-21T23:60:00Z"), HF_ESYNTAX, 19, {0}},
    {"second 61", S("2026-09-21T23:59:61Z"), HF_ESYNTAX, 19, {0}},
    {"empty fraction", S("2026-09-21T13:33:20.Z"), HF_ESYNTAX, 20, {0}},
    {"zone of 24 hours", S("2026-09-21T13:33:20+24:00"), HF_ESYNTAX, 25, {0}},
    {"zone of 60 minutes", S("2026-09-21T13:33:20+01:60"), HF_ESYNTAX, 25, {0}},
    {"zone without colon", S("2026-09-21T13:33:20+0100"), HF_ESYNTAX, 22, {0}},
    {"after the zone", S("2026-09-21T13:33:20Z "), HF_ESYNTAX, 20, {0}},
    {"too large", S("9223372036854775808"), HF_ELIMIT, 0, {0}},
    {"much too large", S("99999999999999999999999999"), HF_ELIMIT, 0, {0}},
    {"too many years", S("+999999999999999y"), HF_ELIMIT, 17, {0}},
    {"sum too large", S("+9223372036854775807s"), HF_ELIMIT, 21, {0}},
};

static void parse_table(void **state)
{
    const struct hf_time now = {NOW, 7};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct hf_time got = {0};
        struct hf_why why = {0};
        enum hf_err err = hf_time_parse(cases[i].text, now, &got, &why);

        if (err != cases[i].err || why.at != cases[i].at ||
            got.s != cases[i].want.s || got.ns != cases[i].want.ns)
            fail_msg("%s: %d at %zu, %lld.%09u", cases[i].name, (int)err,
                     why.at, (long long)got.s, (unsigned)got.ns);
    }
}

static struct hf_span put(struct hf_buf *out, char *room, int64_t at)
{
    hf_buf_init(out, room, HF_TIME_TEXT_MAX);
    hf_time_put(out, at);
    assert_false(out->full);
    return hf_buf_span(out);
}

static void put_table(void **state)
{
    static const struct {
        int64_t at;
        const char *want;
    } rows[] = {
        {0, "1970-01-01T00:00:00Z"},
        {-1, "1969-12-31T23:59:59Z"},
        {86399, "1970-01-01T23:59:59Z"},
        {1790000000, "2026-09-21T14:13:20Z"},
        {2147483648, "2038-01-19T03:14:08Z"},
        {951782400, "2000-02-29T00:00:00Z"},
        {-62167219200, "0000-01-01T00:00:00Z"},
        {253402300799, "9999-12-31T23:59:59Z"},
        {-62167219201, "-62167219201"},
        {253402300800, "253402300800"},
        {INT64_MAX, "9223372036854775807"},
        {INT64_MIN, "-9223372036854775808"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char room[HF_TIME_TEXT_MAX];
        struct hf_buf out;

        assert_span_equal(put(&out, room, rows[i].at),
                          hf_span_str(rows[i].want));
    }
}

/* What libc says about the same second. */
static void check_against_libc(int64_t at, struct hf_span text)
{
    char want[HF_TIME_TEXT_MAX];
    time_t second = at;
    struct tm tm;

    assert_non_null(gmtime_r(&second, &tm));
    assert_int_not_equal(strftime(want, sizeof(want), "-%m-%dT%H:%M:%SZ", &tm),
                         0);
    assert_span_equal(((struct hf_span){text.ptr + 4, text.len - 4}),
                      hf_span_str(want));
}

/* Years 0 to 9999 in steps of a prime number of seconds, about a week. */
static void round_trips(void **state)
{
    const struct hf_time now = {0};

    (void)state;
    for (int64_t at = -62167219200; at <= 253402300799; at += 604811) {
        char room[HF_TIME_TEXT_MAX];
        struct hf_buf out;
        struct hf_span text = put(&out, room, at);
        struct hf_time got;

        assert_int_equal(text.len, 20);
        if (hf_time_parse(text, now, &got, NULL) != HF_OK || got.s != at ||
            got.ns != 0)
            fail_msg("%lld", (long long)at);
        check_against_libc(at, text);
    }
}

/* REQ REUSE-08 */
static void after(void **state)
{
    (void)state;
    assert_false(hf_time_is_after((struct hf_time){5, 0}, 5));
    assert_true(hf_time_is_after((struct hf_time){5, 1}, 5));
    assert_true(hf_time_is_after((struct hf_time){6, 0}, 5));
    assert_false(hf_time_is_after((struct hf_time){4, 999999999}, 5));
    assert_false(hf_time_is_after((struct hf_time){INT64_MAX, 0}, INT64_MAX));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parse_table),
        cmocka_unit_test(put_table),
        cmocka_unit_test(round_trips),
        cmocka_unit_test(after),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
