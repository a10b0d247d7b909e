/* SPDX-License-Identifier: Apache-2.0 */
#include "dns/zone_scan.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

static bool is_special(char c)
{
    return c == '\n' || c == '"' || c == '(' || c == ')' || c == ';' ||
           c == '\\';
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

#if defined(__SSE2__)

static inline __m128i equals(__m128i octets, char c)
{
    return _mm_cmpeq_epi8(octets, _mm_set1_epi8(c));
}

static inline __m128i special_of(__m128i octets)
{
    /* '(' and ')' differ in their lowest bit only. */
    __m128i even = _mm_and_si128(octets, _mm_set1_epi8((char)0xfe));
    __m128i found = _mm_or_si128(equals(octets, '\n'), equals(even, '('));

    found = _mm_or_si128(found, equals(octets, '"'));
    found = _mm_or_si128(found, equals(octets, ';'));
    return _mm_or_si128(found, equals(octets, '\\'));
}

static inline uint64_t mask_of(__m128i found)
{
    return (uint64_t)(unsigned)_mm_movemask_epi8(found);
}

static inline __m128i load(const char *at)
{
    return _mm_loadu_si128((const __m128i *)(const void *)at);
}

void hf_zone_window_at(const char *at, struct hf_zone_window *out)
{
    *out = (struct hf_zone_window){0};
    for (unsigned i = 0; i < HF_ZONE_WINDOW; i += 16) {
        __m128i octets = load(at + i);
        __m128i blank = _mm_or_si128(equals(octets, ' '), equals(octets, '\t'));

        blank = _mm_or_si128(blank, equals(octets, '\r'));
        out->blank |= mask_of(blank) << i;
        out->newline |= mask_of(equals(octets, '\n')) << i;
        out->special |= mask_of(special_of(octets)) << i;
    }
}

/* The first special octet at or behind `at`, or `to`. */
static const char *find_special(const char *at, const char *to)
{
    for (; to - at >= 16; at += 16) {
        uint64_t mask = mask_of(special_of(load(at)));

        if (mask != 0)
            return at + __builtin_ctzll(mask);
    }
    while (at < to && !is_special(*at))
        at++;
    return at;
}

#else

void hf_zone_window_at(const char *at, struct hf_zone_window *out)
{
    *out = (struct hf_zone_window){0};
    for (unsigned i = 0; i < HF_ZONE_WINDOW; i++) {
        out->blank |= (uint64_t)is_blank(at[i]) << i;
        out->newline |= (uint64_t)(at[i] == '\n') << i;
        out->special |= (uint64_t)is_special(at[i]) << i;
    }
}

static const char *find_special(const char *at, const char *to)
{
    while (at < to && !is_special(*at))
        at++;
    return at;
}

#endif

/*
 * Behind the quoted string whose text begins at `at`; NULL when it does not
 * end before `to`. Without open parenthesis a string ends with its line at
 * the latest: then the newline is returned and the entry is cut.
 */
static const char *skip_quoted(const char *at, const char *to, unsigned depth,
                               struct hf_zone_entry *entry)
{
    for (; at < to; at++) {
        at = find_special(at, to);
        if (at == to)
            return NULL;
        if (*at == '"')
            return at + 1;
        if (*at == '\\') {
            at++;
            entry->lines += at < to && *at == '\n';
        } else if (*at == '\n' && depth == 0) {
            entry->is_cut = true;
            return at;
        } else if (*at == '\n') {
            entry->lines++;
        }
    }
    return NULL;
}

bool hf_zone_entry_find(const char *from, const char *clean, const char *to,
                        struct hf_zone_entry *out)
{
    const char *at = clean;
    unsigned depth = 0;

    *out = (struct hf_zone_entry){.from = from};
    while (at != NULL && at < to) {
        at = find_special(at, to);
        if (at == to)
            return false;
        switch (*at++) {
        case '\n':
            out->lines++;
            if (depth > 0)
                break;
            out->end = at;
            return true;
        case '"':
            at = skip_quoted(at, to, depth, out);
            break;
        case '(':
            depth++;
            break;
        case ')':
            out->is_unbalanced |= depth == 0;
            depth -= depth > 0;
            break;
        case ';':
            at = memchr(at, '\n', (size_t)(to - at));
            break;
        default: /* a backslash; one at the end of a line hides nothing */
            at += at < to && *at != '\n';
            break;
        }
    }
    return false;
}

/* To the end of the comment, the newline itself kept. */
static void skip_comment(struct hf_span *rest)
{
    (void)hf_span_cut(rest, hf_span_find(*rest, '\n'));
}

static struct hf_zone_word take_quoted(struct hf_span *rest)
{
    struct hf_zone_word word = {.kind = HF_ZONE_QUOTED};
    size_t n = 0;

    while (n < rest->len && rest->ptr[n] != '"') {
        bool escape = rest->ptr[n] == '\\';

        word.has_escape |= escape;
        n += escape && n + 1 < rest->len ? 2 : 1;
    }
    word.text = hf_span_cut(rest, n);
    (void)hf_span_skip(rest, '"');
    return word;
}

static struct hf_zone_word take_bare(struct hf_span *rest)
{
    struct hf_zone_word word = {.kind = HF_ZONE_WORD};
    size_t n = 0;

    while (n < rest->len && !is_blank(rest->ptr[n]) &&
           (rest->ptr[n] == '\\' || !is_special(rest->ptr[n]))) {
        bool escape = rest->ptr[n] == '\\';

        word.has_escape |= escape;
        n += escape && n + 1 < rest->len && rest->ptr[n + 1] != '\n' ? 2 : 1;
    }
    word.text = hf_span_cut(rest, n);
    return word;
}

struct hf_zone_word hf_zone_word_next(struct hf_span *rest)
{
    while (rest->len > 0) {
        char c = rest->ptr[0];

        if (c == ';') {
            skip_comment(rest);
        } else if (c == '"') {
            (void)hf_span_cut(rest, 1);
            return take_quoted(rest);
        } else if (is_blank(c) || c == '\n' || c == '(' || c == ')') {
            (void)hf_span_cut(rest, 1);
        } else {
            return take_bare(rest);
        }
    }
    return (struct hf_zone_word){.kind = HF_ZONE_END, .text = *rest};
}

/* Three digits up to 255 behind a backslash, or one octet; 0 when neither. */
static size_t read_escape(struct hf_span text, char *out)
{
    unsigned value = 0;

    if (text.len == 0)
        return 0;
    if (!hf_is_digit(text.ptr[0])) {
        *out = text.ptr[0];
        return 1;
    }
    for (size_t i = 0; i < 3; i++) {
        if (i >= text.len || !hf_is_digit(text.ptr[i]))
            return 0;
        value = value * 10 + (unsigned)(text.ptr[i] - '0');
    }
    *out = (char)(unsigned char)value;
    return value > 255 ? 0 : 3;
}

bool hf_zone_word_read(const struct hf_zone_word *word, char *room,
                       struct hf_span *out, size_t *at)
{
    struct hf_span rest = word->text;
    size_t len = 0;

    if (!word->has_escape) {
        *out = word->text;
        return true;
    }
    while (rest.len > 0) {
        char c = hf_span_cut(&rest, 1).ptr[0];
        size_t used = 0;

        if (c == '\\') {
            used = read_escape(rest, &c);
            if (used == 0) {
                *at = word->text.len - rest.len - 1;
                return false;
            }
            (void)hf_span_cut(&rest, used);
        }
        room[len++] = c;
    }
    *out = (struct hf_span){room, len};
    return true;
}
