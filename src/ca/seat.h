/* SPDX-License-Identifier: Apache-2.0 */
/*
 * seat.h -- the place of a process that serves among others that serve from the
 * same tables.
 *
 * Each has a name, of its host and its state folder, of which only one can be
 * at work (the lock of its log of evidence). Every life of it is another
 * number: jobs are marked with it, and those of a number that nobody renews any
 * more are taken up by the others. So what was under way in a life that ended
 * may be taken up by its successor at once.
 *
 * What only one at a time may do, making lists of revoked certificates and
 * sweeping the tables, is for the holder of a lease (store/lease.h).
 *
 * Who has its tables for itself keeps nothing of this: it is alone, and all
 * chores are its own.
 */
#pragma once

#include <stdbool.h>

#include "ca/tables.h"
#include "holdfast/buf.h"

#define HF_SEAT_NAME_MAX 512

struct hf_seat;

/*
 * Sit down: from now on our predecessor of the same name is no more. `name` is
 * printable; empty: nobody else serves from this store, which is borrowed.
 * Owns: hf_seat_free(), which does not leave. Fails: as hf_store_run(),
 * HF_ELIMIT (the name), HF_ENOMEM.
 */
enum hf_err hf_seat_new(struct hf_store *store, struct hf_span name,
                        int64_t now_at, struct hf_seat **out,
                        struct hf_why *why);
void hf_seat_free(struct hf_seat *seat);

/*
 * When it is time for that, say that we are still there, and see who else is.
 * A store that is away is asked again soon.
 * Fails: HF_EPEER (another process has our name now: there is nothing left to
 *        do but to end).
 */
enum hf_err hf_seat_renew(struct hf_seat *seat, int64_t now_at,
                          struct hf_why *why);

/* Leave all that we have to others, at once. */
void hf_seat_leave(struct hf_seat *seat);

/* Of this life; never 0. */
int64_t hf_seat_id(const struct hf_seat *seat);

/* Of the life before, or 0. */
int64_t hf_seat_predecessor(const struct hf_seat *seat);

/* Does nobody else serve, as far as we know? */
bool hf_seat_is_alone(const struct hf_seat *seat);

/*
 * May we say of others that they are gone? Not when we could not renew our own
 * seat: then they could not, either, and may be at work all the same.
 */
bool hf_seat_knows_others(const struct hf_seat *seat, int64_t now_at);

/* Are chores ours now? And in the transaction that relies upon it. */
bool hf_seat_has_chores(const struct hf_seat *seat, int64_t now_at);
enum hf_err hf_seat_check_chores(const struct hf_seat *seat, bool *held,
                                 struct hf_why *why);

/* The key of common nonces (ca/nonce.h); empty when we are alone for good. */
struct hf_span hf_seat_nonce_key(const struct hf_seat *seat);
