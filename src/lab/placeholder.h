/* SPDX-License-Identifier: Apache-2.0 */
/*
 * placeholder.h -- what is not known when a scenario is written: {ca.url},
 * {shop.url}, {+90d}. Put in before the line is read. Pure.
 */
#pragma once

#include "holdfast/buf.h"
#include "holdfast/err.h"
#include "holdfast/span.h"

/*
 * Add what stands for `word`, the text between the braces, to `out`.
 * Fails: HF_ENOTFOUND (with a sentence), HF_ENOMEM and others.
 */
typedef enum hf_err hf_lab_known_fn(void *state, struct hf_span word,
                                    struct hf_buf *out, struct hf_why *why);

/*
 * Add `line` to `out` with its placeholders replaced. A line that begins with
 * `#` stays as it is, as do `{}` and a brace that is not closed.
 * Fails: as `known`, with why->at where the placeholder begins; HF_ELIMIT
 *        (`out` is full).
 */
enum hf_err hf_lab_fill(struct hf_span line, hf_lab_known_fn *known,
                        void *state, struct hf_buf *out, struct hf_why *why);
