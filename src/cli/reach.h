/* SPDX-License-Identifier: Apache-2.0 */
/* reach.h -- telling the process that has a key how hardware is reached
 * (keys/reach.h), from the options and the environment. */
#pragma once

#include "holdfast/buf.h"
#include "holdfast/err.h"
#include "keys/reach.h"

/* What a reach borrows from. Release with hf_reach_clear(), started or not. */
struct hf_reach_room {
    struct hf_buf environment;
    struct hf_buf holes;
};

/*
 * `holes` are what --token-allow says. Our own environment goes along: other
 * people's code, which speaks to hardware, is told by it where its own files
 * are. Fails: HF_ELIMIT.
 */
enum hf_err hf_reach_gather(struct hf_span tcti, const struct hf_span *holes,
                            size_t hole_count, struct hf_reach_room *room,
                            struct hf_key_reach *out, struct hf_why *why);
void hf_reach_clear(struct hf_reach_room *room);
