/* SPDX-License-Identifier: Apache-2.0 */
/*
 * change.h -- one difference between two states of a name, in words and as
 * JSON, with what it does to authority (REQ MON-04).
 */
#pragma once

#include "holdfast/buf.h"
#include "holdfast/diff.h"

/* A few indented lines. `before` and `after` may be NULL: there is none. */
void hf_change_put_text(struct hf_buf *out, bool colour,
                        const struct hf_event *event,
                        const struct hf_span *before,
                        const struct hf_span *after);

/* One line; `owner` may be empty. */
void hf_change_put_json(struct hf_buf *out, struct hf_span owner,
                        const struct hf_event *event,
                        const struct hf_span *before,
                        const struct hf_span *after);
