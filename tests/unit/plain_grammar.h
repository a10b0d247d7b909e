/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plain_grammar.h -- the grammar of RFC 8659, section 4.2, a second time: one
 * octet after the other, as slowly and plainly as it can be written. What the
 * library reads must be what this reads.
 */
#pragma once

#include "holdfast/span.h"

static inline bool plain_is_alnum(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
           (c >= 'A' && c <= 'Z');
}

static inline size_t plain_wsp(struct hf_span text, size_t i)
{
    while (i < text.len && (text.ptr[i] == ' ' || text.ptr[i] == '\t'))
        i++;
    return i;
}

/* The end of the label at `i`, or `i` when there is none. */
static inline size_t plain_label(struct hf_span text, size_t i)
{
    size_t from = i;

    while (i < text.len && (plain_is_alnum(text.ptr[i]) || text.ptr[i] == '-'))
        i++;
    if (i == from || text.ptr[from] == '-' || text.ptr[i - 1] == '-')
        return from;
    return i;
}

/* The end of the value at `i`. */
static inline size_t plain_value(struct hf_span text, size_t i)
{
    while (i < text.len && text.ptr[i] > 0x20 && text.ptr[i] < 0x7f &&
           text.ptr[i] != ';')
        i++;
    return i;
}

/* The end of the issuer at `i`, or SIZE_MAX when it is none. */
static inline size_t plain_issuer(struct hf_span text, size_t i)
{
    for (;;) {
        size_t end = plain_label(text, i);

        if (end == i)
            return SIZE_MAX;
        if (end == text.len || text.ptr[end] != '.')
            return end;
        i = end + 1;
    }
}

/* The end of the parameter at `i` and its blanks, or SIZE_MAX. */
static inline size_t plain_param(struct hf_span text, size_t i)
{
    size_t end = plain_label(text, i);

    if (end == i)
        return SIZE_MAX;
    end = plain_wsp(text, end);
    if (end == text.len || text.ptr[end] != '=')
        return SIZE_MAX;
    return plain_wsp(text, plain_value(text, plain_wsp(text, end + 1)));
}

static inline bool plain_is_issue_value(struct hf_span text)
{
    size_t i = plain_wsp(text, 0);

    if (i < text.len && text.ptr[i] != ';')
        i = plain_issuer(text, i);
    if (i == SIZE_MAX)
        return false;
    i = plain_wsp(text, i);
    if (i == text.len)
        return true;
    if (text.ptr[i] != ';')
        return false;
    i = plain_wsp(text, i + 1);
    if (i == text.len)
        return true;
    for (;;) {
        i = plain_param(text, i);
        if (i == SIZE_MAX)
            return false;
        if (i == text.len)
            return true;
        if (text.ptr[i] != ';')
            return false;
        i = plain_wsp(text, i + 1);
    }
}
