/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nonce.h -- replay nonces (RFC 8555, section 6.5): numbers with a code that
 * only this process can make, each good once.
 *
 * Nothing is stored. A window of the last HF_NONCE_WINDOW numbers remembers
 * which were used, in 128 kB; older ones are refused, and so are those of
 * another process or of one before a restart. A client that hears badNonce gets
 * a new one with it and asks again (RFC 8555, section 6.5).
 */
#pragma once

#include <stdbool.h>

#include "holdfast/err.h"
#include "holdfast/span.h"

#define HF_NONCE_WINDOW ((uint64_t)1 << 20) /* numbers */
#define HF_NONCE_LEN    32                  /* characters of base64url */

struct hf_nonces;

/* With a key of its own. Owns: hf_nonces_free(). Fails: HF_ENOMEM, HF_ESYSTEM,
 * HF_ECRYPTO. */
enum hf_err hf_nonces_new(struct hf_nonces **out, struct hf_why *why);
void hf_nonces_free(struct hf_nonces *nonces);

/* A new one, HF_NONCE_LEN characters. Fails: HF_ECRYPTO. */
enum hf_err hf_nonces_make(struct hf_nonces *nonces, char *out,
                           struct hf_why *why);

/* Is it one of ours, and not used before? It is used now. */
bool hf_nonces_use(struct hf_nonces *nonces, struct hf_span nonce);
