/* SPDX-License-Identifier: Apache-2.0 */
/* hex.h -- octets as lower-case hexadecimal digits, and strictly back. */
#pragma once

#include <stdbool.h>

#include "holdfast/buf.h"
#include "holdfast/span.h"

static inline void hf_put_hex(struct hf_buf *out, struct hf_span octets)
{
    static const char digits[] = "0123456789abcdef";
    char *to = hf_buf_reserve(out, 2 * octets.len);

    if (to == NULL)
        return;
    for (size_t i = 0; i < octets.len; i++) {
        unsigned char octet = (unsigned char)octets.ptr[i];

        to[2 * i] = digits[octet >> 4];
        to[2 * i + 1] = digits[octet & 0xf];
    }
    out->len += 2 * octets.len;
}

static inline int hf_hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* `len` octets of just as many pairs of lower-case digits. */
static inline bool hf_hex_read(struct hf_span text, unsigned char *out,
                               size_t len)
{
    if (text.len != 2 * len)
        return false;
    for (size_t i = 0; i < len; i++) {
        int high = hf_hex_digit(text.ptr[2 * i]);
        int low = hf_hex_digit(text.ptr[2 * i + 1]);

        if (high < 0 || low < 0)
            return false;
        out[i] = (unsigned char)(high << 4 | low);
    }
    return true;
}
