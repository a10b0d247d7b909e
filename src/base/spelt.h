/* SPDX-License-Identifier: Apache-2.0 */
/*
 * spelt.h -- what has one spelling only, cut from the front of a text: words,
 * and decimal numbers without zeros in front. Nothing is cut when it is not
 * there.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "holdfast/span.h"

static inline bool hf_take_word(struct hf_span *rest, struct hf_span word)
{
    if (!hf_span_starts(*rest, word))
        return false;
    (void)hf_span_cut(rest, word.len);
    return true;
}

/* Of 19 digits at most, as many as there are. */
static inline bool hf_take_decimal(struct hf_span *rest, uint64_t *out)
{
    uint64_t value = 0;
    size_t len = 0;

    while (len < rest->len && hf_is_digit(rest->ptr[len]) && len < 19)
        value = value * 10 + (uint64_t)(rest->ptr[len++] - '0');
    if (len == 0 || (len > 1 && rest->ptr[0] == '0'))
        return false;
    (void)hf_span_cut(rest, len);
    *out = value;
    return true;
}

/* Seconds since 1970, with a "-" in front of those before. */
static inline bool hf_take_moment(struct hf_span *rest, int64_t *out)
{
    struct hf_span from = *rest;
    bool before = hf_span_skip(&from, '-');
    uint64_t value;

    if (!hf_take_decimal(&from, &value) || value > INT64_MAX ||
        (before && value == 0))
        return false;
    *rest = from;
    *out = before ? -(int64_t)value : (int64_t)value;
    return true;
}
