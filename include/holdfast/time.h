/* SPDX-License-Identifier: Apache-2.0 */
/* time.h -- a moment, and the one comparison that the law makes. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* A moment with the fraction that decides at the boundary: `now` half a
 * second after T is after T. */
struct hf_time {
    int64_t s;   /* since 1970-01-01T00:00:00Z, leap seconds ignored */
    uint32_t ns; /* 0 to 999,999,999 */
};

/* Usable if and only if now <= until (REQ REUSE-08). */
static inline bool hf_time_is_after(struct hf_time now, int64_t until_at)
{
    return now.s > until_at || (now.s == until_at && now.ns > 0);
}
