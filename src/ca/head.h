/* SPDX-License-Identifier: Apache-2.0 */
/*
 * head.h -- how far a log of evidence (evidence.h) had come: four lines, to be
 * kept where who may write the log may not.
 *
 *     holdfast evidence
 *     1234                    entries that it had
 *     64 hex digits           the hash of the last
 *     1790000000              and its moment
 *
 * Whoever has one can tell later that nothing up to there was changed, left out
 * or cut off. Pure.
 */
#pragma once

#include "ca/entry.h"

#define HF_HEAD_MAX 256 /* octets of its text */

struct hf_head {
    uint64_t number; /* 1 at least */
    unsigned char hash[HF_ENTRY_HASH_LEN];
    int64_t at;
};

void hf_head_put(struct hf_buf *out, const struct hf_head *head);

/* Only in the form that hf_head_put() gives it. */
bool hf_head_read(struct hf_span text, struct hf_head *out);
