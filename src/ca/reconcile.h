/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reconcile.h -- do the log of evidence and the tables tell the same of what
 * was issued? Both are read once, in the order of the log's entries, side by
 * side: the memory that it takes does not depend on how many there are.
 *
 * What is signed is in the log before it is in the tables, and comes into the
 * tables in the log's order. So an entry that the tables have not, though they
 * have a later one, is an orphan, also while the CA serves; one behind all that
 * they have may be under way then.
 */
#pragma once

#include "ca/evidence.h"
#include "ca/issued.h"
#include "store/store.h"

enum hf_rift_kind {
    HF_RIFT_ORPHAN,     /* in the log, and not in the tables: a crash, or a full
                           disk, came between signing and storing; or the tables
                           are an older copy */
    HF_RIFT_UNPROVEN,   /* in the tables, of this log, and not in it */
    HF_RIFT_UNLIKE,     /* in both, and not the same */
    HF_RIFT_UNREADABLE, /* an entry that is none of ours */
};

struct hf_rift {
    enum hf_rift_kind kind;
    uint64_t entry;                 /* its number */
    struct hf_span serial;          /* hex; empty: not known */
    const char *what;               /* of UNLIKE: in what they differ */
    const struct hf_issued *issued; /* of ORPHAN */
    struct hf_span hash;            /* of ORPHAN: the entry's */
};

/* All is borrowed for the call. A callback may use the store; what it fails
 * with ends the whole. */
struct hf_reconcile_plan {
    struct hf_store *store; /* of the CA's tables */
    const struct hf_digest *digest;
    const char *folder; /* of the log */
    struct hf_span log; /* whose it is, in the tables (ca/seat.h) */
    uint64_t from;      /* this entry first; what is before it is believed */
    bool is_alone;      /* nobody writes: nothing is under way */
    uint32_t shards;
    enum hf_err (*tell)(void *state, const struct hf_rift *rift,
                        struct hf_why *why);
    /* Each certificate of the tables that has its DER; may be NULL. */
    enum hf_err (*look)(void *state, struct hf_span serial, struct hf_span der,
                        bool is_revoked, struct hf_why *why);
    /* After each entry: may be NULL. */
    enum hf_err (*step)(void *state, const struct hf_entry *entry,
                        struct hf_why *why);
    void *state;
};

struct hf_reconciled {
    struct hf_evidence_head head;
    struct hf_evidence_stop stop; /* where the log is wrong, if it is */
    uint64_t issued;              /* certificates in the log, but for: */
    uint64_t own;                 /* those of the CA's own web server */
    int64_t own_until_at;         /* the end of the last of these */
    uint64_t rows;                /* certificates in the tables, of this log */
    uint64_t under_way;           /* signed, and perhaps about to be stored */
    uint64_t rifts;
    bool log_failed; /* of a failure: it is the log's, see stop */
};

/*
 * Fails: as hf_evidence_walk() and hf_store_run(), and as the callbacks do.
 *        `*out` says how far it came.
 */
enum hf_err hf_reconcile(const struct hf_reconcile_plan *plan,
                         struct hf_reconciled *out, struct hf_why *why);

/* From the entry behind the last that the tables have: what a crash left. */
enum hf_err hf_reconcile_tail(struct hf_reconcile_plan *plan,
                              struct hf_reconciled *out, struct hf_why *why);
