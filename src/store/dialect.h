/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dialect.h -- our SQL in the words of an engine. Words that differ are
 * replaced; what stands in quotes is left alone. No grammar: store.h says what
 * may be written.
 */
#pragma once

#include "holdfast/buf.h"

#define HF_DIALECT_MAX 65536 /* octets of SQL */

struct hf_dialect_word {
    const char *ours; /* a whole word, or several */
    const char *theirs;
};

/* The first word of the list that fits counts. `out` is full when it does not
 * fit; it gets no NUL. */
void hf_dialect_put(struct hf_buf *out, const char *sql,
                    const struct hf_dialect_word *words, size_t count);
