/* SPDX-License-Identifier: Apache-2.0 */
/*
 * zone_glance.h -- the quick look at an entry, for the millions that nobody
 * wants. Internal to zone_file.c.
 *
 * Most lines of most zones are plain: owner, TTL, class and type lie within 64
 * octets and have no escape, quote or parenthesis among them, and what stands
 * between owner and data stood on a line nearby, too. Such heads are read by
 * bit masks and remembered; every other line is left to the careful way. The
 * quick look never decides anything that the careful way would not.
 */
#pragma once

#include "dns/zone_source.h"

/* The head of an entry: all that stands before its data. */
struct hf_zone_head {
    struct hf_zone_entry entry;
    struct hf_zone_word owner;
    bool has_owner; /* else the last stated one is meant */
    bool has_ttl;
    uint32_t ttl_s;
    uint16_t type;
    struct hf_span rdata; /* the rest of the entry */
};

/* Is such a record one of those that zone_file.h promises? */
static inline bool hf_zone_is_wanted(const struct hf_zone_source *source,
                                     uint16_t type)
{
    enum hf_zone_place place = source->owner_place;
    bool is_border =
        type == HF_RR_NS || type == HF_RR_DNAME || type == HF_RR_SOA;

    if (type == HF_RR_CAA && source->wants_caa)
        return true;
    if (place == HF_ZONE_ELSEWHERE)
        return is_border;
    return place == HF_ZONE_LABEL || type == HF_RR_TXT || type == HF_RR_CNAME ||
           type == HF_RR_NS || type == HF_RR_DNAME;
}

/*
 * Step over boring entries, counted in `*entries`; what a later line may refer
 * to is remembered. True when the entry at source->from is a wanted one and
 * `head` is filled in; false when it needs the careful way, or more input:
 * nothing is remembered of it then that the careful way would not set again.
 */
bool hf_zone_skip_boring(struct hf_zone_source *source,
                         struct hf_zone_head *head, uint64_t *entries);
