/* SPDX-License-Identifier: Apache-2.0 */
/* folder.h -- making the folder that our files live in. */
#pragma once

#include "holdfast/err.h"

/*
 * Make `path` and what is missing above it, for the owner only (mode 0700).
 * Nothing changes when it is there. Fails: HF_ESYSTEM, HF_ELIMIT.
 */
enum hf_err hf_folder_make(const char *path, struct hf_why *why);

/* The same for the folder `name` in `parent`. */
enum hf_err hf_folder_make_in(const char *parent, const char *name,
                              struct hf_why *why);

/*
 * Give a folder that is complete its name: `from` becomes `to`, both in
 * `parent`, for good when this returns. Fails: HF_EINVAL (there is something
 * of that name already), HF_ESYSTEM, HF_ENOTFOUND.
 */
enum hf_err hf_folder_settle(const char *parent, const char *from,
                             const char *to, struct hf_why *why);

/* A new folder below `parent`, whose name begins with `prefix`; its path, with
 * NUL, in `out` of `size` bytes. Fails: HF_ELIMIT, HF_ESYSTEM. */
enum hf_err hf_folder_make_temporary(const char *parent, const char *prefix,
                                     char *out, size_t size,
                                     struct hf_why *why);

/* Remove it with all that is in it, as far as that goes; links are not
 * followed. */
void hf_folder_remove(const char *path);
