/* SPDX-License-Identifier: Apache-2.0 */
/*
 * issue_value.h -- the "issue-value" text of RFC 8659, section 4.2.
 *
 *     authority.example; accounturi=https://ca.example/acct/1; policy=wildcard
 *
 * This is the grammar under a _validation-persist TXT record and under a CAA
 * property. It knows shape, not meaning: which tags exist and who may use them
 * is record.h's business. Pure: no allocation, no I/O, no clock.
 */
#pragma once

#include <stdbool.h>

#include "holdfast/err.h"
#include "holdfast/span.h"

/* One parameter. Tags compare without case (RFC 8659, section 4.2). */
struct hf_param {
    struct hf_span tag;   /* never empty */
    struct hf_span value; /* may be empty; no white space, no ';' */
};

/* A parsed issue-value. Both spans borrow from the parsed text. */
struct hf_issue_value {
    struct hf_span issuer; /* empty when the text names no issuer */
    struct hf_span params; /* well formed; walk it with hf_param_next() */
};

/*
 * Parse the whole of `text`, one TXT record with its strings already joined
 * (REQ RECORD-02, RECORD-04).
 *
 * Borrows: *out points into `text` and lives no longer than it.
 * Fails:   HF_ESYNTAX; *out is untouched and why->at is the offset in `text`
 *          where reading stopped.
 */
enum hf_err hf_issue_value_parse(struct hf_span text,
                                 struct hf_issue_value *out,
                                 struct hf_why *why);

/*
 * Take the next parameter off `*rest`, a copy of hf_issue_value.params.
 * Returns false at the end. Cannot fail on text that parsed.
 */
bool hf_param_next(struct hf_span *rest, struct hf_param *out);

/*
 * Whose record this is meant to be, also when it does not parse: the octets
 * before the first ';' without white space and without one trailing dot.
 * Compare without case. Empty, and nobody's, when they are not ASCII.
 */
struct hf_span hf_issue_value_attribution(struct hf_span text);

/* True when every octet may stand in a parameter's value (REQ CLI-05). */
bool hf_value_is_safe(struct hf_span text);
