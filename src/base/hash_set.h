/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hash_set.h -- which of many texts were seen, at eight bytes each.
 *
 * Only 64-bit hashes are kept, so that two texts may be taken for one another
 * with a chance of n^2 / 2^65: one in ten million for a million names. Good
 * for remarks, never for verdicts.
 */
#pragma once

#include <stdint.h>

#include "holdfast/err.h"
#include "holdfast/span.h"

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

/* The hash of a text, told apart by `kind`; never 0. */
uint64_t hf_hash_of(const struct hf_hash_set *set, uint64_t kind,
                    struct hf_span text);

bool hf_hash_set_has(const struct hf_hash_set *set, uint64_t hash);

/*
 * Put a hash in; `*fresh` tells whether it was not there before.
 * Fails: HF_ELIMIT (`limit` elements are in it), HF_ENOMEM; nothing changed.
 */
enum hf_err hf_hash_set_add(struct hf_hash_set *set, uint64_t hash, bool *fresh,
                            struct hf_why *why);
