/* SPDX-License-Identifier: Apache-2.0 */
/*
 * draft.h -- a file written bit by bit that appears only when it is complete.
 * What stood there before stays until then. A device or a pipe is written to
 * directly.
 */
#pragma once

#include <limits.h>
#include <stdbool.h>

#include "holdfast/err.h"

struct hf_draft {
    int fd;  /* write here */
    int dir; /* -1: `fd` is the thing itself */
    char temp[NAME_MAX + 1];
    char name[NAME_MAX + 1];
};

/* Begin. Fails: HF_ELIMIT (name too long), HF_ENOTFOUND, HF_ESYSTEM. */
enum hf_err hf_draft_open(const char *path, struct hf_draft *draft,
                          struct hf_why *why);

/*
 * Put it in place, on disk. Fails: HF_ESYSTEM; the old file is untouched then,
 * unless why->text is "sync directory". The draft is closed either way.
 */
enum hf_err hf_draft_keep(struct hf_draft *draft, struct hf_why *why);

/* Forget it. */
void hf_draft_drop(struct hf_draft *draft);
