/* SPDX-License-Identifier: Apache-2.0 */
/*
 * zone_window.h -- 64 octets of a zone file at once, as bit masks. Inline: it
 * runs once for every line.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#define HF_ZONE_WINDOW 64

/* One bit for each octet, least significant first. */
struct hf_zone_window {
    uint64_t blank;   /* space and tab */
    uint64_t special; /* newline " ( ) ; \ and, because it is quicker so,
                         everything else up to ')' that is not blank */
};

static inline bool hf_zone_is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static inline bool hf_zone_is_special(char c)
{
    return c == '\n' || c == '"' || c == '(' || c == ')' || c == ';' ||
           c == '\\';
}

#if defined(__SSE2__)

static inline __m128i hf_zone_equals(__m128i octets, char c)
{
    return _mm_cmpeq_epi8(octets, _mm_set1_epi8(c));
}

static inline __m128i hf_zone_load(const char *at)
{
    return _mm_loadu_si128((const __m128i_u *)at);
}

static inline uint64_t hf_zone_mask(__m128i found)
{
    return (uint64_t)(unsigned)_mm_movemask_epi8(found);
}

static inline __m128i hf_zone_specials(__m128i octets)
{
    /* '(' and ')' differ in their lowest bit only. */
    __m128i even = _mm_and_si128(octets, _mm_set1_epi8((char)0xfe));
    __m128i found =
        _mm_or_si128(hf_zone_equals(octets, '\n'), hf_zone_equals(even, '('));

    found = _mm_or_si128(found, hf_zone_equals(octets, '"'));
    found = _mm_or_si128(found, hf_zone_equals(octets, ';'));
    return _mm_or_si128(found, hf_zone_equals(octets, '\\'));
}

static inline struct hf_zone_window hf_zone_window_at(const char *at)
{
    struct hf_zone_window window = {0};

#pragma GCC unroll 4
    for (unsigned i = 0; i < HF_ZONE_WINDOW; i += 16) {
        __m128i octets = hf_zone_load(at + i);
        __m128i blank = _mm_or_si128(hf_zone_equals(octets, ' '),
                                     hf_zone_equals(octets, '\t'));
        __m128i low =
            _mm_cmpeq_epi8(_mm_min_epu8(octets, _mm_set1_epi8(')')), octets);
        __m128i high = _mm_or_si128(hf_zone_equals(octets, ';'),
                                    hf_zone_equals(octets, '\\'));

        window.blank |= hf_zone_mask(blank) << i;
        window.special |= hf_zone_mask(_mm_or_si128(low, high)) << i;
    }
    window.special &= ~window.blank;
    return window;
}

/* Where the first `len` octets, less than a window, have a dot. */
static inline uint64_t hf_zone_dots(const char *at, size_t len)
{
    uint64_t dots = 0;

    for (unsigned i = 0; i < len; i += 16)
        dots |= hf_zone_mask(hf_zone_equals(hf_zone_load(at + i), '.')) << i;
    return dots & ((UINT64_C(1) << len) - 1);
}

/* The first special octet at or behind `at`, or `to`. */
static inline const char *hf_zone_find_special(const char *at, const char *to)
{
    for (; to - at >= 16; at += 16) {
        uint64_t mask = hf_zone_mask(hf_zone_specials(hf_zone_load(at)));

        if (mask != 0)
            return at + __builtin_ctzll(mask);
    }
    while (at < to && !hf_zone_is_special(*at))
        at++;
    return at;
}

#else

static inline uint64_t hf_zone_dots(const char *at, size_t len)
{
    uint64_t dots = 0;

    for (size_t i = 0; i < len; i++)
        dots |= (uint64_t)(at[i] == '.') << i;
    return dots;
}

static inline struct hf_zone_window hf_zone_window_at(const char *at)
{
    struct hf_zone_window window = {0};

    for (unsigned i = 0; i < HF_ZONE_WINDOW; i++) {
        bool blank = at[i] == ' ' || at[i] == '\t';
        bool low = (unsigned char)at[i] <= ')' && !blank;

        window.blank |= (uint64_t)blank << i;
        window.special |= (uint64_t)(low || hf_zone_is_special(at[i])) << i;
    }
    return window;
}

static inline const char *hf_zone_find_special(const char *at, const char *to)
{
    while (at < to && !hf_zone_is_special(*at))
        at++;
    return at;
}

#endif
