/* SPDX-License-Identifier: Apache-2.0 */
#include "base/time_text.h"

#define DAY_S       86400
#define FIRST_SHOWN (-62167219200) /* 0000-01-01T00:00:00Z */
#define LAST_SHOWN  253402300799   /* 9999-12-31T23:59:59Z */

/* Days since 1970-01-01 of a date; months count from March, so that the leap
 * day is the last of its year. */
static int64_t days_of(int64_t year, unsigned month, unsigned day)
{
    int64_t y = month <= 2 ? year - 1 : year;
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t year_of_era = y - era * 400;
    int64_t shifted = month > 2 ? month - 3 : month + 9;
    int64_t day_of_year = (153 * shifted + 2) / 5 + day - 1;

    return era * 146097 + year_of_era * 365 + year_of_era / 4 -
           year_of_era / 100 + day_of_year - 719468;
}

static void put_padded(struct hf_buf *out, int64_t value, int digits)
{
    char text[8];

    for (int i = digits - 1; i >= 0; i--, value /= 10)
        text[i] = (char)('0' + value % 10);
    hf_buf_put(out, (struct hf_span){text, (size_t)digits});
}

static void put_date(struct hf_buf *out, int64_t days)
{
    int64_t z = days + 719468;
    int64_t era = (z >= 0 ? z : z - 146096) / 146097;
    int64_t doe = z - era * 146097;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    int64_t shifted = (5 * doy + 2) / 153;
    int64_t month = shifted < 10 ? shifted + 3 : shifted - 9;

    put_padded(out, yoe + era * 400 + (month <= 2), 4);
    hf_buf_putc(out, '-');
    put_padded(out, month, 2);
    hf_buf_putc(out, '-');
    put_padded(out, doy - (153 * shifted + 2) / 5 + 1, 2);
}

void hf_time_put(struct hf_buf *out, int64_t at)
{
    int64_t days;
    int64_t left;

    if (at < FIRST_SHOWN || at > LAST_SHOWN) {
        hf_buf_put_i64(out, at);
        return;
    }
    days = (at >= 0 ? at : at - (DAY_S - 1)) / DAY_S;
    left = at - days * DAY_S;
    put_date(out, days);
    hf_buf_putc(out, 'T');
    put_padded(out, left / 3600, 2);
    hf_buf_putc(out, ':');
    put_padded(out, left / 60 % 60, 2);
    hf_buf_putc(out, ':');
    put_padded(out, left % 60, 2);
    hf_buf_putc(out, 'Z');
}

static bool take_digits(struct hf_span *rest, size_t count, unsigned *out)
{
    unsigned value = 0;

    if (rest->len < count)
        return false;
    for (size_t i = 0; i < count; i++) {
        if (!hf_is_digit(rest->ptr[i]))
            return false;
        value = value * 10 + (unsigned)(rest->ptr[i] - '0');
    }
    (void)hf_span_cut(rest, count);
    *out = value;
    return true;
}

/* 1*DIGIT */
static enum hf_err take_number(struct hf_span *rest, int64_t *out)
{
    int64_t value = 0;
    size_t n = 0;

    for (; n < rest->len && hf_is_digit(rest->ptr[n]); n++)
        if (__builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, rest->ptr[n] - '0', &value))
            return HF_ELIMIT;
    if (n == 0)
        return HF_ESYNTAX;
    (void)hf_span_cut(rest, n);
    *out = value;
    return HF_OK;
}

/* ["." 1*DIGIT], to nanoseconds; what is finer rounds up, so that a moment
 * after the second stays after it. */
static bool take_fraction(struct hf_span *rest, uint32_t *ns)
{
    uint32_t unit = 100000000;
    bool finer = false;
    size_t n = 0;

    *ns = 0;
    if (!hf_span_skip(rest, '.'))
        return true;
    for (; n < rest->len && hf_is_digit(rest->ptr[n]); n++, unit /= 10) {
        finer = finer || (unit == 0 && rest->ptr[n] != '0');
        *ns += unit * (uint32_t)(rest->ptr[n] - '0');
    }
    (void)hf_span_cut(rest, n);
    if (finer && *ns < 999999999)
        *ns += 1;
    return n > 0;
}

