/* SPDX-License-Identifier: Apache-2.0 */
/*
 * out.h -- buffered output to a descriptor that remembers its first failure,
 * so that a full disk or a closed pipe is reported and never ignored.
 */
#pragma once

#include <stdbool.h>

#include "holdfast/buf.h"

#define HF_OUT_ROOM 65536

struct hf_out {
    int fd;
    bool is_terminal;
    int sys;           /* errno of the first failed write, or 0 */
    uint64_t written;  /* bytes that reached the descriptor */
    struct hf_buf buf; /* write here; hf_out_step() when a line is complete */
    char room[HF_OUT_ROOM];
};

void hf_out_init(struct hf_out *out, int fd);

/*
 * Call after each line: writes when the buffer is more than half full, or at
 * once on a terminal. One line must fit HF_OUT_ROOM / 2; longer text goes
 * through hf_out_put().
 */
void hf_out_step(struct hf_out *out);

/* Text of any length. */
void hf_out_put(struct hf_out *out, struct hf_span text);

/* Write everything. Fails: HF_ESYSTEM, also when an earlier write failed or
 * a line did not fit. */
enum hf_err hf_out_flush(struct hf_out *out, struct hf_why *why);
