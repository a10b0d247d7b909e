/* SPDX-License-Identifier: Apache-2.0 */
/*
 * part.h -- a test that is executed again as one of its own processes
 * (os/role.h), and plays a part there: honest, or an enemy.
 */
#pragma once

#include "os/role.h"

#define PART_ROOM 262144

struct part {
    struct hf_buf in;
    struct hf_buf out;
    struct hf_frame frame; /* the one that came last */
};

static inline void part_begin(struct part *part)
{
    *part = (struct part){0};
    hf_buf_init_grow(&part->in, PART_ROOM);
    hf_buf_init_grow(&part->out, PART_ROOM);
}

/* The next frame; that before it is forgotten. */
static inline bool part_receive(struct part *part)
{
    if (part->frame.kind != 0)
        hf_frame_drop(&part->in, &part->frame);
    part->frame.kind = 0;
    return hf_role_next(0, &part->in, PART_ROOM, &part->frame);
}

static inline void part_send(struct part *part)
{
    (void)hf_role_send(0, hf_buf_span(&part->out));
    hf_buf_reset(&part->out);
}
