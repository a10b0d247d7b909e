/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lost.h -- jobs that stand in the tables as under way and that nobody does: a
 * crash left them, a process is gone that serves from the same store, or there
 * was no room for them. For ca/service.c.
 */
#pragma once

#include "ca/call.h"
#include "ca/seat.h"

#define HF_LOST_MAX 1000 /* of each kind: HF_CA_AUTHZ_TAKE_UP and its like */

struct hf_lost {
    int64_t ids[2 * HF_LOST_MAX];
    size_t count;
    size_t challenges; /* that many come first; the others are signatures */
};

/*
 * Take up, in a transaction of its own, what has been under way since before
 * that moment for this process or for one that is gone. It is ours then.
 * Fails: as hf_store_transact().
 */
enum hf_err hf_lost_take_up(struct hf_store *store, const struct hf_seat *seat,
                            int64_t now_at, int64_t before_at,
                            struct hf_lost *out, struct hf_why *why);

/* The i-th of them. */
struct hf_job hf_lost_job(const struct hf_lost *lost, size_t i);
