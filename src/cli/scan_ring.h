/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scan_ring.h -- names on their way through a scan, in the order of the input.
 *
 * Answers come in any order, results leave in the order of the names: so the
 * output of two runs is the same, and one offset in the input says what is
 * done. Room is bounded: a fixed number of names and of bytes of their text.
 */
#pragma once

#include "dns/bulk.h"
#include "dns/resolver.h"

enum hf_pending_state {
    HF_PENDING_ASKED,      /* the bulk engine has it */
    HF_PENDING_VALIDATE,   /* wants a look through the validating resolver */
    HF_PENDING_VALIDATING, /* the resolver has it */
    HF_PENDING_READY,
};

/* One name. */
struct hf_pending {
    enum hf_pending_state state;
    bool invalid;  /* not a name; `reason` says why */
    bool answered; /* by `server` */
    uint16_t server;
    int16_t rcode;      /* -1: none */
    const char *reason; /* static; of a failure */
    uint64_t offset;    /* in the input, behind the name's line */
    size_t text_at;
    size_t text_len; /* owner, or what was given instead of a name */
    char *held;      /* octets of a reply with data; owned */
    size_t held_len;
    struct hf_found *found; /* what validating said; owned */
};

struct hf_ring {
    struct hf_pending *entries;
    size_t entry_mask;
    uint64_t first; /* number of the oldest; entries are first..next */
    uint64_t next;
    char *text;
    size_t text_size;
    size_t text_from; /* used: from..to, perhaps around the end */
    size_t text_to;
    size_t held; /* bytes of held replies */
};

/* Owns: hf_ring_clear(). `entries` is a power of two. Fails: HF_ENOMEM. */
enum hf_err hf_ring_init(struct hf_ring *ring, size_t entries, size_t text_size,
                         struct hf_why *why);
void hf_ring_clear(struct hf_ring *ring);

static inline bool hf_ring_is_empty(const struct hf_ring *ring)
{
    return ring->first == ring->next;
}

static inline struct hf_pending *hf_ring_at(struct hf_ring *ring,
                                            uint64_t number)
{
    return &ring->entries[number & ring->entry_mask];
}

/* Is there room for one more name of at most `text_len` bytes? */
bool hf_ring_has_room(const struct hf_ring *ring, size_t text_len);

/*
 * Append a name with a copy of `text`; there must be room. Its number is
 * ring->next - 1. Zeroed but for text and offset.
 */
struct hf_pending *hf_ring_add(struct hf_ring *ring, struct hf_span text,
                               uint64_t offset);

struct hf_span hf_ring_text(const struct hf_ring *ring,
                            const struct hf_pending *entry);

/* Keep a copy of a reply. Fails: HF_ENOMEM. */
enum hf_err hf_ring_hold(struct hf_ring *ring, struct hf_pending *entry,
                         struct hf_span octets, struct hf_why *why);

/* Drop the oldest, with all it owns. */
void hf_ring_drop(struct hf_ring *ring);
