/* SPDX-License-Identifier: Apache-2.0 */
/*
 * suffix.h -- public suffixes: the ICANN section of the list, by libpsl (BR
 * 3.2.2.6; REQ SCOPE-08).
 */
#pragma once

#include "holdfast/err.h"
#include "holdfast/name.h"

struct hf_suffixes;

/*
 * The list in `path`, or with NULL the newest of the system's and the one
 * built into libpsl. Owns: hf_suffixes_free().
 * Fails: HF_ENOTFOUND, HF_ESYNTAX, HF_ENOMEM.
 */
enum hf_err hf_suffixes_load(const char *path, struct hf_suffixes **out,
                             struct hf_why *why);

/* A list of our own, for tests and vectors: one suffix per span. */
enum hf_err hf_suffixes_from(const struct hf_span *list, size_t count,
                             struct hf_suffixes **out, struct hf_why *why);

void hf_suffixes_free(struct hf_suffixes *suffixes);

/*
 * The registrable name of the canonical `name`: its public suffix and one
 * label more, borrowed from `name`. Empty when `name` is a public suffix.
 */
struct hf_span hf_suffixes_base(const struct hf_suffixes *suffixes,
                                struct hf_span name);

/* Is the top-level domain of `name` on the list? */
bool hf_suffixes_knows(const struct hf_suffixes *suffixes, struct hf_span name);

/* Where the list came from and when it was made, for --version and doctor. */
const char *hf_suffixes_source(const struct hf_suffixes *suffixes);
int64_t hf_suffixes_made_at(const struct hf_suffixes *suffixes);
