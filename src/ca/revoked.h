/* SPDX-License-Identifier: Apache-2.0 */
/*
 * revoked.h -- the revoked certificates of one shard, as the tables or a list
 * of them has them; and the one beside the other.
 */
#pragma once

#include "crypto/crl.h"
#include "store/store.h"

/* Entries in any order. Zeroed: none. Owns: hf_revoked_clear(). */
struct hf_revoked_set {
    struct hf_revoked *list;
    size_t count;
    size_t room;
};

void hf_revoked_clear(struct hf_revoked_set *set);

/*
 * What the tables have, of certificates that have not ended, instead of what
 * was in `set`.
 * Fails: HF_ESYNTAX (a serial number is none: a list without it would count it
 *        as good), HF_ELIMIT (more than a list may have), HF_ENOMEM, or as
 *        hf_store_run().
 */
enum hf_err hf_revoked_read(struct hf_store *store, uint32_t shard,
                            int64_t now_at, struct hf_revoked_set *set,
                            struct hf_why *why);

enum hf_revoked_rift {
    HF_REVOKED_UNLISTED,  /* in the tables, and not on the list */
    HF_REVOKED_FORGOTTEN, /* on the list, and good in the tables */
    HF_REVOKED_UNKNOWN,   /* on the list, and in no table at all */
    HF_REVOKED_RIFT_COUNT,
};

/* How many of each there are, and one of them. */
struct hf_revoked_rifts {
    size_t counts[HF_REVOKED_RIFT_COUNT];
    struct hf_revoked one[HF_REVOKED_RIFT_COUNT];
};

struct hf_revoked_plan {
    struct hf_store *store;
    uint32_t shard;
    int64_t now_at;
    int64_t listed_at; /* what was revoked up to then is on the list, if it has
                          not ended when that was made */
    bool mends;        /* revoke again what the tables have forgotten, with the
                          list's reasons and moments */
};

/*
 * Compare a list with the tables; whose it is was looked at.
 * Fails: HF_ESYNTAX (an entry is none), or as hf_revoked_read(), or
 *        hf_store_transact().
 */
enum hf_err hf_revoked_compare(const struct hf_revoked_plan *plan,
                               const struct hf_crl_read *list,
                               struct hf_revoked_rifts *out,
                               struct hf_why *why);
