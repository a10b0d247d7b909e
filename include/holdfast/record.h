/* SPDX-License-Identifier: Apache-2.0 */
/*
 * record.h -- what one _validation-persist record says, whoever asks.
 *
 * Reading is octet-exact, allocates nothing and looks at each octet once.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "holdfast/issue_value.h"
#include "holdfast/reason.h"
#include "holdfast/time.h"

/* The parameters with a meaning. All spans borrow from the record's text. */
struct hf_record {
    struct hf_span issuer;      /* as spelt; empty when there is none */
    struct hf_span account_uri; /* not empty */
    struct hf_span policy;      /* as spelt; empty when absent */
    int64_t until_at;           /* persistUntil; INT64_MAX when absent */
    bool has_until;
    bool wildcard; /* policy=wildcard; any other policy counts as absent */
};

/*
 * Read one record. Answers HF_REASON_OK, or the first of syntax,
 * duplicate-parameter, missing-accounturi, empty-accounturi and
 * bad-persist-until; then `*at` is the offset of the failing octet. Of *out
 * only `issuer` counts then: the attribution prefix.
 *
 * REQ RECORD-03, RECORD-05, RECORD-07, RECORD-09..14.
 */
enum hf_reason hf_record_read(struct hf_span text, struct hf_record *out,
                              size_t *at);

/* 1*DIGIT, at most 2^63-1 (REQ RECORD-11, RECORD-12). */
bool hf_persist_until_parse(struct hf_span text, int64_t *out);

/* The value as canonical text has it: `wildcard` in lower case, a time without
 * zeros in front, anything else as it stands. */
struct hf_span hf_param_canonical_value(const struct hf_param *param);
