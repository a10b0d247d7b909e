/* SPDX-License-Identifier: Apache-2.0 */
#include "base/base64.h"

static const char alphabet[64] __attribute__((nonstring)) =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

void hf_base64url(struct hf_span data, char *out)
{
    uint32_t bits = 0;
    unsigned have = 0;

    for (size_t i = 0; i < data.len; i++) {
        bits = bits << 8 | (unsigned char)data.ptr[i];
        for (have += 8; have >= 6; have -= 6)
            *out++ = alphabet[bits >> (have - 6) & 63];
    }
    if (have > 0)
        *out = alphabet[bits << (6 - have) & 63];
}

/* 0 to 63, or 64 for a character outside the alphabet. */
static unsigned value_of(char c)
{
    if (c >= 'A' && c <= 'Z')
        return (unsigned)(c - 'A');
    if (c >= 'a' && c <= 'z')
        return (unsigned)(c - 'a') + 26;
    if (hf_is_digit(c))
        return (unsigned)(c - '0') + 52;
    if (c == '-')
        return 62;
    return c == '_' ? 63 : 64;
}

bool hf_base64url_is_canonical(struct hf_span text)
{
    unsigned last;

    if (text.len % 4 == 1)
        return false;
    for (size_t i = 0; i < text.len; i++)
        if (value_of(text.ptr[i]) == 64)
            return false;
    if (text.len % 4 == 0)
        return true;
    last = value_of(text.ptr[text.len - 1]);
    return (last & (text.len % 4 == 2 ? 15U : 3U)) == 0;
}

bool hf_base64url_decode(struct hf_span text, unsigned char *out)
{
    uint32_t bits = 0;
    unsigned have = 0;

    if (!hf_base64url_is_canonical(text))
        return false;
    for (size_t i = 0; i < text.len; i++) {
        bits = bits << 6 | value_of(text.ptr[i]);
        have += 6;
        if (have >= 8) {
            have -= 8;
            *out++ = (unsigned char)(bits >> have & 255);
        }
    }
    return true;
}
