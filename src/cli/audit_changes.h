/* SPDX-License-Identifier: Apache-2.0 */
/*
 * audit_changes.h -- what an incremental transfer did to standing
 * authorization: records that came and went, name by name, and whether
 * authority widened (REQ MON-01, MON-04).
 */
#pragma once

#include "dns/transfer.h"
#include "os/out.h"

#define HF_CHANGES_MAX ((size_t)1 << 20) /* records */

/* How to show them. */
struct hf_changes_view {
    bool json;
    bool colour;
    struct hf_out *out;
};

struct hf_changes_end {
    uint64_t changes;
    uint64_t widened;
};

/*
 * Write every change in `transfer`, which is done: steps that undo one another
 * leave nothing.
 * Fails: HF_ELIMIT, HF_ENOMEM, or as hf_transfer_next(); nothing was written.
 */
enum hf_err hf_changes_put(struct hf_transfer *transfer,
                           const struct hf_changes_view *view,
                           struct hf_changes_end *end, struct hf_why *why);
