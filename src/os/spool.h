/* SPDX-License-Identifier: Apache-2.0 */
/*
 * spool.h -- bytes put aside until it is known whether they may be used: in
 * memory while they are few, then in a file without a name.
 */
#pragma once

#include <stdint.h>

#include "holdfast/buf.h"

struct hf_spool {
    struct hf_buf room; /* not written out yet; or read and not yet taken */
    size_t taken;       /* of `room`, while reading */
    int fd;             /* -1: everything is in `room` */
    uint64_t put;       /* bytes in all */
    uint64_t limit;
    uint64_t left; /* in the file, while reading */
};

/* At most `limit` bytes. Release with hf_spool_clear(). */
void hf_spool_init(struct hf_spool *spool, uint64_t limit);
void hf_spool_clear(struct hf_spool *spool);

/* Fails: HF_ELIMIT, HF_ESYSTEM (no temporary file, disk full), HF_ENOMEM. */
enum hf_err hf_spool_put(struct hf_spool *spool, struct hf_span data,
                         struct hf_why *why);

/* From now on it is read, from its beginning. Fails: HF_ESYSTEM. */
enum hf_err hf_spool_rewind(struct hf_spool *spool, struct hf_why *why);

/*
 * Borrow the next `len` bytes, at most HF_SPOOL_TAKE_MAX, until the next call.
 * Fails: HF_ENOTFOUND (fewer are left), HF_ESYSTEM.
 */
#define HF_SPOOL_TAKE_MAX ((size_t)256 << 10)

enum hf_err hf_spool_take(struct hf_spool *spool, size_t len,
                          struct hf_span *out, struct hf_why *why);
