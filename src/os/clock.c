/* SPDX-License-Identifier: Apache-2.0 */
#include "os/clock.h"

#include <limits.h>
#include <poll.h>
#include <time.h>

struct hf_time hf_clock_now(void)
{
    struct timespec at = {0};

    (void)clock_gettime(CLOCK_REALTIME, &at);
    return (struct hf_time){.s = at.tv_sec, .ns = (uint32_t)at.tv_nsec};
}

int64_t hf_clock_ns(void)
{
    struct timespec at = {0};

    (void)clock_gettime(CLOCK_MONOTONIC, &at);
    return at.tv_sec * INT64_C(1000000000) + at.tv_nsec;
}

int64_t hf_clock_ms(void)
{
    return hf_clock_ns() / 1000000;
}

void hf_clock_wait(int64_t ms)
{
    if (ms > 0)
        (void)poll(NULL, 0, ms < INT_MAX ? (int)ms : INT_MAX);
}
