/* SPDX-License-Identifier: Apache-2.0 */
/*
 * recall.h -- revocations that a log of evidence has and the tables have
 * forgotten: these were lost, or are an older copy. Whoever reads the log
 * anyway (ca/reconcile.h) notes its entries; only when something is missing it
 * is read once more, from there, so that the memory that it takes does not
 * depend on how much that is.
 */
#pragma once

#include "ca/evidence.h"
#include "crypto/crl.h"
#include "store/store.h"

/* The members up to `mends` are the caller's, and borrowed. */
struct hf_recall {
    struct hf_store *store; /* of the CA's tables */
    const char *folder;     /* of the log */
    bool mends;             /* revoke again, as the log says */
    uint64_t from;      /* the first entry that the tables have not; 0: none */
    uint64_t forgotten; /* of certificates that were good in the tables */
    uint64_t unknown;   /* ... that they have not */
    struct hf_revoked one_forgotten;
    struct hf_revoked one_unknown;
};

/* Tell it of each entry. Fails: as hf_store_run(). */
enum hf_err hf_recall_note(struct hf_recall *recall,
                           const struct hf_entry *entry, struct hf_why *why);

/*
 * At the end, when orphans (ca/orphan.h) are in the tables: count, and mend.
 * Fails: as hf_evidence_walk(), hf_store_transact().
 */
enum hf_err hf_recall_end(struct hf_recall *recall, struct hf_why *why);
