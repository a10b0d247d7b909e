/* SPDX-License-Identifier: Apache-2.0 */
/* eval_compare.h -- a result against what a vector expects. */
#pragma once

#include <jansson.h>

#include "holdfast/buf.h"

/*
 * The members of `expect` that `result` lacks or has otherwise, as a JSON
 * object with the expected values; `note` and `warn` never count, and the
 * order of `events` does not. Returns a new reference; NULL: out of memory.
 */
json_t *hf_eval_differences(const json_t *result, json_t *expect);

/* JSON text of any value, in ASCII, on one line. */
void hf_eval_put_json(struct hf_buf *out, const json_t *value);
