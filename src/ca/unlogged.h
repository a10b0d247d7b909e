/* SPDX-License-Identifier: Apache-2.0 */
/*
 * unlogged.h -- revocations on their way from the tables into a log of
 * evidence, so that they outlive the tables: whoever asked for one is answered
 * when the disk has it there.
 *
 * Whoever revokes (ca/revocation.h), this keeper, another one or a command,
 * leaves a row in the transaction that revokes; a keeper takes all rows that
 * there are to its issuer, in rounds, and removes them when that has them. A
 * crash in between has some in the log twice.
 */
#pragma once

#include "ca/evidence.h"
#include "ca/issuer.h"
#include "ca/seat.h"

struct hf_unlogged;

/* Store, issuer and seat are borrowed. Owns: hf_unlogged_free(). Fails:
 * HF_ENOMEM. */
enum hf_err hf_unlogged_new(struct hf_store *store, struct hf_issuer *issuer,
                            const struct hf_seat *seat,
                            struct hf_unlogged **out, struct hf_why *why);
void hf_unlogged_free(struct hf_unlogged *unlogged);

/* Somebody waits for what is in the tables now. The number of the round, from
 * 1, that has it. */
uint64_t hf_unlogged_wait(struct hf_unlogged *unlogged);

enum hf_unlogged_state {
    HF_UNLOGGED_WAITS,
    HF_UNLOGGED_KEPT,   /* a log has it */
    HF_UNLOGGED_FAILED, /* it is revoked, and no log has it yet */
};

enum hf_unlogged_state hf_unlogged_ask(const struct hf_unlogged *unlogged,
                                       uint64_t round);

/* Begin a round when somebody waits, or it is time to look for what others
 * left. Fails: HF_EPEER (the issuer ended), HF_ENOMEM. */
enum hf_err hf_unlogged_renew(struct hf_unlogged *unlogged, int64_t now_at,
                              struct hf_why *why);

/* False: this answer is not ours. */
bool hf_unlogged_take(struct hf_unlogged *unlogged,
                      const struct hf_issuer_reply *reply);

/* For a command, while no keeper has this log open: all of them at once. Fails:
 * as hf_store_transact(), hf_evidence_append() and hf_evidence_rest(). */
enum hf_err hf_unlogged_write(struct hf_store *store, struct hf_evidence *log,
                              int64_t now_at, struct hf_why *why);
