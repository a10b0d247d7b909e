/* SPDX-License-Identifier: Apache-2.0 */
/*
 * batch.h -- certificates that wait for others to be issued together with: as
 * many as may go side by side, in the order in which they come.
 */
#pragma once

#include "cli/failover.h"

struct hf_batch {
    struct hf_failover *failover;
    /* What came of one, once; NULL: it was not tried. `item` is what was added
     * with it. */
    void (*ended)(void *state, const struct hf_issue_wish *wish, void *item);
    void *state;
    struct hf_issue_wish wishes[HF_ISSUE_MAX];
    void *items[HF_ISSUE_MAX];
    size_t count;
    size_t name_count; /* of all of them */
};

/*
 * It waits; if it does not go with those that do, they are issued first. What
 * the wish points to stays until its end is told: hf_batch_issue() once more.
 */
void hf_batch_add(struct hf_batch *batch, const struct hf_issue_wish *wish,
                  void *item);

/* Issue all that wait. It may leave the layers of another certificate. */
void hf_batch_issue(struct hf_batch *batch);

/* Does the certificate of this name wait? Until that is over, its files are
 * not what they will be. */
bool hf_batch_has(const struct hf_batch *batch, struct hf_span name);

/* Try none of those that wait. */
void hf_batch_drop(struct hf_batch *batch);
