/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ahead.h -- how far the clock of a laboratory is ahead of the real one: a
 * number, or one that somebody else moves while we run. That one is in a page
 * of memory without a name, handed over as a descriptor at the start: nobody
 * but whoever started us can move the time.
 */
#pragma once

#include <stdint.h>

#include "holdfast/err.h"

/* How a command line says that it is the gift (os/child.h). */
#define HF_AHEAD_GIVEN "fd:3"

/* Zeroed: the real time. */
struct hf_ahead {
    int64_t fixed_s;
    int64_t *page; /* or NULL */
    int fd;        /* of the page, while it is ours to hand over */
};

/* Seconds, now. */
int64_t hf_ahead_s(const struct hf_ahead *ahead);

/* For whoever moves it. Release with hf_ahead_clear(). Fails: HF_ESYSTEM. */
enum hf_err hf_ahead_new(struct hf_ahead *out, struct hf_why *why);
void hf_ahead_set(struct hf_ahead *ahead, int64_t seconds);

/*
 * For whoever was handed `fd`, which is closed. The page can be read and no
 * more. Fails: HF_EINVAL (this is no such page), HF_ESYSTEM.
 */
enum hf_err hf_ahead_take(int fd, struct hf_ahead *out, struct hf_why *why);

/* Harmless on a zeroed one. */
void hf_ahead_clear(struct hf_ahead *ahead);
