/* SPDX-License-Identifier: Apache-2.0 */
/* mpic.h -- the quorum of network perspectives (BR 3.2.2.9) by date. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "holdfast/span.h"

/* What one perspective saw. Spans are borrowed. */
struct hf_perspective {
    struct hf_span rir; /* "ARIN", "RIPE", ...; compared without case */
    bool valid;
    const struct hf_span *account_uris; /* of its valid records */
    size_t account_uri_count;
};

enum hf_mpic_reason {
    HF_MPIC_OK,
    HF_MPIC_PRIMARY_FAILED,
    HF_MPIC_TOO_FEW_REMOTES,
    HF_MPIC_QUORUM,
    HF_MPIC_RIR_DIVERSITY,
};

struct hf_mpic {
    enum hf_mpic_reason reason;
    size_t corroborating; /* the quorum text is "corroborating/remotes" */
    size_t remotes;
};

const char *hf_mpic_reason_word(enum hf_mpic_reason reason);

/* Remote perspectives that a CA needs at `at` (REQ VAL-42). */
size_t hf_mpic_remotes_needed(int64_t at);

/*
 * May issuance proceed? A remote corroborates when it is valid and one of its
 * records has the accounturi that the primary relied upon, the first of
 * primary->account_uris (REQ VAL-40..43).
 */
struct hf_mpic hf_mpic_decide(int64_t at, const struct hf_perspective *primary,
                              const struct hf_perspective *remotes,
                              size_t remote_count);
