/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/scan_ring.h"

#include "base/alloc.h"

enum hf_err hf_ring_init(struct hf_ring *ring, size_t entries, size_t text_size,
                         struct hf_why *why)
{
    *ring = (struct hf_ring){.entry_mask = entries - 1, .text_size = text_size};
    ring->entries = hf_alloc(entries, sizeof(struct hf_pending));
    ring->text = hf_alloc(text_size, 1);
    if (ring->entries != NULL && ring->text != NULL)
        return HF_OK;
    hf_ring_clear(ring);
    return hf_fail(why, HF_ENOMEM, 0, "out of memory");
}

void hf_ring_clear(struct hf_ring *ring)
{
    while (ring->entries != NULL && !hf_ring_is_empty(ring))
        hf_ring_drop(ring);
    hf_free(ring->entries);
    hf_free(ring->text);
    *ring = (struct hf_ring){0};
}

/* Where `len` bytes in one piece would begin, or SIZE_MAX. One byte always
 * stays free, so that from == to means empty. */
static size_t find_room(const struct hf_ring *ring, size_t len)
{
    if (ring->text_to >= ring->text_from) {
        if (len < ring->text_size - ring->text_to)
            return ring->text_to;
        return len < ring->text_from ? 0 : SIZE_MAX;
    }
    return len < ring->text_from - ring->text_to ? ring->text_to : SIZE_MAX;
}

bool hf_ring_has_room(const struct hf_ring *ring, size_t text_len)
{
    return ring->next - ring->first <= ring->entry_mask &&
           find_room(ring, text_len) != SIZE_MAX;
}

struct hf_pending *hf_ring_add(struct hf_ring *ring, struct hf_span text,
                               uint64_t offset)
{
    struct hf_pending *entry = hf_ring_at(ring, ring->next++);

    *entry = (struct hf_pending){
        .rcode = -1,
        .offset = offset,
        .text_at = find_room(ring, text.len),
        .text_len = text.len,
    };
    if (text.len > 0)
        memcpy(ring->text + entry->text_at, text.ptr, text.len);
    ring->text_to = entry->text_at + text.len;
    return entry;
}

struct hf_span hf_ring_text(const struct hf_ring *ring,
                            const struct hf_pending *entry)
{
    return (struct hf_span){ring->text + entry->text_at, entry->text_len};
}

enum hf_err hf_ring_hold(struct hf_ring *ring, struct hf_pending *entry,
                         struct hf_span octets, struct hf_why *why)
{
    entry->held = hf_alloc(octets.len, 1);
    if (entry->held == NULL)
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    memcpy(entry->held, octets.ptr, octets.len);
    entry->held_len = octets.len;
    ring->held += octets.len;
    return HF_OK;
}

void hf_ring_drop(struct hf_ring *ring)
{
    struct hf_pending *entry = hf_ring_at(ring, ring->first++);

    ring->held -= entry->held_len;
    hf_free(entry->held);
    if (entry->found != NULL)
        hf_found_clear(entry->found);
    hf_free(entry->found);
    entry->held = NULL;
    entry->held_len = 0;
    entry->found = NULL;
    ring->text_from = entry->text_at + entry->text_len;
    if (hf_ring_is_empty(ring)) {
        ring->text_from = 0;
        ring->text_to = 0;
    }
}
