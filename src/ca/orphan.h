/* SPDX-License-Identifier: Apache-2.0 */
/*
 * orphan.h -- certificates that the log of evidence has and the tables have
 * not (HF_RIFT_ORPHAN): what became of each, and putting them into the tables,
 * so that they can be listed and revoked, and CRLs have them when they are.
 *
 * The log has the whole certificate in a later entry (ca/issued.h), and so has
 * the row then. It has none when a crash came before that entry: nobody got
 * what was signed, if it came to a signature at all; what is meant to be signed
 * counts as issued (BR 4.9.10). Its owner are the account and the order that
 * the evidence names, if they are still there.
 */
#pragma once

#include "ca/issued.h"
#include "ca/reconcile.h"

enum hf_orphan_fate {
    /* Its order waits for it, and the log has it whole: the order gets it. If
     * the tables are an older copy, it had it before. */
    HF_ORPHAN_AWAITED,
    /* Nobody got it: its order was given another one, or ended, or waits for
     * one and this was never handed out. It is revoked: superseded by the other
     * one, or, when there is none, for cessation of operation (RFC 5280 5.3.1),
     * as what is signed for an order that ends meanwhile. */
    HF_ORPHAN_WITHHELD,
    /* Its order is not there, or has not begun, or has just this one: the
     * tables are an older copy, or were changed, and somebody may use it. It
     * stays good until somebody revokes it. */
    HF_ORPHAN_LOST,
    /* Another entry has the same serial number: nothing can be done here. */
    HF_ORPHAN_TWIN,
};

/* "awaited", "withheld", "lost", "twin". */
const char *hf_orphan_word(enum hf_orphan_fate fate);

struct hf_orphan {
    char serial_room[2 * HF_X509_SERIAL_MAX];
    struct hf_span serial;
    uint64_t entry;
    unsigned char hash[HF_ENTRY_HASH_LEN];
    int64_t order; /* 0: it is not there */
    int64_t account;
    int64_t not_before_at;
    int64_t not_after_at;
    uint32_t shard;
    unsigned char tbs_hash[HF_ISSUED_HASH_LEN];
    struct hf_span der; /* empty: nothing was handed out */
    unsigned char key_hash[HF_HASH_MAX];
    size_t key_hash_len; /* 0: the key is not known */
    int64_t reason;      /* of the revocation of one that is withheld */
    enum hf_orphan_fate fate;
};

#define HF_ORPHANS_MAX (2 * HF_ISSUED_BATCH_MAX)

/* Whoever collects them; the members up to `state` are the caller's. Owns:
 * hf_orphans_clear(). */
struct hf_orphans {
    struct hf_store *store;
    const struct hf_digest *digest;
    struct hf_span log; /* whose it is, as in hf_reconcile_plan */
    uint32_t shards;
    int64_t now_at;
    bool adopts; /* put them into the tables; else only look */
    bool spares; /* revoke none of them: a copy is being restored */
    /* Told of each after it was kept. What it fails with ends the whole. */
    enum hf_err (*tell)(void *state, const struct hf_orphan *orphan,
                        struct hf_why *why);
    void *state;
    size_t count;
    struct hf_orphan list[HF_ORPHANS_MAX];
};

/* One more; and the rest of them. Fails: as hf_store_transact(), HF_ECRYPTO. */
enum hf_err hf_orphans_add(struct hf_orphans *orphans,
                           const struct hf_rift *rift, struct hf_why *why);
enum hf_err hf_orphans_end(struct hf_orphans *orphans, struct hf_why *why);

/* Tell them of each entry of the log: one of them may have its certificate
 * there. Fails: HF_ENOMEM. */
enum hf_err hf_orphans_note(struct hf_orphans *orphans,
                            const struct hf_entry *entry, struct hf_why *why);

void hf_orphans_clear(struct hf_orphans *orphans);
