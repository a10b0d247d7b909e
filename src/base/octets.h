/* SPDX-License-Identifier: Apache-2.0 */
/*
 * octets.h -- numbers and counted text between this program's own processes:
 * big-endian, cut from the front, never past the end.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "holdfast/buf.h"
#include "holdfast/span.h"

static inline void hf_put_number(struct hf_buf *out, uint64_t value,
                                 unsigned octets)
{
    while (octets-- > 0)
        hf_buf_putc(out, (char)(unsigned char)(value >> (8 * octets)));
}

/* Two octets of length, then the text; more than 65,535 does not fit. */
static inline void hf_put_text(struct hf_buf *out, struct hf_span text)
{
    if (text.len > UINT16_MAX) {
        out->full = true;
        return;
    }
    hf_put_number(out, text.len, 2);
    hf_buf_put(out, text);
}

static inline bool hf_take_number(struct hf_span *rest, unsigned octets,
                                  uint64_t *out)
{
    uint64_t value = 0;

    if (rest->len < octets)
        return false;
    for (unsigned i = 0; i < octets; i++)
        value = value << 8 | (unsigned char)rest->ptr[i];
    (void)hf_span_cut(rest, octets);
    *out = value;
    return true;
}

/* Text of at most `max` octets, borrowed. */
static inline bool hf_take_text(struct hf_span *rest, size_t max,
                                struct hf_span *out)
{
    struct hf_span from = *rest;
    uint64_t len;

    if (!hf_take_number(&from, 2, &len) || len > max || len > from.len)
        return false;
    *out = hf_span_cut(&from, (size_t)len);
    *rest = from;
    return true;
}

/* Four octets of length, then what is longer than text, or may be. */
static inline void hf_put_long(struct hf_buf *out, struct hf_span octets)
{
    if (octets.len > UINT32_MAX) {
        out->full = true;
        return;
    }
    hf_put_number(out, octets.len, 4);
    hf_buf_put(out, octets);
}

static inline bool hf_take_long(struct hf_span *rest, size_t max,
                                struct hf_span *out)
{
    struct hf_span from = *rest;
    uint64_t len;

    if (!hf_take_number(&from, 4, &len) || len > max || len > from.len)
        return false;
    *out = hf_span_cut(&from, (size_t)len);
    *rest = from;
    return true;
}

/* An octet that is 0 or 1. */
static inline bool hf_take_flag(struct hf_span *rest, bool *out)
{
    uint64_t value;

    if (!hf_take_number(rest, 1, &value) || value > 1)
        return false;
    *out = value == 1;
    return true;
}

/* An octet below `end`, as an enum or a count has it. */
static inline bool hf_take_below(struct hf_span *rest, unsigned end,
                                 unsigned *out)
{
    uint64_t value;

    if (!hf_take_number(rest, 1, &value) || value >= end)
        return false;
    *out = (unsigned)value;
    return true;
}
