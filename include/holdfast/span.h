/* SPDX-License-Identifier: Apache-2.0 */
/*
 * span.h -- a view of bytes owned by someone else.
 *
 * Passed by value, never freed, never assumed to end in NUL. Case folding is
 * ASCII only and ignores the locale (REQ RECORD-04).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct hf_span {
    const char *ptr; /* may be NULL when len is 0 */
    size_t len;      /* bytes */
};

/* Initialise a span from a string literal, also in a static table. */
/* clang-format off */
#define HF_SPAN_INIT(literal) {"" literal, sizeof(literal) - 1}
/* clang-format on */

/* The same as an expression. */
#define HF_SPAN(literal) ((struct hf_span)HF_SPAN_INIT(literal))

/* Borrow a NUL-terminated string, without its NUL; NULL gives no bytes. */
static inline struct hf_span hf_span_str(const char *text)
{
    struct hf_span span = {text, text == NULL ? 0 : strlen(text)};

    return span;
}

static inline bool hf_span_eq(struct hf_span a, struct hf_span b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

/* Cut the first `n` bytes off `*rest` and return them. n <= rest->len. */
static inline struct hf_span hf_span_cut(struct hf_span *rest, size_t n)
{
    struct hf_span head = {rest->ptr, n};

    if (n > 0) {
        rest->ptr += n;
        rest->len -= n;
    }
    return head;
}

/* If `*rest` begins with `c`, step over it. */
static inline bool hf_span_skip(struct hf_span *rest, char c)
{
    bool found = rest->len > 0 && rest->ptr[0] == c;

    if (found)
        (void)hf_span_cut(rest, 1);
    return found;
}

static inline char hf_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

static inline bool hf_is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Equal when A-Z and a-z are taken as the same. */
static inline bool hf_span_eq_nocase(struct hf_span a, struct hf_span b)
{
    if (a.len != b.len)
        return false;
    if (hf_span_eq(a, b)) /* as most writers spell it: one wide compare */
        return true;
    for (size_t i = 0; i < a.len; i++)
        if (hf_lower(a.ptr[i]) != hf_lower(b.ptr[i]))
            return false;
    return true;
}

static inline bool hf_span_starts(struct hf_span text, struct hf_span prefix)
{
    return text.len >= prefix.len &&
           (prefix.len == 0 || memcmp(text.ptr, prefix.ptr, prefix.len) == 0);
}

static inline bool hf_span_ends(struct hf_span text, struct hf_span suffix)
{
    return text.len >= suffix.len &&
           (suffix.len == 0 || memcmp(text.ptr + text.len - suffix.len,
                                      suffix.ptr, suffix.len) == 0);
}

/* Offset of the first `c`, or text.len. */
static inline size_t hf_span_find(struct hf_span text, char c)
{
    const char *at = text.len == 0 ? NULL : memchr(text.ptr, c, text.len);

    return at == NULL ? text.len : (size_t)(at - text.ptr);
}

/* Order of octets, shorter first when one begins with the other. */
static inline int hf_span_cmp(struct hf_span a, struct hf_span b)
{
    size_t n = a.len < b.len ? a.len : b.len;
    int order = n == 0 ? 0 : memcmp(a.ptr, b.ptr, n);

    if (order != 0)
        return order;
    return (a.len > b.len) - (a.len < b.len);
}

/* Is `text` one of `list`? Exactly, or without regard to case. */
static inline bool hf_span_among(struct hf_span text,
                                 const struct hf_span *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (hf_span_eq(text, list[i]))
            return true;
    return false;
}

static inline bool hf_span_among_nocase(struct hf_span text,
                                        const struct hf_span *list,
                                        size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (hf_span_eq_nocase(text, list[i]))
            return true;
    return false;
}
