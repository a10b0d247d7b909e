/* SPDX-License-Identifier: Apache-2.0 */
#include "base/hash_set.h"

#include "base/alloc.h"

#define SIZE_MIN 1024

void hf_hash_set_init(struct hf_hash_set *set, size_t limit, uint64_t seed)
{
    *set = (struct hf_hash_set){.limit = limit, .seed = seed};
}

void hf_hash_set_clear(struct hf_hash_set *set)
{
    hf_free(set->slots);
    set->slots = NULL;
    set->size = 0;
    set->used = 0;
}

static uint64_t mix(uint64_t hash)
{
    hash ^= hash >> 32;
    hash *= 0xd6e8feb86659fd93U;
    hash ^= hash >> 32;
    return hash;
}

/* The marks' bits are free, and something else is set. The last eight octets
 * may overlap those before: that is quicker than a short copy. */
static uint64_t hash_of(const struct hf_hash_set *set, struct hf_span text)
{
    uint64_t hash = mix(set->seed ^ text.len);
    uint64_t word;

    for (size_t i = 0; i + sizeof(word) < text.len; i += sizeof(word)) {
        memcpy(&word, text.ptr + i, sizeof(word));
        hash = mix(hash ^ word);
    }
    word = 0;
    if (text.len >= sizeof(word))
        memcpy(&word, text.ptr + text.len - sizeof(word), sizeof(word));
    else if (text.len > 0)
        memcpy(&word, text.ptr, text.len);
    hash = mix(hash ^ word) * 0xd6e8feb86659fd93U;
    hash &= ~(uint64_t)HF_HASH_MARKS;
    return hash == 0 ? HF_HASH_MARKS + 1 : hash;
}

/* Where the hash is, or the free slot where it belongs. */
static size_t find(const struct hf_hash_set *set, uint64_t hash)
{
    size_t at = (size_t)(hash >> 20) & (set->size - 1);

    while (set->slots[at] != 0 &&
           ((set->slots[at] ^ hash) & ~(uint64_t)HF_HASH_MARKS) != 0)
        at = (at + 1) & (set->size - 1);
    return at;
}

unsigned hf_hash_set_get(const struct hf_hash_set *set, struct hf_span text)
{
    if (set->size == 0)
        return 0;
    return (unsigned)(set->slots[find(set, hash_of(set, text))] &
                      HF_HASH_MARKS);
}

static enum hf_err grow(struct hf_hash_set *set, struct hf_why *why)
{
    struct hf_hash_set larger = *set;

    larger.size = set->size == 0 ? SIZE_MIN : set->size * 2;
    larger.slots = hf_alloc(larger.size, sizeof(larger.slots[0]));
    if (larger.slots == NULL)
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    for (size_t i = 0; i < set->size; i++)
        if (set->slots[i] != 0)
            larger.slots[find(&larger, set->slots[i])] = set->slots[i];
    hf_free(set->slots);
    *set = larger;
    return HF_OK;
}

enum hf_err hf_hash_set_mark(struct hf_hash_set *set, struct hf_span text,
                             unsigned marks, unsigned *before,
                             struct hf_why *why)
{
    uint64_t hash = hash_of(set, text);
    size_t at = set->size == 0 ? 0 : find(set, hash);
    enum hf_err err = HF_OK;

    *before = 0;
    if (set->size > 0 && set->slots[at] != 0) {
        *before = (unsigned)(set->slots[at] & HF_HASH_MARKS);
        set->slots[at] |= marks;
        return HF_OK;
    }
    if (set->used == set->limit)
        return hf_fail(why, HF_ELIMIT, 0, "too many names to remember");
    if (set->used >= set->size / 4 * 3) {
        err = grow(set, why);
        if (err != HF_OK)
            return err;
        at = find(set, hash);
    }
    set->slots[at] = hash | marks;
    set->used++;
    return HF_OK;
}
