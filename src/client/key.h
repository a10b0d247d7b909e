/* SPDX-License-Identifier: Apache-2.0 */
/*
 * key.h -- a private key that somebody else has: a process of ours behind a
 * wall (client/key_worker.h), or a signer for a fleet at a Unix socket. Here is
 * only what signs with it.
 *
 * Two steps, so that the other process can unlock while we do something else;
 * or three, where it must be started long before anybody needs the key.
 */
#pragma once

#include "client/key_msg.h"

struct hf_key;

/*
 * Start a process and tell it what is wanted; of `want` nothing is kept. With
 * want->waits it touches nothing, hardware neither, until hf_key_unlock().
 * Owns: hf_key_free(), or hf_key_ready().
 * Fails: HF_ESYSTEM, HF_ENOMEM, HF_ELIMIT, HF_EPEER.
 */
enum hf_err hf_key_start(const struct hf_key_want *want, struct hf_key **out,
                         struct hf_why *why);

/* Bring the passphrase to one that waits; others have theirs. Fails: HF_EPEER,
 * HF_ENOMEM. */
enum hf_err hf_key_unlock(struct hf_key *key, struct hf_span passphrase,
                          struct hf_why *why);

/* Still waiting for hf_key_unlock()? */
bool hf_key_waits(const struct hf_key *key);

/* One more owner, who signs with it as well, in turn: hf_key_ready() may be
 * called for each of them. Returns `key`. */
struct hf_key *hf_key_share(struct hf_key *key);

/* Connect to a signer at this socket instead. Fails: HF_ENOTFOUND, HF_ESYSTEM,
 * HF_ELIMIT, HF_ENOMEM. */
enum hf_err hf_key_connect(const char *path, struct hf_key **out,
                           struct hf_why *why);

/*
 * Wait until it is ready. Then out->signer owns the key, and releases it with
 * hf_signer_clear(); the rest of `out`, which only the first owner gets, is
 * borrowed until the first signature.
 * On failure `key` is still the caller's, and why->text borrows from it.
 *
 * Fails as hf_private_key_read() or _generate() do there, HF_EPEER (it ended,
 * or the wall cannot be built), HF_ECANCELED.
 */
enum hf_err hf_key_ready(struct hf_key *key, struct hf_key_ready *out,
                         struct hf_why *why);

/* One owner less; the last one ends it. NULL does nothing. */
void hf_key_free(struct hf_key *key);
