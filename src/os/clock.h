/* SPDX-License-Identifier: Apache-2.0 */
/* clock.h -- the only place that asks the kernel for the time. */
#pragma once

#include <stdint.h>

#include "holdfast/time.h"

struct hf_time hf_clock_now(void);

/* Milliseconds of a clock that never goes back; for deadlines. */
int64_t hf_clock_ms(void);

/* Nanoseconds of the same clock; for rates. */
int64_t hf_clock_ns(void);

/* Do nothing for so many milliseconds, or until a signal comes. */
void hf_clock_wait(int64_t ms);
