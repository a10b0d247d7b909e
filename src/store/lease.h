/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lease.h -- work that one process at a time may do: which one, until when.
 *
 * A lease has a fence, a number that goes up whenever it is taken. Who took it
 * and slept through its end learns that it is no longer the holder when it
 * renews it; and a transaction that asks hf_lease_check() is kept only if it
 * might have ended before the next holder began. So a process that wakes up
 * late overwrites nothing of its successor's.
 *
 * Moments are the callers': their clocks should agree better than the leases
 * are long. Fails: as hf_store_run().
 */
#pragma once

#include "store/store.h"

/* A step of a plan that has leases. */
#define HF_LEASE_STEP                                                          \
    "CREATE TABLE lease ("                                                     \
    " name TEXT PRIMARY KEY,"                                                  \
    " owner TEXT NOT NULL,"                                                    \
    " fence INTEGER NOT NULL,"                                                 \
    " expires_at INTEGER NOT NULL"                                             \
    ") STRICT"

/* Its operations, of which the first has the number `operation` below. */
#define HF_LEASE_OPERATION_COUNT 4
#define HF_LEASE_OPERATIONS                                                    \
    "INSERT INTO lease (name, owner, fence, expires_at)"                       \
    " VALUES ($1, $2, 1, $4) ON CONFLICT (name) DO UPDATE"                     \
    " SET owner = $2, fence = lease.fence + 1, expires_at = $4"                \
    " WHERE lease.expires_at <= $3 OR lease.owner = $2"                        \
    " RETURNING fence",                                                        \
        "UPDATE lease SET expires_at = $4"                                     \
        " WHERE name = $1 AND owner = $2 AND fence = $3",                      \
        "UPDATE lease SET expires_at = 0"                                      \
        " WHERE name = $1 AND owner = $2 AND fence = $3",                      \
        "SELECT 1 FROM lease WHERE name = $1 AND owner = $2 AND fence = $3"

struct hf_lease {
    size_t operation;     /* the number of the first in the plan */
    struct hf_span name;  /* "crl-signer" */
    struct hf_span owner; /* a process; no two have the same */
    int64_t fence;        /* 0: not held */
};

/*
 * Take it if nobody has it, its time is over, or its owner has our name (our
 * predecessor's, before a restart). `lease->fence` is 0 when somebody else
 * holds it.
 */
enum hf_err hf_lease_take(struct hf_store *store, struct hf_lease *lease,
                          int64_t now_s, int64_t expires_at,
                          struct hf_why *why);

/* Hold it longer. `lease->fence` is 0 when somebody else took it meanwhile. */
enum hf_err hf_lease_renew(struct hf_store *store, struct hf_lease *lease,
                           int64_t expires_at, struct hf_why *why);

/* Leave it to others. Then, or when it was lost before, it is not held. */
enum hf_err hf_lease_release(struct hf_store *store, struct hf_lease *lease,
                             struct hf_why *why);

/* Do we hold it? In the transaction that relies upon it. */
enum hf_err hf_lease_check(struct hf_store *store, const struct hf_lease *lease,
                           bool *held, struct hf_why *why);
