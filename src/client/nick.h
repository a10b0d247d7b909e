/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nick.h -- what people call their accounts and certificates, which is also the
 * name of a file or folder of each: letters, digits, dots, hyphens and
 * underscores, and no dot in front.
 */
#pragma once

#include <stdbool.h>

#include "holdfast/buf.h"
#include "holdfast/err.h"
#include "holdfast/span.h"

/* A kind of things that have one. */
struct hf_nicks {
    const char *folder; /* in the state folder: where all of them are */
    const char *suffix; /* of their files; empty: each is a folder */
    size_t len_max;
};

bool hf_nick_is_good(const struct hf_nicks *kind, struct hf_span nick);

/*
 * All there are, sorted, each with a NUL, in `out`; how many. No folder is
 * none. Fails: HF_ESYSTEM, HF_ELIMIT.
 */
enum hf_err hf_nick_list(const struct hf_nicks *kind, const char *state,
                         struct hf_buf *out, size_t *count, struct hf_why *why);
