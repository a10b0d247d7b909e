/* SPDX-License-Identifier: Apache-2.0 */
/*
 * zone_generate.h -- $GENERATE: one line of a zone file that stands for many,
 * as BIND 9 reads it. Pure but for memory.
 *
 *     $GENERATE start-stop[/step] owner [ttl] [class] type data
 *
 * For each number of the range `$` in owner and data is replaced by it, and
 * `${offset,width,base}` by the number plus the offset, with zeros up to the
 * width, in base d, o, x, X, or as nibbles n, N in reverse order with dots
 * between; the offset holds for further `$` in the word, too. `$$` and `\$` are
 * a dollar. The data is one word; a quoted one loses its quotation marks and
 * the backslashes before those in it.
 */
#pragma once

#include "dns/zone_scan.h"
#include "holdfast/buf.h"
#include "holdfast/err.h"

#define HF_ZONE_GENERATE_MAX  ((uint64_t)1 << 24) /* lines from one file */
#define HF_ZONE_GENERATE_LINE ((size_t)8192)      /* octets of one of them */

struct hf_zone_range {
    uint32_t from;
    uint32_t to;
    uint32_t step; /* at least 1 */
};

/* "0-255" or "0-255/2"; numbers up to 2^31-1. */
bool hf_zone_range_read(struct hf_span word, struct hf_zone_range *out);

/* How many numbers are in it. */
uint64_t hf_zone_range_count(const struct hf_zone_range *range);

struct hf_zone_generate {
    struct hf_zone_range range;
    uint64_t next;      /* number; beyond range.to: there are no more */
    uint64_t line;      /* where the directive stands */
    struct hf_buf text; /* owner, fields and data, one behind the other */
    size_t owner_len;
    size_t fields_len;
};

/*
 * Begin, with range and line set. `fields` is what goes between owner and data,
 * blanks included. Both words are copied. Release with
 * hf_zone_generate_clear(). Fails: HF_ESYNTAX (a bad `${`; a parenthesis or
 * quotation mark without partner), HF_ELIMIT (too long); `*at` points into a
 * word then.
 */
enum hf_err hf_zone_generate_init(struct hf_zone_generate *generate,
                                  const struct hf_zone_word *owner,
                                  struct hf_span fields,
                                  const struct hf_zone_word *data,
                                  const char **at, struct hf_why *why);
void hf_zone_generate_clear(struct hf_zone_generate *generate);

/*
 * Append the next line with its newline to `out`. It is one entry, and never a
 * directive. Fails: HF_ELIMIT (`out` is full); calling again goes on with the
 * next number.
 */
enum hf_err hf_zone_generate_next(struct hf_zone_generate *generate,
                                  struct hf_buf *out, struct hf_why *why);

static inline bool
hf_zone_generate_is_done(const struct hf_zone_generate *generate)
{
    return generate->next > generate->range.to;
}
