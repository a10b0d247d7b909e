/* SPDX-License-Identifier: Apache-2.0 */
/* hex.h -- octets as lower-case hexadecimal digits, and strictly back. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "holdfast/buf.h"
#include "holdfast/span.h"

/* Write 2 * `len` digits, and no NUL. */
static inline void hf_hex(const void *octets, size_t len, char *out)
{
    static const char digits[] = "0123456789abcdef";
    const unsigned char *from = octets;

    for (size_t i = 0; i < len; i++) {
        out[2 * i] = digits[from[i] >> 4];
        out[2 * i + 1] = digits[from[i] & 0xf];
    }
}

static inline void hf_put_hex(struct hf_buf *out, struct hf_span octets)
{
    char *to = hf_buf_reserve(out, 2 * octets.len);

    if (to == NULL)
        return;
    hf_hex(octets.ptr, octets.len, to);
    out->len += 2 * octets.len;
}

/* The value of a digit of either case, or -1. */
static inline int hf_hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static inline bool hf_is_hex(char c)
{
    return hf_hex_digit(c) >= 0;
}

/* `len` octets of just as many pairs of lower-case digits. */
static inline bool hf_hex_read(struct hf_span text, unsigned char *out,
                               size_t len)
{
    if (text.len != 2 * len)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        int digit = hf_hex_digit(text.ptr[i]);

        if (digit < 0 || (text.ptr[i] >= 'A' && text.ptr[i] <= 'F'))
            return false;
        out[i / 2] =
            (unsigned char)(i % 2 == 0 ? digit : out[i / 2] << 4 | digit);
    }
    return true;
}
