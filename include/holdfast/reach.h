/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reach.h -- for which names a record can serve, under the drafts and, worst
 * case, under the text of the Baseline Requirements alone (REQ MON-20,
 * SCOPE-09).
 */
#pragma once

#include "holdfast/judge.h"

enum hf_extent {
    HF_EXTENT_NONE,    /* it serves nobody now */
    HF_EXTENT_EXACT,   /* the ADN */
    HF_EXTENT_SUBTREE, /* the ADN, its wildcard, every name below */
};

const char *hf_extent_word(enum hf_extent extent);

struct hf_reach {
    enum hf_extent draft;
    enum hf_extent br; /* knows no policy: every name that ends in the ADN */
};

struct hf_reach hf_reach_of(struct hf_span text, struct hf_time now);

/* The same for a record that was read already: hf_record_read() answered
 * HF_REASON_OK. */
struct hf_reach hf_reach_of_record(const struct hf_record *record,
                                   struct hf_time now);

/* Does an extent at `adn` cover `name` (with `*.` cut off and said apart)? */
bool hf_extent_covers(enum hf_extent extent, struct hf_span adn,
                      struct hf_span name, bool wildcard);
