/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lock.h -- one process at a time: a file that is locked, and in it the pid
 * of whoever holds it. The kernel lets go when the holder dies, however it
 * dies; the file itself stays.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "holdfast/err.h"

/* Zeroed: not held. */
struct hf_lock {
    int fd;
    bool held;
};

/*
 * Take the lock `path`, whose folder exists, waiting at most `wait_ms`. Look
 * at out->held afterwards: false when another process has it all the time,
 * which is HF_OK; `*holder` is then its pid, or 0 when that cannot be known.
 * Release with hf_lock_drop().
 *
 * Fails: HF_ESYSTEM, HF_ENOTFOUND (no such folder), HF_ECANCELED (a signal).
 */
enum hf_err hf_lock_take(const char *path, int64_t wait_ms, struct hf_lock *out,
                         int64_t *holder, struct hf_why *why);

/* Harmless when it is not held. */
void hf_lock_drop(struct hf_lock *lock);
