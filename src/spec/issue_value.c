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

/*
 * Labels and values are most of a record, so eight octets are classified at a
 * time in one word: arithmetic that sets the high bit of each octet that ends
 * the run. The predicates above say the same and serve the last few octets.
 */
#define EACH(octet) (UINT64_C(0x0101010101010101) * (octet))
#define HIGH        EACH(0x80)

/* The octets from `first` to `last` in a word of octets below 0x80: no sum
 * carries into its neighbour. */
#define IN_RANGE(word, first, last)                                            \
    (((word) + EACH(0x80 - (first))) & ~((word) + EACH(0x7f - (last))))

static uint64_t label_stops(uint64_t word)
{
    uint64_t low = word & ~HIGH;
    uint64_t inside = IN_RANGE(low | EACH(0x20), 'a', 'z') |
                      IN_RANGE(low, '0', '9') | IN_RANGE(low, '-', '-');

    return (~inside | word) & HIGH;
}

static uint64_t value_stops(uint64_t word)
{
    uint64_t low = word & ~HIGH;
    uint64_t inside = IN_RANGE(low, 0x21, 0x7e) & ~IN_RANGE(low, ';', ';');

    return (~inside | word) & HIGH;
}

/* How many octets `text` begins with before one that stops the run. */
static inline size_t run_len(struct hf_span text, uint64_t (*stops)(uint64_t),
                             bool (*want)(char))
{
    size_t n = 0;

    for (; text.len - n >= 8; n += 8) {
        uint64_t word;
        uint64_t stop;

        memcpy(&word, text.ptr + n, 8);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
        word = __builtin_bswap64(word);
#endif
        stop = stops(word);
        if (stop != 0)
            return n + (size_t)__builtin_ctzll(stop) / 8;
    }
    while (n < text.len && want(text.ptr[n]))
        n++;
    return n;
}

static void skip_wsp(struct hf_span *rest)
{
    while (rest->len > 0 && is_wsp(rest->ptr[0]))
        (void)hf_span_cut(rest, 1);
}

static size_t value_len(struct hf_span text)
{
    return run_len(text, value_stops, is_value_char);
}

/* label = tag = (ALPHA / DIGIT) *( *("-") (ALPHA / DIGIT)) */
static bool take_label(struct hf_span *rest, struct hf_span *out)
{
    size_t n = run_len(*rest, label_stops, is_label_char);

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

/* ";" *WSP */
static bool take_separator(struct hf_span *rest)
{
    bool found = hf_span_skip(rest, ';');

    skip_wsp(rest);
    return found;
}

/* *WSP [issuer-domain-name *WSP] [";" *WSP], up to the first parameter */
enum hf_err hf_issue_value_open(struct hf_span text, struct hf_span *issuer,
                                struct hf_span *rest, struct hf_why *why)
{
    *rest = text;
    *issuer = (struct hf_span){0};
    skip_wsp(rest);
    if (rest->len > 0 && rest->ptr[0] != ';' && !take_issuer(rest, issuer))
        return hf_fail(why, HF_ESYNTAX, text.len - rest->len,
                       "RFC 8659 4.2: issuer is not a domain name");
    skip_wsp(rest);
    if (rest->len > 0 && !take_separator(rest))
        return hf_fail(why, HF_ESYNTAX, text.len - rest->len,
                       "RFC 8659 4.2: ';' or end of text expected");
    return HF_OK;
}

/* parameter *WSP, then the end or ";" *WSP and another parameter;
 * parameter = tag *WSP "=" *WSP value */
enum hf_err hf_issue_value_take(struct hf_span *rest, struct hf_param *out,
                                struct hf_why *why)
{
    size_t before = rest->len;

    if (!take_label(rest, &out->tag))
        return hf_fail(why, HF_ESYNTAX, before - rest->len,
                       "RFC 8659 4.2: a parameter's tag is made of letters, "
                       "digits and inner hyphens");
    skip_wsp(rest);
    if (!hf_span_skip(rest, '='))
        return hf_fail(why, HF_ESYNTAX, before - rest->len,
                       "RFC 8659 4.2: parameter is not tag=value");
    skip_wsp(rest);
    out->value = hf_span_cut(rest, value_len(*rest));
    skip_wsp(rest);
    if (rest->len == 0)
        return HF_OK;
    if (!take_separator(rest))
        return hf_fail(why, HF_ESYNTAX, before - rest->len,
                       "RFC 8659 4.2: ';' or end of text expected");
    if (rest->len == 0)
        return hf_fail(why, HF_ESYNTAX, before,
                       "RFC 8659 4.2: a parameter must follow this ';'");
    return HF_OK;
}

/* REQ RECORD-02, RECORD-04, RECORD-13 */
enum hf_err hf_issue_value_parse(struct hf_span text,
                                 struct hf_issue_value *out, struct hf_why *why)
{
    struct hf_issue_value parsed;
    struct hf_span rest;
    struct hf_param param;
    enum hf_err err;

    err = hf_issue_value_open(text, &parsed.issuer, &rest, why);
    if (err != HF_OK)
        return err;
    parsed.params = rest;
    while (rest.len > 0) {
        size_t from = text.len - rest.len;

        err = hf_issue_value_take(&rest, &param, why);
        if (err != HF_OK && why != NULL)
            why->at += from;
        if (err != HF_OK)
            return err;
    }
    *out = parsed;
    return HF_OK;
}

bool hf_param_next(struct hf_span *rest, struct hf_param *out)
{
    return rest->len > 0 && hf_issue_value_take(rest, out, NULL) == HF_OK;
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
