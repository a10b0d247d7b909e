/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/recall.h"

#include "base/alloc.h"
#include "ca/issued.h"
#include "ca/revocation.h"

static bool is_revocation(const struct hf_entry *entry, struct hf_revoked *out)
{
    return hf_span_eq(entry->kind, HF_SPAN("revoke")) &&
           hf_issued_read_revoked(entry->body, out);
}

enum hf_err hf_recall_note(struct hf_recall *recall,
                           const struct hf_entry *entry, struct hf_why *why)
{
    enum hf_revocation_state state = HF_REVOCATION_DONE;
    struct hf_revoked revoked;
    enum hf_err err = HF_OK;

    if (recall->from == 0 && is_revocation(entry, &revoked))
        err = hf_revocation_look(recall->store, &revoked, &state, why);
    if (err == HF_OK && state != HF_REVOCATION_DONE)
        recall->from = entry->number;
    return err;
}

/* ---- once more ---- */

/* A transaction may be run again, so it counts for itself. */
struct batch {
    struct hf_recall *recall;
    struct hf_recall sum; /* when it is done */
    struct hf_revoked list[HF_ISSUED_BATCH_MAX];
    size_t count;
};

static enum hf_err take_one(struct hf_recall *sum,
                            const struct hf_revoked *revoked,
                            struct hf_why *why)
{
    enum hf_revocation_state state;
    enum hf_err err =
        sum->mends ? hf_revocation_again(sum->store, revoked, true, &state, why)
                   : hf_revocation_look(sum->store, revoked, &state, why);

    if (err != HF_OK)
        return err;
    if (state == HF_REVOCATION_OPEN) {
        sum->forgotten++;
        sum->one_forgotten = *revoked;
    } else if (state == HF_REVOCATION_UNKNOWN) {
        sum->unknown++;
        sum->one_unknown = *revoked;
    }
    return HF_OK;
}

static enum hf_err take_all(struct hf_store *store, void *of,
                            struct hf_why *why)
{
    struct batch *batch = of;
    enum hf_err err = HF_OK;

    (void)store;
    batch->sum = *batch->recall;
    for (size_t i = 0; i < batch->count && err == HF_OK; i++)
        err = take_one(&batch->sum, &batch->list[i], why);
    return err;
}

static enum hf_err settle(struct batch *batch, struct hf_why *why)
{
    enum hf_err err =
        hf_store_transact(batch->recall->store, take_all, batch, why);

    if (err == HF_OK)
        *batch->recall = batch->sum;
    batch->count = 0;
    return err;
}

/* Some before the first are read, too. */
static enum hf_err collect(void *state, const struct hf_entry *entry,
                           struct hf_why *why)
{
    struct batch *batch = state;

    if (entry->number >= batch->recall->from &&
        is_revocation(entry, &batch->list[batch->count]))
        batch->count++;
    return batch->count == HF_ISSUED_BATCH_MAX ? settle(batch, why) : HF_OK;
}

enum hf_err hf_recall_end(struct hf_recall *recall, struct hf_why *why)
{
    struct hf_evidence_head head = {.number = recall->from - 1};
    struct hf_evidence_stop stop;
    struct batch *batch;
    enum hf_err err;

    if (recall->from == 0)
        return HF_OK;
    batch = hf_alloc(1, sizeof(*batch));
    if (batch == NULL)
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    batch->recall = recall;
    err =
        hf_evidence_walk_on(recall->folder, collect, batch, &head, &stop, why);
    if (err == HF_OK)
        err = settle(batch, why);
    hf_free(batch);
    return err;
}
