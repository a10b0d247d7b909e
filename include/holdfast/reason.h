/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reason.h -- why a record, an RRset or a request gets its verdict.
 *
 * The outcome follows from the reason, so only the reason is ever stored. The
 * order of the enumerators is the order in which one record is judged.
 */
#pragma once

#include <stdbool.h>

enum hf_reason {
    HF_REASON_OK,
    HF_REASON_OTHER_ISSUER, /* ignored: another CA's record, or nobody's */
    HF_REASON_SYNTAX,
    HF_REASON_DUPLICATE_PARAMETER,
    HF_REASON_MISSING_ACCOUNTURI,
    HF_REASON_EMPTY_ACCOUNTURI,
    HF_REASON_BAD_PERSIST_UNTIL,
    HF_REASON_BAD_HASHED_URI,
    HF_REASON_HASH_ALG_NOT_ACCEPTED,
    HF_REASON_ACCOUNT_NOT_VALID,
    HF_REASON_ACCOUNT_MISMATCH,
    HF_REASON_EXPIRED,
    HF_REASON_POLICY_REQUIRED,
    HF_REASON_NO_MATCHING_ISSUER, /* of an RRset: records, none of ours */
    HF_REASON_NO_RECORD,          /* of an RRset: no TXT data at all */
    HF_REASON_DNS_FAILURE,
    HF_REASON_DNSSEC_BOGUS,
};

#define HF_REASON_COUNT (HF_REASON_DNSSEC_BOGUS + 1)

/* The error types of RFC 8555, section 6.7, and two that are no error. */
enum hf_outcome {
    HF_OUTCOME_VALID,
    HF_OUTCOME_IGNORED,
    HF_OUTCOME_MALFORMED,
    HF_OUTCOME_UNAUTHORIZED,
    HF_OUTCOME_DNS,
};

/* REQ ERR-01, ERR-02, ERR-03, ERR-04. */
enum hf_outcome hf_reason_outcome(enum hf_reason reason);

/* The fixed words: "account-mismatch", "unauthorized" (REQ ERR-07). */
const char *hf_reason_word(enum hf_reason reason);
const char *hf_outcome_word(enum hf_outcome outcome);

/* One sentence of law, with its section, and one of advice, for people. */
const char *hf_reason_law(enum hf_reason reason);
const char *hf_reason_advice(enum hf_reason reason);

/* Which of two failures to report (REQ ERR-05): true when `a` goes first.
 * Valid goes before everything; "no record" comes last. */
bool hf_reason_precedes(enum hf_reason a, enum hf_reason b);
