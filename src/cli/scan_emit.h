/* SPDX-License-Identifier: Apache-2.0 */
/* scan_emit.h -- one name of a scan as a result: examined and written. */
#pragma once

#include "cli/report.h"
#include "cli/scan_ring.h"

/* What results are made with. Borrows all but its own scratch. */
struct hf_emit {
    struct hf_report *report;
    const struct hf_eyes *eyes;
    const struct hf_server *servers;
    struct hf_results *results;
    struct hf_span *values; /* HF_RESULT_RECORDS_MAX */
    char *room;             /* HF_FOUND_MAX, joined strings */
    char target[HF_OWNER_TEXT_MAX];
};

/* Fails: HF_ENOMEM. Then, too, release with hf_emit_clear(). */
enum hf_err hf_emit_init(struct hf_emit *emit, struct hf_why *why);
void hf_emit_clear(struct hf_emit *emit);

/*
 * Write the result of an entry that is ready. `text` is its owner name, or
 * what was given; `reply` is the answer when it had data and was not
 * validated, else NULL.
 * Fails: HF_ENOMEM; as hf_result_examine().
 */
enum hf_err hf_emit_result(struct hf_emit *emit, const struct hf_pending *entry,
                           struct hf_span text, const struct hf_reply *reply,
                           struct hf_why *why);