static unsigned month_days(unsigned year, unsigned month)
{
    static const unsigned char days[] = {31, 28, 31, 30, 31, 30,
                                         31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

    return month == 2 && leap ? 29U : days[month - 1];
}

static bool take_date(struct hf_span *rest, int64_t *at)
{
    unsigned year;
    unsigned month;
    unsigned day;

    if (!take_digits(rest, 4, &year) || !hf_span_skip(rest, '-') ||
        !take_digits(rest, 2, &month) || !hf_span_skip(rest, '-') ||
        !take_digits(rest, 2, &day))
        return false;
    if (month < 1 || month > 12 || day < 1 || day > month_days(year, month))
        return false;
    *at = days_of(year, month, day) * DAY_S;
    return true;
}

/* "Z" or ("+" / "-") hh ":" mm */
static bool take_zone(struct hf_span *rest, int64_t *at)
{
    bool east;
    unsigned hour;
    unsigned minute;
    int64_t shift;

    if (hf_span_skip(rest, 'Z') || hf_span_skip(rest, 'z'))
        return true;
    east = hf_span_skip(rest, '+');
    if (!east && !hf_span_skip(rest, '-'))
        return false;
    if (!take_digits(rest, 2, &hour) || !hf_span_skip(rest, ':') ||
        !take_digits(rest, 2, &minute) || hour > 23 || minute > 59)
        return false;
    shift = (int64_t)hour * 3600 + (int64_t)minute * 60;
    *at += east ? -shift : shift;
    return true;
}

static bool take_clock(struct hf_span *rest, struct hf_time *at)
{
    unsigned hour;
    unsigned minute;
    unsigned second;

    if (!take_digits(rest, 2, &hour) || !hf_span_skip(rest, ':') ||
        !take_digits(rest, 2, &minute) || !hf_span_skip(rest, ':') ||
        !take_digits(rest, 2, &second))
        return false;
    if (hour > 23 || minute > 59 || second > 60)
        return false;
    at->s += (int64_t)hour * 3600 + (int64_t)minute * 60 + second;
    return take_fraction(rest, &at->ns) && take_zone(rest, &at->s);
}

/* full-date ["T" full-time] (RFC 3339, section 5.6) */
static bool take_rfc3339(struct hf_span *rest, struct hf_time *out)
{
    struct hf_time at = {0};

    if (!take_date(rest, &at.s))
        return false;
    if (rest->len > 0) {
        if (!hf_span_skip(rest, 'T') && !hf_span_skip(rest, 't') &&
            !hf_span_skip(rest, ' '))
            return false;
        if (!take_clock(rest, &at))
            return false;
    }
    *out = at;
    return true;
}

static int64_t unit_seconds(char unit)
{
    switch (unit) {
    case 's':
        return 1;
    case 'm':
        return 60;
    case 'h':
        return 3600;
    case 'd':
        return DAY_S;
    case 'w':
        return 7 * DAY_S;
    case 'y':
        return 365 * DAY_S;
    default:
        return 0;
    }
}

/* 1*DIGIT unit, after the sign */
static enum hf_err take_distance(struct hf_span *rest, int64_t *out)
{
    int64_t number;
    int64_t unit;
    enum hf_err err = take_number(rest, &number);

    if (err != HF_OK)
        return err;
    unit = rest->len == 1 ? unit_seconds(rest->ptr[0]) : 0;
    if (unit == 0)
        return HF_ESYNTAX;
    (void)hf_span_cut(rest, 1);
    return __builtin_mul_overflow(number, unit, out) ? HF_ELIMIT : HF_OK;
}

/* 1*DIGIT ["." 1*DIGIT]; a negative time counts its fraction upwards too. */
static enum hf_err take_seconds(struct hf_span *rest, bool negative,
                                struct hf_time *out)
{
    enum hf_err err = take_number(rest, &out->s);

    if (err != HF_OK)
        return err;
    if (!take_fraction(rest, &out->ns))
        return HF_ESYNTAX;
    if (negative)
        out->s = -out->s;
    if (negative && out->ns > 0) {
        out->s -= 1;
        out->ns = 1000000000 - out->ns;
    }
    return HF_OK;
}

static bool has_unit(struct hf_span text)
{
    return text.len > 0 && unit_seconds(text.ptr[text.len - 1]) > 0;
}

static enum hf_err take_time(struct hf_span *rest, struct hf_time now,
                             struct hf_time *out)
{
    bool plus = hf_span_skip(rest, '+');
    bool minus = !plus && hf_span_skip(rest, '-');
    int64_t distance;
    enum hf_err err;

    if (!plus && !minus && rest->len > 4 && rest->ptr[4] == '-')
        return take_rfc3339(rest, out) ? HF_OK : HF_ESYNTAX;
    if (!plus && !has_unit(*rest))
        return take_seconds(rest, minus, out);
    if (!plus && !minus)
        return HF_ESYNTAX;

    err = take_distance(rest, &distance);
    if (err != HF_OK)
        return err;
    out->ns = now.ns;
    if (__builtin_add_overflow(now.s, minus ? -distance : distance, &out->s))
        return HF_ELIMIT;
    return HF_OK;
}

enum hf_err hf_time_parse(struct hf_span text, struct hf_time now,
                          struct hf_time *out, struct hf_why *why)
{
    struct hf_span rest = text;
    struct hf_time at = {0};
    enum hf_err err = take_time(&rest, now, &at);

    if (err == HF_ELIMIT)
        return hf_fail(why, err, text.len - rest.len,
                       "the time does not fit 64 bits");
    if (err != HF_OK || rest.len > 0)
        return hf_fail(why, HF_ESYNTAX, text.len - rest.len,
                       "not a time: write UNIX seconds, 2026-12-31, "
                       "2026-12-31T23:59:59Z or +90d");
    *out = at;
    return HF_OK;
}
