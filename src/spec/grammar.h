/* SPDX-License-Identifier: Apache-2.0 */
/*
 * grammar.h -- the productions of RFC 8659, section 4.2, as steps that take
 * from the front of a span.
 *
 * They stand in a header because two readers share them and both are hot: a
 * whole record is read in a hundred instructions or so once they are inlined.
 * Text is opened, then parameters are taken while the rest is not empty; what
 * was taken counts only when all of it could be taken.
 */
#pragma once

#include "holdfast/issue_value.h"

static inline bool hf_grammar_is_wsp(char c)
{
    return c == ' ' || c == '\t';
}

static inline bool hf_grammar_is_label_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || hf_is_digit(c) ||
           c == '-';
}

static inline bool hf_grammar_is_value_char(char c)
{
    return c >= 0x21 && c <= 0x7e && c != ';';
}

/*
 * Labels and values are most of a record, so eight octets are classified at a
 * time in one word: arithmetic that sets the high bit of each octet that ends
 * the run. The predicates above say the same and serve the last few octets.
 */
#define HF_EACH(octet) (UINT64_C(0x0101010101010101) * (octet))
#define HF_HIGH        HF_EACH(0x80)

/* The octets from `first` to `last` in a word of octets below 0x80: no sum
 * carries into its neighbour. */
#define HF_IN_RANGE(word, first, last)                                         \
    (((word) + HF_EACH(0x80 - (first))) & ~((word) + HF_EACH(0x7f - (last))))

static inline uint64_t hf_grammar_label_stops(uint64_t word)
{
    uint64_t low = word & ~HF_HIGH;
    uint64_t inside = HF_IN_RANGE(low | HF_EACH(0x20), 'a', 'z') |
                      HF_IN_RANGE(low, '0', '9') | HF_IN_RANGE(low, '-', '-');

    return (~inside | word) & HF_HIGH;
}

static inline uint64_t hf_grammar_value_stops(uint64_t word)
{
    uint64_t low = word & ~HF_HIGH;
    uint64_t inside =
        HF_IN_RANGE(low, 0x21, 0x7e) & ~HF_IN_RANGE(low, ';', ';');

    return (~inside | word) & HF_HIGH;
}

/* How many octets `text` begins with before one that stops the run. */
static inline size_t hf_grammar_run_len(struct hf_span text,
                                        uint64_t (*stops)(uint64_t),
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

static inline void hf_grammar_skip_wsp(struct hf_span *rest)
{
    while (rest->len > 0 && hf_grammar_is_wsp(rest->ptr[0]))
        (void)hf_span_cut(rest, 1);
}

static inline size_t hf_grammar_value_len(struct hf_span text)
{
    return hf_grammar_run_len(text, hf_grammar_value_stops,
                              hf_grammar_is_value_char);
}

/* label = tag = (ALPHA / DIGIT) *( *("-") (ALPHA / DIGIT)) */
static inline bool hf_grammar_take_label(struct hf_span *rest,
                                         struct hf_span *out)
{
    size_t n = hf_grammar_run_len(*rest, hf_grammar_label_stops,
                                  hf_grammar_is_label_char);

    *out = hf_span_cut(rest, n);
    return n > 0 && out->ptr[0] != '-' && out->ptr[n - 1] != '-';
}

/* issuer-domain-name = label *("." label) */
static inline bool hf_grammar_take_issuer(struct hf_span *rest,
                                          struct hf_span *out)
{
    struct hf_span from = *rest;
    struct hf_span label;

    do {
        if (!hf_grammar_take_label(rest, &label))
            return false;
    } while (hf_span_skip(rest, '.'));

    *out = hf_span_cut(&from, from.len - rest->len);
    return true;
}

/* ";" *WSP */
static inline bool hf_grammar_take_separator(struct hf_span *rest)
{
    bool found = hf_span_skip(rest, ';');

    hf_grammar_skip_wsp(rest);
    return found;
}

/* *WSP [issuer-domain-name *WSP] [";" *WSP], up to the first parameter */
static inline enum hf_err hf_grammar_open(struct hf_span text,
                                          struct hf_span *issuer,
                                          struct hf_span *rest,
                                          struct hf_why *why)
{
    *rest = text;
    *issuer = (struct hf_span){0};
    hf_grammar_skip_wsp(rest);
    if (rest->len > 0 && rest->ptr[0] != ';' &&
        !hf_grammar_take_issuer(rest, issuer))
        return hf_fail(why, HF_ESYNTAX, text.len - rest->len,
                       "RFC 8659 4.2: issuer is not a domain name");
    hf_grammar_skip_wsp(rest);
    if (rest->len > 0 && !hf_grammar_take_separator(rest))
        return hf_fail(why, HF_ESYNTAX, text.len - rest->len,
                       "RFC 8659 4.2: ';' or end of text expected");
    return HF_OK;
}

/* parameter *WSP, then the end or ";" *WSP and another parameter;
 * parameter = tag *WSP "=" *WSP value */
static inline enum hf_err
hf_grammar_take(struct hf_span *rest, struct hf_param *out, struct hf_why *why)
{
    size_t before = rest->len;

    if (!hf_grammar_take_label(rest, &out->tag))
        return hf_fail(why, HF_ESYNTAX, before - rest->len,
                       "RFC 8659 4.2: a parameter's tag is made of letters, "
                       "digits and inner hyphens");
    hf_grammar_skip_wsp(rest);
    if (!hf_span_skip(rest, '='))
        return hf_fail(why, HF_ESYNTAX, before - rest->len,
                       "RFC 8659 4.2: parameter is not tag=value");
    hf_grammar_skip_wsp(rest);
    out->value = hf_span_cut(rest, hf_grammar_value_len(*rest));
    hf_grammar_skip_wsp(rest);
    if (rest->len == 0)
        return HF_OK;
    if (!hf_grammar_take_separator(rest))
        return hf_fail(why, HF_ESYNTAX, before - rest->len,
                       "RFC 8659 4.2: ';' or end of text expected");
    if (rest->len == 0)
        return hf_fail(why, HF_ESYNTAX, before,
                       "RFC 8659 4.2: a parameter must follow this ';'");
    return HF_OK;
}
