/* SPDX-License-Identifier: Apache-2.0 */
/*
 * grammar.h -- the productions of RFC 8659, section 4.2, as steps of a reader.
 *
 * They stand in a header because several readers share them and all are hot: a
 * whole record is read in some hundred instructions once they are inlined.
 * Text is opened, then parameters are taken until the reader is done; what was
 * taken counts only when all of it could be taken. What fails leaves the reader
 * at the octet where reading stopped.
 */
#pragma once

#include "holdfast/issue_value.h"
#include "spec/reader.h"

static inline bool hf_grammar_is_wsp(char c)
{
    return c == ' ' || c == '\t';
}

static inline enum hf_err hf_grammar_fail(const struct hf_reader *reader,
                                          struct hf_why *why, const char *text)
{
    return hf_fail(why, HF_ESYNTAX, reader->at, text);
}

static inline void hf_grammar_skip_wsp(struct hf_reader *reader)
{
    while (hf_reader_sees(reader, ' ') || hf_reader_sees(reader, '\t'))
        reader->at++;
}

static inline struct hf_span hf_grammar_take_value(struct hf_reader *reader)
{
    return hf_reader_take(reader, &reader->stops.value);
}

/* label = tag = (ALPHA / DIGIT) *( *("-") (ALPHA / DIGIT)) */
static inline bool hf_grammar_take_label(struct hf_reader *reader,
                                         struct hf_span *out)
{
    *out = hf_reader_take(reader, &reader->stops.label);
    return out->len > 0 && out->ptr[0] != '-' && out->ptr[out->len - 1] != '-';
}

/* issuer-domain-name = label *("." label) */
static inline bool hf_grammar_take_issuer(struct hf_reader *reader,
                                          struct hf_span *out)
{
    size_t from = reader->at;
    struct hf_span label;

    do {
        if (!hf_grammar_take_label(reader, &label))
            return false;
    } while (hf_reader_skip(reader, '.'));

    *out = hf_reader_since(reader, from);
    return true;
}

/* ";" *WSP */
static inline bool hf_grammar_take_separator(struct hf_reader *reader)
{
    bool found = hf_reader_skip(reader, ';');

    hf_grammar_skip_wsp(reader);
    return found;
}

/* *WSP [issuer-domain-name *WSP] [";" *WSP], up to the first parameter */
static inline enum hf_err hf_grammar_open(struct hf_reader *reader,
                                          struct hf_span *issuer,
                                          struct hf_why *why)
{
    *issuer = (struct hf_span){0};
    hf_grammar_skip_wsp(reader);
    if (!hf_reader_is_done(reader) && !hf_reader_sees(reader, ';') &&
        !hf_grammar_take_issuer(reader, issuer))
        return hf_grammar_fail(reader, why,
                               "RFC 8659 4.2: issuer is not a domain name");
    hf_grammar_skip_wsp(reader);
    if (!hf_reader_is_done(reader) && !hf_grammar_take_separator(reader))
        return hf_grammar_fail(reader, why,
                               "RFC 8659 4.2: ';' or end of text expected");
    return HF_OK;
}

/* parameter *WSP, then the end or ";" *WSP and another parameter;
 * parameter = tag *WSP "=" *WSP value */
static inline enum hf_err hf_grammar_take(struct hf_reader *reader,
                                          struct hf_param *out,
                                          struct hf_why *why)
{
    if (!hf_grammar_take_label(reader, &out->tag))
        return hf_grammar_fail(reader, why,
                               "RFC 8659 4.2: a parameter's tag is made of "
                               "letters, digits and inner hyphens");
    hf_grammar_skip_wsp(reader);
    if (!hf_reader_skip(reader, '='))
        return hf_grammar_fail(reader, why,
                               "RFC 8659 4.2: parameter is not tag=value");
    hf_grammar_skip_wsp(reader);
    out->value = hf_grammar_take_value(reader);
    hf_grammar_skip_wsp(reader);
    if (hf_reader_is_done(reader))
        return HF_OK;
    if (!hf_grammar_take_separator(reader))
        return hf_grammar_fail(reader, why,
                               "RFC 8659 4.2: ';' or end of text expected");
    if (hf_reader_is_done(reader))
        return hf_grammar_fail(reader, why,
                               "RFC 8659 4.2: a parameter must follow this "
                               "';'");
    return HF_OK;
}
