/* SPDX-License-Identifier: Apache-2.0 */
/*
 * landlock.h -- a set of Landlock rules: what is handled is denied, but for
 * the paths that are allowed. Rights that this kernel does not know are left
 * out of it.
 */
#pragma once

#include <stdint.h>

#include "holdfast/err.h"

/* Rights, as linux/landlock.h has them; some are newer than the headers of
 * the oldest system that we build on. */
#define HF_LANDLOCK_EXECUTE (UINT64_C(1) << 0)
#define HF_LANDLOCK_WRITE   (UINT64_C(1) << 1)
#define HF_LANDLOCK_READ    (UINT64_C(1) << 2)
#define HF_LANDLOCK_CHANGE                                                     \
    ((UINT64_C(0x3ff) << 4) | HF_LANDLOCK_WRITE | HF_LANDLOCK_TRUNCATE)
#define HF_LANDLOCK_TRUNCATE (UINT64_C(1) << 14)

struct hf_landlock {
    int fd;
    uint64_t handled;
};

/* Begin a set that handles `rights`. Release with hf_landlock_clear().
 * Fails: HF_EPEER (the kernel has no Landlock), HF_ESYSTEM. */
enum hf_err hf_landlock_begin(uint64_t rights, struct hf_landlock *out,
                              struct hf_why *why);

/* The same with all rights; and, where the kernel can, no abstract sockets of
 * others and no signals to them. */
enum hf_err hf_landlock_begin_all(struct hf_landlock *out, struct hf_why *why);

/* Allow `rights` on `path`, and on what is below it. Of a file, what only
 * folders have is left out. Fails: HF_ENOTFOUND, HF_ESYSTEM. */
enum hf_err hf_landlock_allow(const struct hf_landlock *rules, const char *path,
                              uint64_t rights, struct hf_why *why);

/* From now on they hold, for this process and those that it starts. Needs
 * PR_SET_NO_NEW_PRIVS. Fails: HF_ESYSTEM. */
enum hf_err hf_landlock_enter(const struct hf_landlock *rules,
                              struct hf_why *why);
void hf_landlock_clear(struct hf_landlock *rules);
