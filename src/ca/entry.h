/* SPDX-License-Identifier: Apache-2.0 */
/*
 * entry.h -- one entry of the log of evidence (evidence.h), as a line:
 *
 *     {"evidence":7,"at":1790000000,"kind":"issue","body":{...},
 *      "previous":"64 hex digits","hash":"64 hex digits"}
 *
 * without blanks and breaks. The hash is SHA-256 of the line up to `,"hash"`;
 * nothing else that we hash begins like that. It covers the one before: whoever
 * has one hash has all that was written before it. Pure.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "holdfast/buf.h"
#include "holdfast/digest.h"
#include "holdfast/err.h"

#define HF_ENTRY_HASH_LEN 32
#define HF_ENTRY_KIND_MAX 32
#define HF_ENTRY_MAX      ((size_t)6 << 20) /* octets of a line */

struct hf_entry {
    uint64_t number; /* from 1 */
    int64_t at;
    struct hf_span kind; /* lower-case letters, digits, "-" */
    struct hf_span body; /* a JSON object in one line */
    unsigned char previous[HF_ENTRY_HASH_LEN]; /* zeros for the first */
    unsigned char hash[HF_ENTRY_HASH_LEN];
};

/*
 * Add the line, with its LF, and fill in entry->hash. The body is the caller's
 * business: one JSON object without control characters.
 * Fails: HF_ELIMIT (longer than HF_ENTRY_MAX, or `out` is full), HF_ECRYPTO.
 *        Then nothing was added.
 */
enum hf_err hf_entry_put(struct hf_entry *entry, const struct hf_digest *digest,
                         struct hf_buf *out, struct hf_why *why);

/*
 * Read a line, without its LF. That its hash is right is checked, and that its
 * body is JSON is not. Spans point into it.
 * Fails: HF_ESYNTAX (no entry), HF_EINVAL (another hash), HF_ECRYPTO.
 */
enum hf_err hf_entry_read(struct hf_span line, const struct hf_digest *digest,
                          struct hf_entry *out, struct hf_why *why);
