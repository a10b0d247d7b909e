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

/*
 * Labels and values are most of a record, so sixteen octets are classified at
 * a time, in the vector registers that every machine has. An octet of a mask
 * is all ones where it ends the run; the zeros after the text end it, too.
 */
typedef uint8_t hf_octets __attribute__((vector_size(16)));

#define HF_IN_RANGE(octets, first, last)                                       \
    ((hf_octets)((octets) - (uint8_t)(first)) <=                               \
     (hf_octets)((hf_octets){0} + (uint8_t)((last) - (first))))

static inline hf_octets hf_grammar_label_stops(hf_octets octets)
{
    return ~(hf_octets)(HF_IN_RANGE(octets | 0x20, 'a', 'z') |
                        HF_IN_RANGE(octets, '0', '9') | (octets == '-'));
}

static inline hf_octets hf_grammar_value_stops(hf_octets octets)
{
    return ~(hf_octets)HF_IN_RANGE(octets, 0x21, 0x7e) |
           (hf_octets)(octets == ';');
}

/* Which octet of a mask is the first that is set; 16 when none is. Without a
 * branch where the machine can: where a run ends cannot be foretold. */
#if defined(__SSE2__)

static inline size_t hf_grammar_first(hf_octets mask)
{
    typedef char signed_octets __attribute__((vector_size(16)));
    unsigned bits = (unsigned)__builtin_ia32_pmovmskb128((signed_octets)mask);

    return (size_t)__builtin_ctz(bits | 1U << 16);
}

#else

static inline size_t hf_grammar_first(hf_octets mask)
{
    uint64_t words[2];

    memcpy(words, &mask, sizeof(words));
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    words[0] = __builtin_bswap64(words[0]);
    words[1] = __builtin_bswap64(words[1]);
#endif
    if (words[0] != 0)
        return (size_t)__builtin_ctzll(words[0]) / 8;
    if (words[1] != 0)
        return 8 + (size_t)__builtin_ctzll(words[1]) / 8;
    return 16;
}

#endif

/* How many octets `text` begins with before one that stops the run. */
static inline size_t hf_grammar_run_len(struct hf_span text,
                                        hf_octets (*stops)(hf_octets))
{
    size_t n = 0;
    size_t first;

    do {
        hf_octets octets = {0};
        size_t left = text.len - n;

        if (left >= sizeof(octets))
            memcpy(&octets, text.ptr + n, sizeof(octets));
        else if (left > 0)
            memcpy(&octets, text.ptr + n, left);
        first = hf_grammar_first(stops(octets));
        n += first;
    } while (first == sizeof(hf_octets));
    return n;
}

static inline void hf_grammar_skip_wsp(struct hf_span *rest)
{
    while (rest->len > 0 && hf_grammar_is_wsp(rest->ptr[0]))
        (void)hf_span_cut(rest, 1);
}

static inline size_t hf_grammar_value_len(struct hf_span text)
{
    return hf_grammar_run_len(text, hf_grammar_value_stops);
}

/* label = tag = (ALPHA / DIGIT) *( *("-") (ALPHA / DIGIT)) */
static inline bool hf_grammar_take_label(struct hf_span *rest,
                                         struct hf_span *out)
{
    size_t n = hf_grammar_run_len(*rest, hf_grammar_label_stops);

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
