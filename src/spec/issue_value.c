/* SPDX-License-Identifier: Apache-2.0 */
#include "holdfast/issue_value.h"

static bool is_wsp(char c)
{
    return c == ' ' || c == '\t';
}

static bool is_label_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || hf_is_digit(c) ||
           c == '-';
}

static bool is_value_char(char c)
{
    return c >= 0x21 && c <= 0x7e && c != ';';
}

#define EACH(octet) (UINT64_C(0x0101010101010101) * (octet))
#define HIGH        EACH(0x80)

/*
 * Where a value ends. Values are most of a record, so eight octets are
 * classified at a time: a set high bit marks an octet below 0x21, equal to
 * ';', equal to DEL, or above 0x7F. Borrows can only raise false marks above
 * a true one, so the lowest mark is right.
 */
static size_t value_len(struct hf_span text)
{
    size_t n = 0;

    for (; text.len - n >= 8; n += 8) {
        uint64_t word;
        uint64_t stop;

        memcpy(&word, text.ptr + n, 8);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
        word = __builtin_bswap64(word);
#endif
        stop = (word - EACH(0x21)) & ~word;
        stop |= ((word ^ EACH(0x3b)) - EACH(1)) & ~(word ^ EACH(0x3b));
        stop |= ((word ^ EACH(0x7f)) - EACH(1)) & ~(word ^ EACH(0x7f));
        stop = (stop | word) & HIGH;
        if (stop != 0)
            return n + (size_t)__builtin_ctzll(stop) / 8;
    }
    while (n < text.len && is_value_char(text.ptr[n]))
        n++;
    return n;
}

static void skip_wsp(struct hf_span *rest)
{
    while (rest->len > 0 && is_wsp(rest->ptr[0]))
        (void)hf_span_cut(rest, 1);
}

/* label = tag = (ALPHA / DIGIT) *( *("-") (ALPHA / DIGIT)) */
static bool take_label(struct hf_span *rest, struct hf_span *out)
{
    size_t n = 0;

    while (n < rest->len && is_label_char(rest->ptr[n]))
        n++;
    *out = hf_span_cut(rest, n);
    return n > 0 && out->ptr[0] != '-' && out->ptr[n - 1] != '-';
}

/* issuer-domain-name = label *("." label) */
static bool take_issuer(struct hf_span *rest, struct hf_span *out)
{
    struct hf_span from = *rest;
    struct hf_span label;

    do {
        if (!take_label(rest, &label))
            return false;
    } while (hf_span_skip(rest, '.'));

    *out = hf_span_cut(&from, from.len - rest->len);
    return true;
}

/* parameter = tag *WSP "=" *WSP value, and the white space after it */
static bool take_param(struct hf_span *rest, struct hf_param *out)
{
    if (!take_label(rest, &out->tag))
        return false;
    skip_wsp(rest);
    if (!hf_span_skip(rest, '='))
        return false;
    skip_wsp(rest);
    out->value = hf_span_cut(rest, value_len(*rest));
    skip_wsp(rest);
    return true;
}

/* ";" *WSP */
static bool take_separator(struct hf_span *rest)
{
    bool found = hf_span_skip(rest, ';');

    skip_wsp(rest);
    return found;
}

/* REQ RECORD-02, RECORD-04, RECORD-13 */
enum hf_err hf_issue_value_parse(struct hf_span text,
                                 struct hf_issue_value *out, struct hf_why *why)
{
    struct hf_issue_value parsed = {0};
    struct hf_span rest = text;
    struct hf_param param;

    skip_wsp(&rest);
    if (rest.len > 0 && rest.ptr[0] != ';' &&
        !take_issuer(&rest, &parsed.issuer))
        return hf_fail(why, HF_ESYNTAX, text.len - rest.len,
                       "RFC 8659 4.2: issuer is not a domain name");

    skip_wsp(&rest);
    if (take_separator(&rest) && rest.len > 0) {
        parsed.params = rest;
        do {
            if (!take_param(&rest, &param))
                return hf_fail(why, HF_ESYNTAX, text.len - rest.len,
                               "RFC 8659 4.2: parameter is not tag=value");
        } while (take_separator(&rest));
    }
    if (rest.len > 0)
        return hf_fail(why, HF_ESYNTAX, text.len - rest.len,
                       "RFC 8659 4.2: ';' or end of text expected");

    *out = parsed;
    return HF_OK;
}

bool hf_param_next(struct hf_span *rest, struct hf_param *out)
{
    if (rest->len == 0 || !take_param(rest, out))
        return false;
    (void)take_separator(rest);
    return true;
}

struct hf_span hf_issue_value_attribution(struct hf_span text)
{
    struct hf_span prefix = {text.ptr, hf_span_find(text, ';')};

    skip_wsp(&prefix);
    while (prefix.len > 0 && is_wsp(prefix.ptr[prefix.len - 1]))
        prefix.len--;
    if (prefix.len > 0 && prefix.ptr[prefix.len - 1] == '.')
        prefix.len--;
    for (size_t i = 0; i < prefix.len; i++)
        if ((unsigned char)prefix.ptr[i] > 0x7f)
            return (struct hf_span){prefix.ptr, 0};
    return prefix;
}

/* REQ CLI-05 */
bool hf_value_is_safe(struct hf_span text)
{
    return value_len(text) == text.len;
}
