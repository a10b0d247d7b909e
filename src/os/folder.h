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
