/* SPDX-License-Identifier: Apache-2.0 */
/* revocation.h -- revoking a certificate in the tables, for whoever may: its
 * owner over ACME, or the operator. Nothing else ends one early, the end of
 * what it rests on least of all (REQ REUSE-11). */
#pragma once

#include "ca/tables.h"
#include "crypto/crl.h"
#include "holdfast/digest.h"

#define HF_REVOKED_KEY_COMPROMISE 1 /* RFC 5280, section 5.3.1 */

struct hf_revocation {
    struct hf_span serial;
    int64_t shard;
    struct hf_span key_hash; /* of the certificate's key */
    int64_t reason;
    int64_t at;
    bool is_logged; /* a log of evidence has it */
};

/*
 * Inside a transaction: mark it, have its list made anew in a moment, and when
 * its key is known to others, take that for nothing any more: also when it was
 * revoked before for less, and then that is its reason from now on. Unless a
 * log has it, it waits for one (ca/unlogged.h). `*did` is false when it was
 * revoked before, or is not there. Fails: as hf_store_run().
 */
enum hf_err hf_revocation_do(struct hf_store *store,
                             const struct hf_revocation *revocation, bool *did,
                             struct hf_why *why);

/* What the tables have of a revocation. */
enum hf_revocation_state {
    HF_REVOCATION_UNKNOWN, /* no certificate */
    HF_REVOCATION_OPEN,    /* it is good, or revoked for less */
    HF_REVOCATION_DONE,
};

/*
 * Look, and when it is open do it, as hf_revocation_do(): of `revocation` there
 * are the serial number, reason, moment and is_logged. `*out` is what it was
 * before. Fails: as hf_store_run().
 */
enum hf_err hf_revocation_find_and_do(struct hf_store *store,
                                      const struct hf_revocation *revocation,
                                      enum hf_revocation_state *out,
                                      struct hf_why *why);

/* As a list or a log says it: look only; or look and do it, which waits for no
 * log when `is_logged`. */
enum hf_err hf_revocation_look(struct hf_store *store,
                               const struct hf_revoked *revoked,
                               enum hf_revocation_state *out,
                               struct hf_why *why);
enum hf_err hf_revocation_again(struct hf_store *store,
                                const struct hf_revoked *revoked,
                                bool is_logged, enum hf_revocation_state *out,
                                struct hf_why *why);
