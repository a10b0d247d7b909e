/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hash_set.h -- what is known about each of many texts, at eight bytes each:
 * 59 bits of a hash and five marks.
 *
 * Two texts may be taken for one another, with a chance of n^2 / 2^60: one in
 * a million for a million names. Good for remarks, never for verdicts.
 */
#pragma once

#include <stdint.h>

#include "holdfast/err.h"
#include "holdfast/span.h"

#define HF_HASH_MARKS 31U

struct hf_hash_set {
    uint64_t *slots; /* 0: free */
    size_t size;     /* power of two */
    size_t used;
    size_t limit; /* elements */
    uint64_t seed;
};

/* `seed` should not be foreseeable when strangers choose the texts. */
void hf_hash_set_init(struct hf_hash_set *set, size_t limit, uint64_t seed);
void hf_hash_set_clear(struct hf_hash_set *set);

/*
 * Add `marks` (1 to 31) to those of `text`; `*before` are those it had.
 * Fails: HF_ELIMIT (`limit` texts are known), HF_ENOMEM; nothing changed then,
 *        and *before is 0.
 */
enum hf_err hf_hash_set_mark(struct hf_hash_set *set, struct hf_span text,
                             unsigned marks, unsigned *before,
                             struct hf_why *why);

/* The marks of `text`, 0 when it is not known. */
unsigned hf_hash_set_get(const struct hf_hash_set *set, struct hf_span text);
