/* SPDX-License-Identifier: Apache-2.0 */
/*
 * primary.h -- the server that takes the updates of a zone, over TCP: which
 * zone holds a name, what stands there, and changing it.
 *
 * The key, the socket and what the server says are in a process of its own
 * (primary_worker.h); what that process says is checked like a stranger's.
 */
#pragma once

#include "dns/resolver.h"
#include "dns/server.h"
#include "dns/update.h"

/* Whom to talk to. */
struct hf_primary_config {
    const struct hf_server *server;
    const struct hf_tsig_key *key; /* NULL: nothing is signed */
    int64_t idle_ms;               /* longest wait for each step */
    int64_t until_ms;              /* hf_clock_ms() of the end, or 0 */
    bool no_wall;                  /* --sandbox=off */
};

/* Sentences of failures live as long as it. */
struct hf_primary;

/*
 * Start the process. The configuration is only read. Owns: hf_primary_free().
 * Fails: as hf_role_open(); HF_ENOMEM, HF_ELIMIT (key), HF_ECRYPTO (its
 * algorithm), HF_EPEER (no wall).
 */
enum hf_err hf_primary_new(const struct hf_primary_config *config,
                           struct hf_primary **out, struct hf_why *why);
void hf_primary_free(struct hf_primary *primary);

/*
 * The zone of this server that holds `owner`, by asking for its SOA and those
 * of its parents (RFC 1034, section 6.2.1: a "no" has it, too).
 *
 * Fails: HF_EPEER with a sentence (the server does not serve the name, has
 * handed it to others, is not to be believed), HF_ETIMEOUT, HF_ESYSTEM,
 * HF_ECANCELED, HF_ECRYPTO, HF_ESYNTAX.
 */
enum hf_err hf_primary_find_zone(struct hf_primary *primary,
                                 const struct hf_wire_name *owner,
                                 struct hf_wire_name *zone, struct hf_why *why);

/*
 * What stands at `owner`. *out borrows from the primary until the next call;
 * do not clear it. Fails: as above.
 */
enum hf_err hf_primary_read(struct hf_primary *primary,
                            const struct hf_wire_name *owner, uint16_t type,
                            struct hf_found *out, struct hf_why *why);

/* Have `update`, which was made without a key, signed and sent, and the answer
 * read. Fails: as hf_update_take(), and above. */
enum hf_err hf_primary_send(struct hf_primary *primary,
                            struct hf_update *update,
                            enum hf_update_answer *out, struct hf_why *why);
