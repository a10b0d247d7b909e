/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/batch.h"

static bool fits(const struct hf_batch *batch, const struct hf_issue_wish *wish)
{
    return batch->count == 0 ||
           (batch->count < HF_ISSUE_MAX &&
            batch->name_count + wish->lineage->name_count <=
                HF_LINEAGE_NAMES_MAX &&
            hf_failover_goes_with(batch->failover, &batch->wishes[0], wish));
}

static void end_all(struct hf_batch *batch, bool tried)
{
    size_t count = batch->count;

    batch->count = 0;
    batch->name_count = 0;
    for (size_t i = 0; i < count; i++)
        batch->ended(batch->state, tried ? &batch->wishes[i] : NULL,
                     batch->items[i]);
}

void hf_batch_add(struct hf_batch *batch, const struct hf_issue_wish *wish,
                  void *item)
{
    if (!fits(batch, wish))
        hf_batch_issue(batch);
    batch->wishes[batch->count] = *wish;
    batch->items[batch->count++] = item;
    batch->name_count += wish->lineage->name_count;
}

void hf_batch_issue(struct hf_batch *batch)
{
    if (batch->count > 0)
        hf_failover_issue(batch->failover, batch->wishes, batch->count);
    end_all(batch, true);
}

bool hf_batch_has(const struct hf_batch *batch, struct hf_span name)
{
    for (size_t i = 0; i < batch->count; i++)
        if (hf_span_eq(batch->wishes[i].lineage->name, name))
            return true;
    return false;
}

void hf_batch_drop(struct hf_batch *batch)
{
    end_all(batch, false);
}
