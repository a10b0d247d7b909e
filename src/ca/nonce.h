/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nonce.h -- replay nonces (RFC 8555, section 6.5): numbers with a code that
 * nobody else can make, each good once. There are two kinds.
 *
 * Our own are known to this process alone, and nothing of them is stored. A
 * window of the last HF_NONCE_WINDOW numbers remembers which were used, in 128
 * kB; older ones are refused, and so are those of another process or of one
 * before a restart.
 *
 * Common ones are good at every process that serves from the same tables: their
 * code is under a key that is there, and those that were used are rows. Their
 * number begins with the second in which they were made, so that each is
 * forgotten when it is too old to be good.
 *
 * A client that hears badNonce gets a new one with it and asks again. That does
 * not help one whose every request goes to another process, as those of a
 * balancer do: for it there are common ones.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "holdfast/err.h"
#include "holdfast/span.h"

#define HF_NONCE_WINDOW  ((uint64_t)1 << 20) /* numbers */
#define HF_NONCE_LEN     32                  /* characters of base64url */
#define HF_NONCE_KEY_LEN 32                  /* octets */
#define HF_NONCE_LIFE_S  600                 /* of common ones */

struct hf_nonces;

/* `key`, of HF_NONCE_KEY_LEN octets, makes common ones; empty: there are none.
 * Owns: hf_nonces_free(). Fails: HF_ENOMEM, HF_ESYSTEM, HF_ECRYPTO. */
enum hf_err hf_nonces_new(struct hf_span key, struct hf_nonces **out,
                          struct hf_why *why);
void hf_nonces_free(struct hf_nonces *nonces);

/* From now on make common ones, or our own, as at the beginning. */
void hf_nonces_share(struct hf_nonces *nonces, bool share);

/* A new one, HF_NONCE_LEN characters. Fails: HF_ECRYPTO. */
enum hf_err hf_nonces_make(struct hf_nonces *nonces, int64_t now_at, char *out,
                           struct hf_why *why);

/*
 * Is it one of ours, and not used before? It is used now. Of a common one only
 * the tables know whether it was used: `*number` is what stands for it there.
 * It is 0 for our own.
 */
bool hf_nonces_use(struct hf_nonces *nonces, struct hf_span nonce,
                   int64_t now_at, int64_t *number);

/* Numbers of common ones below this are too old by any process's clock. */
int64_t hf_nonces_forgotten(int64_t now_at);
