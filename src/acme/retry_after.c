/* SPDX-License-Identifier: Apache-2.0 */
#include "acme/retry_after.h"

#include "base/time_text.h"

#define DIGITS_MAX 18

static int64_t bounded(int64_t seconds)
{
    if (seconds < 0)
        return 0;
    return seconds < HF_RETRY_AFTER_MAX_S ? seconds : HF_RETRY_AFTER_MAX_S;
}

static int64_t number(struct hf_span value)
{
    int64_t seconds = 0;

    if (value.len > DIGITS_MAX)
        return -1;
    for (size_t i = 0; i < value.len; i++) {
        if (!hf_is_digit(value.ptr[i]))
            return -1;
        seconds = seconds * 10 + (value.ptr[i] - '0');
    }
    return bounded(seconds);
}

/* "01" to "12", or NULL. */
static const char *month_of(struct hf_span name)
{
    static const char *const months[][2] = {
        {"Jan", "01"}, {"Feb", "02"}, {"Mar", "03"}, {"Apr", "04"},
        {"May", "05"}, {"Jun", "06"}, {"Jul", "07"}, {"Aug", "08"},
        {"Sep", "09"}, {"Oct", "10"}, {"Nov", "11"}, {"Dec", "12"},
    };

    for (size_t i = 0; i < sizeof(months) / sizeof(months[0]); i++)
        if (hf_span_eq(name, hf_span_str(months[i][0])))
            return months[i][1];
    return NULL;
}

/* IMF-fixdate, "Sun, 06 Nov 1994 08:49:37 GMT", told as RFC 3339 has it to
 * the one reader of dates. */
static int64_t date(struct hf_span value, int64_t now_at)
{
    struct hf_time at;
    char room[HF_TIME_TEXT_MAX];
    struct hf_buf text;
    const char *month;

    if (value.len != 29 || !hf_span_ends(value, HF_SPAN(" GMT")))
        return -1;
    month = month_of((struct hf_span){value.ptr + 8, 3});
    if (month == NULL)
        return -1;
    hf_buf_init(&text, room, sizeof(room));
    hf_buf_put(&text, (struct hf_span){value.ptr + 12, 4});
    hf_buf_putc(&text, '-');
    hf_buf_puts(&text, month);
    hf_buf_putc(&text, '-');
    hf_buf_put(&text, (struct hf_span){value.ptr + 5, 2});
    hf_buf_putc(&text, 'T');
    hf_buf_put(&text, (struct hf_span){value.ptr + 17, 8});
    hf_buf_putc(&text, 'Z');
    if (hf_time_parse(hf_buf_span(&text), (struct hf_time){.s = now_at}, &at,
                      NULL) != HF_OK)
        return -1;
    return bounded(at.s - now_at);
}

/* REQ CLI-36 */
int64_t hf_retry_after_s(struct hf_span value, int64_t now_at)
{
    if (value.len == 0)
        return -1;
    return hf_is_digit(value.ptr[0]) ? number(value) : date(value, now_at);
}
