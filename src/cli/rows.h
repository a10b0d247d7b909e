/* SPDX-License-Identifier: Apache-2.0 */
/* rows.h -- what is known of one thing, a row a fact, for people. */
#pragma once

#include "holdfast/buf.h"

/* "  KEY           TEXT", escaped. An empty text has no row. */
void hf_row_put(struct hf_buf *out, const char *key, struct hf_span text);

/* The same for a moment; 0 is none. */
void hf_row_put_moment(struct hf_buf *out, const char *key, int64_t at);
