/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"

#include "base/alloc.h"

#define BLOCK_SIZE ((size_t)4096) /* octets of what blocks hold, at least */

struct hf_arena_block {
    struct hf_arena_block *next;
    size_t used;
    size_t size;
    _Alignas(max_align_t) char room[];
};

void hf_arena_init(struct hf_arena *arena, size_t limit)
{
    *arena = (struct hf_arena){.left = limit};
}

void hf_arena_clear(struct hf_arena *arena)
{
    while (arena->blocks != NULL) {
        struct hf_arena_block *next = arena->blocks->next;

        hf_free(arena->blocks);
        arena->blocks = next;
    }
    *arena = (struct hf_arena){0};
}

static struct hf_arena_block *add_block(struct hf_arena *arena, size_t size)
{
    struct hf_arena_block *block;

    if (size < BLOCK_SIZE)
        size = BLOCK_SIZE;
    block = hf_alloc(1, sizeof(*block) + size);
    if (block == NULL)
        return NULL;
    block->size = size;
    block->next = arena->blocks;
    arena->blocks = block;
    return block;
}

void *hf_arena_take(struct hf_arena *arena, size_t count, size_t size)
{
    const size_t align = _Alignof(max_align_t);
    struct hf_arena_block *block = arena->blocks;
    size_t need;
    void *taken;

    if (size != 0 && count > (SIZE_MAX - align) / size) {
        arena->full = true;
        return NULL;
    }
    need = (count * size + align - 1) / align * align;
    if (need <= arena->left &&
        (block == NULL || block->size - block->used < need))
        block = add_block(arena, need);
    if (need > arena->left || block == NULL) {
        arena->full = true;
        return NULL;
    }
    taken = block->room + block->used;
    block->used += need;
    arena->left -= need;
    return taken;
}

struct hf_span hf_arena_copy(struct hf_arena *arena, struct hf_span text)
{
    char *copy = hf_arena_take(arena, text.len + 1, 1);

    if (copy == NULL)
        return (struct hf_span){0};
    if (text.len > 0)
        memcpy(copy, text.ptr, text.len);
    return (struct hf_span){copy, text.len};
}
