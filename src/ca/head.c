/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/head.h"

#include "base/hex.h"
#include "base/spelt.h"

#define TITLE HF_SPAN("holdfast evidence\n")

void hf_head_put(struct hf_buf *out, const struct hf_head *head)
{
    hf_buf_put(out, TITLE);
    hf_buf_put_u64(out, head->number);
    hf_buf_putc(out, '\n');
    hf_put_hex(out,
               (struct hf_span){(const char *)head->hash, sizeof(head->hash)});
    hf_buf_putc(out, '\n');
    hf_buf_put_i64(out, head->at);
    hf_buf_putc(out, '\n');
}

bool hf_head_read(struct hf_span text, struct hf_head *out)
{
    struct hf_head head;
    struct hf_span rest = text;
    struct hf_span hash;

    if (!hf_take_word(&rest, TITLE) || !hf_take_decimal(&rest, &head.number) ||
        head.number == 0 || !hf_span_skip(&rest, '\n'))
        return false;
    hash = hf_span_cut(&rest, hf_span_find(rest, '\n'));
    if (!hf_hex_read(hash, head.hash, sizeof(head.hash)) ||
        !hf_span_skip(&rest, '\n') || !hf_take_moment(&rest, &head.at) ||
        !hf_span_skip(&rest, '\n') || rest.len > 0)
        return false;
    *out = head;
    return true;
}
