/* SPDX-License-Identifier: Apache-2.0 */
/* revocation.h -- revoking a certificate in the tables, for whoever may: its
 * owner over ACME, or the operator. Nothing else ends one early, the end of
 * what it rests on least of all (REQ REUSE-11). */
#pragma once

#include "ca/tables.h"

#define HF_REVOKED_KEY_COMPROMISE 1 /* RFC 5280, section 5.3.1 */

struct hf_revocation {
    struct hf_span serial;
    int64_t shard;
    struct hf_span key_hash; /* of the certificate's key */
    int64_t reason;
    int64_t at;
};

/*
 * Inside a transaction: mark it, have its list made anew in a moment, and when
 * its key is known to others, take that for nothing any more: also when it was
 * revoked before for less, and then that is its reason from now on. `*did` is
 * false when it was revoked before, or is not there. Fails: as hf_store_run().
 */
enum hf_err hf_revocation_do(struct hf_store *store,
                             const struct hf_revocation *revocation, bool *did,
                             struct hf_why *why);
