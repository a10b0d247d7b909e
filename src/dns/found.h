/* SPDX-License-Identifier: Apache-2.0 */
/*
 * found.h -- a resolver's answer as octets, for the way from the worker to
 * its parent. The parent trusts nothing in them.
 */
#pragma once

#include "base/json.h"
#include "dns/resolver.h"

/* Append `found` to `out`. What does not fit sets out->full. */
void hf_found_put(struct hf_buf *out, const struct hf_found *found);

/*
 * Read one back, all of `octets`, and keep a copy: release with
 * hf_found_clear(). Whatever is returned is in itself consistent: bogus means
 * failure, data means records, every count and length is within its bounds,
 * every text is printable ASCII.
 *
 * Fails: HF_ESYNTAX, HF_ENOMEM; *out is untouched.
 */
enum hf_err hf_found_read(struct hf_span octets, struct hf_found *out,
                          struct hf_why *why);

/*
 * An answer that says: none, because of `reason` (a sentence of ours).
 * Release with hf_found_clear(). Fails: HF_ENOMEM.
 */
enum hf_err hf_found_fail(const struct hf_lookup *lookup, struct hf_span server,
                          const char *reason, struct hf_found *out,
                          struct hf_why *why);

/*
 * Do two answers say the same, be it of one name or of two? The same alias
 * first, if there is one; and the same records, in any order, unless one of
 * the two stopped at an alias that leads elsewhere. NODATA and NXDOMAIN are
 * the same "none".
 */
bool hf_found_agrees(const struct hf_found *a, const struct hf_found *b);

/* The member "chain" of JSON that tells of an answer: the aliases that were
 * followed. */
void hf_found_put_chain(struct hf_json *json, const struct hf_found *found);
