/* SPDX-License-Identifier: Apache-2.0 */
/*
 * listed.h -- how many certificates the last list of each shard had, as the log
 * of evidence tells (its entries of the kind "crl"): tables that know of fewer
 * have forgotten revocations.
 */
#pragma once

#include "ca/entry.h"
#include "store/store.h"

#define HF_LISTED_SHARDS_MAX 64

/* Zeroed: none yet. */
struct hf_listed {
    struct {
        int64_t at;
        int64_t count;
    } shards[HF_LISTED_SHARDS_MAX];
};

/* Remember an entry; others than lists are passed over. */
void hf_listed_note(struct hf_listed *listed, const struct hf_entry *entry);

/* How many revocations the tables have forgotten since then, at least. Fails:
 * as hf_store_run(). */
enum hf_err hf_listed_lost(const struct hf_listed *listed,
                           struct hf_store *store, int64_t *out,
                           struct hf_why *why);
