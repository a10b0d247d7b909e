/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/rows.h"

#include "base/time_text.h"

#define COLUMN   16
#define TEXT_MAX 2048 /* octets of a text that are shown */

void hf_row_put(struct hf_buf *out, const char *key, struct hf_span text)
{
    size_t from = out->len;

    if (text.len == 0)
        return;
    hf_buf_puts(out, "  ");
    hf_buf_puts(out, key);
    while (out->len - from < COLUMN && !out->full)
        hf_buf_putc(out, ' ');
    hf_buf_put_escaped(out, text, TEXT_MAX);
    hf_buf_putc(out, '\n');
}

void hf_row_put_moment(struct hf_buf *out, const char *key, int64_t at)
{
    char room[HF_TIME_TEXT_MAX];
    struct hf_buf text;

    hf_buf_init(&text, room, sizeof(room));
    hf_time_put(&text, at);
    if (at != 0)
        hf_row_put(out, key, hf_buf_span(&text));
}
