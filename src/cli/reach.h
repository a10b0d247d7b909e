/* SPDX-License-Identifier: Apache-2.0 */
/* reach.h -- telling the process that has a key how hardware is reached
 * (keys/reach.h): lists of which each item ends in NUL. */
#pragma once

#include "holdfast/buf.h"
#include "holdfast/err.h"

/* Our own environment: other people's code, which speaks to hardware, is told
 * by it where its own files are. Fails: HF_ELIMIT. */
enum hf_err hf_reach_environment(struct hf_buf *out, struct hf_why *why);

/* What --token-allow says. Fails: HF_ELIMIT. */
enum hf_err hf_reach_holes(const struct hf_span *list, size_t count,
                           struct hf_buf *out, struct hf_why *why);
