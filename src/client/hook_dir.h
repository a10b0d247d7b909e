/* SPDX-License-Identifier: Apache-2.0 */
/* hook_dir.h -- a folder of hooks: its executables, in the order of their
 * names. */
#pragma once

#include <stdbool.h>

#include "holdfast/buf.h"

/* Not what editors and package managers leave behind, nor what is hidden. */
bool hf_hook_dir_counts(struct hf_span name);

/*
 * The paths of the executables in `folder`, each with a NUL, appended to
 * `out`; `*count` of them. A folder that is not there has none.
 *
 * Fails: HF_EINVAL (the folder or one of these files belongs to, or can be
 *        written by, somebody else than us or root), HF_ELIMIT, HF_ESYSTEM.
 */
enum hf_err hf_hook_dir_list(const char *folder, struct hf_buf *out,
                             size_t *count, struct hf_why *why);
