/* SPDX-License-Identifier: Apache-2.0 */
#include "net/field.h"

/* One bit for each octet below 128. */
static const uint32_t token_chars[4] = {0, 0x03ff6cfa, 0xc7fffffe, 0x57ffffff};

bool hf_field_is_token_char(char c)
{
    unsigned char octet = (unsigned char)c;

    return octet < 128 && (token_chars[octet / 32] >> octet % 32 & 1) != 0;
}

bool hf_field_is_token(struct hf_span text)
{
    for (size_t i = 0; i < text.len; i++)
        if (!hf_field_is_token_char(text.ptr[i]))
            return false;
    return text.len > 0;
}

bool hf_field_is_value(struct hf_span text)
{
    for (size_t i = 0; i < text.len; i++)
        if (((unsigned char)text.ptr[i] < ' ' && text.ptr[i] != '\t') ||
            text.ptr[i] == 0x7f)
            return false;
    return true;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

struct hf_span hf_field_trim(struct hf_span text)
{
    while (text.len > 0 && is_blank(text.ptr[0]))
        (void)hf_span_cut(&text, 1);
    while (text.len > 0 && is_blank(text.ptr[text.len - 1]))
        text.len--;
    return text;
}

bool hf_field_next(struct hf_span *rest, struct hf_span *out)
{
    if (rest->len == 0)
        return false;
    *out = hf_field_trim(hf_span_cut(rest, hf_span_find(*rest, ',')));
    (void)hf_span_skip(rest, ',');
    return true;
}
