/* SPDX-License-Identifier: Apache-2.0 */
/*
 * arena.h -- the memory of one unit of work: taken in pieces, given back at
 * once, with a cap.
 */
#pragma once

#include <stdbool.h>

#include "holdfast/span.h"

struct hf_arena_block;

struct hf_arena {
    struct hf_arena_block *blocks;
    size_t left; /* octets of the cap */
    bool full;   /* something did not fit, or there was no memory */
};

/* At most `limit` octets; release with hf_arena_clear(). */
void hf_arena_init(struct hf_arena *arena, size_t limit);

/* Free everything. Harmless on a zeroed one. */
void hf_arena_clear(struct hf_arena *arena);

/* Zeroed memory for `count` things of `size` octets, aligned for any type.
 * NULL, and `full` set, when there is none. */
void *hf_arena_take(struct hf_arena *arena, size_t count, size_t size);

/* A copy, with a NUL behind it; empty, and `full` set, when there is no room.
 */
struct hf_span hf_arena_copy(struct hf_arena *arena, struct hf_span text);
