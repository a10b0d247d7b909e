/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lint.h -- what is odd about one record, beyond valid or not (REQ MON-07).
 *
 * Findings are a set of bits, so that linting a million records allocates
 * nothing and a summary is an addition.
 */
#pragma once

#include "holdfast/judge.h"

enum hf_finding {
    HF_LINT_SYNTAX,               /* breaks RFC 8659 section 4.2 */
    HF_LINT_NO_ISSUER,            /* belongs to nobody: a tombstone */
    HF_LINT_ISSUER_NOT_CANONICAL, /* upper case: some CAs compare octets */
    HF_LINT_DUPLICATE_KNOWN,
    HF_LINT_DUPLICATE_UNKNOWN, /* looked for 64 parameters ahead */
    HF_LINT_UNKNOWN_TAG,
    HF_LINT_TAG_SPELLING, /* persistuntil: one CA's library ignores it */
    HF_LINT_MISSING_ACCOUNTURI,
    HF_LINT_EMPTY_ACCOUNTURI,
    HF_LINT_POLICY_UNKNOWN, /* anything but wildcard counts as absent */
    HF_LINT_UNTIL_MALFORMED,
    HF_LINT_UNTIL_MILLISECONDS,
    HF_LINT_UNTIL_LEADING_ZERO,
    HF_LINT_EXPIRED,
    HF_LINT_EXPIRES_SOON,
    HF_LINT_NO_END,          /* no persistUntil: a grant for ever */
    HF_LINT_WILDCARD,        /* reaches every name below, also future ones */
    HF_LINT_RAW_AT_HASHED,   /* raw URL where the CA wants the hashed form */
    HF_LINT_HASHED_URI,      /* broken below an accepted prefix */
    HF_LINT_HASH_ALG,        /* not accepted, or unknown to the registry */
    HF_LINT_BLANKS,          /* other than one blank after each ';' */
    HF_LINT_QUOTES,          /* quotation marks stored inside the data */
    HF_LINT_CONTROL_OCTETS,  /* NUL, controls, octets above 0x7E */
    HF_LINT_SEVERAL_STRINGS, /* over 255 octets */
    HF_LINT_TOO_LONG,        /* no TXT record can hold it */
};

#define HF_FINDING_COUNT (HF_LINT_TOO_LONG + 1)

enum hf_severity { HF_SEVERITY_INFO, HF_SEVERITY_WARNING, HF_SEVERITY_ERROR };

const char *hf_finding_word(enum hf_finding finding);
const char *hf_finding_sentence(enum hf_finding finding);
enum hf_severity hf_finding_severity(enum hf_finding finding);
const char *hf_severity_word(enum hf_severity severity);

/* What the reader knows; everything but `now` may be missing. */
struct hf_lint_view {
    struct hf_time now;
    int64_t soon_s;         /* reminder distance; 0 for none */
    const struct hf_ca *ca; /* NULL: no CA in particular */
};

/* The set of findings, one bit (1U << finding) each. */
uint32_t hf_lint(struct hf_span text, const struct hf_lint_view *view);

/* The same for a record that was read already: what hf_record_read() made of
 * it, so that looking at millions reads each once. */
struct hf_lint_reading {
    enum hf_reason reason;
    const struct hf_record *record; /* counts when the reason is ok */
};

uint32_t hf_lint_read(struct hf_span text,
                      const struct hf_lint_reading *reading,
                      const struct hf_lint_view *view);

/*
 * The record as it should have been written: canonical order, case, blanks
 * and spelling, unknown parameters kept. False when there is nothing to
 * build on: it does not parse.
 */
bool hf_lint_canonical(struct hf_span text, struct hf_buf *out);
