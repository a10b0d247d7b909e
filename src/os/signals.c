/* SPDX-License-Identifier: Apache-2.0 */
#include "os/signals.h"

#include <signal.h>
#include <stddef.h>
#include <stdint.h>

#include "os/clock.h"

/* timeout(1) and some supervisors send the same signal twice in one breath. */
#define BREATH_MS 100

/* A handler can reach nothing but globals. */
static volatile sig_atomic_t asked;
static volatile int64_t asked_at_ms;
static bool tidying_up;

static void on_signal(int which)
{
    const struct sigaction end = {.sa_handler = SIG_DFL};
    int64_t now_ms = hf_clock_ms();

    if (asked == 0) {
        asked_at_ms = now_ms;
        asked = which;
    } else if (now_ms - asked_at_ms >= BREATH_MS) {
        (void)sigaction(which, &end, NULL);
        (void)raise(which);
    }
}

void hf_signals_watch(void)
{
    /* No SA_RESTART: a blocked read or poll returns and the loop looks. */
    struct sigaction stop = {.sa_handler = on_signal};
    struct sigaction ignore = {.sa_handler = SIG_IGN};

    (void)sigaddset(&stop.sa_mask, SIGINT);
    (void)sigaddset(&stop.sa_mask, SIGTERM);
    (void)sigaddset(&stop.sa_mask, SIGHUP);
    (void)sigaction(SIGINT, &stop, NULL);
    (void)sigaction(SIGTERM, &stop, NULL);
    (void)sigaction(SIGHUP, &stop, NULL);
    (void)sigaction(SIGPIPE, &ignore, NULL);
}

bool hf_signals_stop_wanted(void)
{
    return asked != 0 && !tidying_up;
}

void hf_signals_tidy(bool tidying)
{
    tidying_up = tidying;
}

int hf_signals_which(void)
{
    return asked;
}
