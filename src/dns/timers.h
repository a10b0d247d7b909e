/* SPDX-License-Identifier: Apache-2.0 */
/*
 * timers.h -- deadlines of many numbered things on a wheel: setting, clearing
 * and expiring cost a few instructions each. Allocates once.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "holdfast/err.h"

#define HF_TIMERS_NONE    UINT32_MAX
#define HF_TIMERS_TICK_NS (INT64_C(1) << 22) /* about 4 ms */
#define HF_TIMERS_BUCKETS 2048               /* one turn: 8.6 s */

struct hf_timer {
    int64_t due_ns;
    uint32_t next;
    uint32_t before; /* HF_TIMERS_NONE: first of its list */
    uint32_t list;
    bool set;
};

struct hf_timers {
    struct hf_timer *timers;
    size_t count;
    size_t set_count;
    int64_t tick; /* ticks below this one were looked at */
    uint32_t lists[HF_TIMERS_BUCKETS + 1]; /* the last: those that expired */
};

/* Owns: hf_timers_clear(). Fails: HF_ENOMEM. */
enum hf_err hf_timers_init(struct hf_timers *timers, size_t count,
                           int64_t now_ns, struct hf_why *why);
void hf_timers_clear(struct hf_timers *timers);

/* Timer `which` must not be set. */
void hf_timers_set(struct hf_timers *timers, uint32_t which, int64_t due_ns);

/* Harmless when it is not set. */
void hf_timers_unset(struct hf_timers *timers, uint32_t which);

/* Take one timer whose moment has passed, or HF_TIMERS_NONE. At most one tick
 * late; never early. */
uint32_t hf_timers_take(struct hf_timers *timers, int64_t now_ns);
