/* SPDX-License-Identifier: Apache-2.0 */
/*
 * zone_scan.h -- the outline of a zone file (RFC 1035, section 5.1): where an
 * entry ends, and what its words are.
 *
 * An entry is a line, or several where a parenthesis is open. Everything here
 * looks at bytes that are there and keeps nothing. The quick parts look at 16
 * octets at a time; they only ever skip what the careful parts would skip.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "holdfast/span.h"

/* One entry, from its first octet to behind its last newline. */
struct hf_zone_entry {
    const char *from;
    const char *end;
    uint64_t lines;     /* newlines in it */
    bool is_cut;        /* a quoted string does not end on its line */
    bool is_unbalanced; /* a closing parenthesis too many */
};

/*
 * Find the end of the entry at `from`, knowing that nothing between `from`
 * and `clean` is special. False when it does not end before `to`.
 */
bool hf_zone_entry_find(const char *from, const char *clean, const char *to,
                        struct hf_zone_entry *out);

enum hf_zone_word_kind {
    HF_ZONE_END,    /* of the entry */
    HF_ZONE_WORD,   /* contiguous text */
    HF_ZONE_QUOTED, /* without its quotation marks */
};

/* A word as it stands in the file, escapes and all. */
struct hf_zone_word {
    enum hf_zone_word_kind kind;
    struct hf_span text;
    bool has_escape;
};

/*
 * Take the next word off `*rest`, the rest of an entry that was found by
 * hf_zone_entry_find(). Parentheses, comments, blanks and newlines are
 * stepped over. A quoted string without end reaches to the end.
 */
struct hf_zone_word hf_zone_word_next(struct hf_span *rest);

/*
 * The octets of a word, escapes resolved, into `room` of word.text.len bytes;
 * a word without escapes is borrowed. False, with `*at` the offset of it in
 * the word, when there is a bad escape: `\DDD` over 255, or nothing behind
 * the backslash.
 */
bool hf_zone_word_read(const struct hf_zone_word *word, char *room,
                       struct hf_span *out, size_t *at);
