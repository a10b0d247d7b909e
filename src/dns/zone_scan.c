/* SPDX-License-Identifier: Apache-2.0 */
#include "dns/zone_scan.h"

#include "dns/zone_window.h"

/*
 * Behind the quoted string whose text begins at `at`; NULL when it does not
 * end before `to`. Without open parenthesis a string ends with its line at
 * the latest: then the newline is returned and the entry is cut.
 */
static const char *skip_quoted(const char *at, const char *to, unsigned depth,
                               struct hf_zone_entry *entry)
{
    for (; at < to; at++) {
        at = hf_zone_find_special(at, to);
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
        at = hf_zone_find_special(at, to);
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

    while (n < rest->len && !hf_zone_is_blank(rest->ptr[n]) &&
           (rest->ptr[n] == '\\' || !hf_zone_is_special(rest->ptr[n]))) {
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
        } else if (hf_zone_is_blank(c) || c == '\n' || c == '(' || c == ')') {
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
