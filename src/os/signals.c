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
static volatile sig_atomic_t reload_asked;
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

static void on_hangup(int which)
{
    (void)which;
    reload_asked = 1;
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

void hf_signals_reload_on_hangup(void)
{
    const struct sigaction reload = {.sa_handler = on_hangup};

    (void)sigaction(SIGHUP, &reload, NULL);
}

bool hf_signals_take_reload(void)
{
    bool was_asked = reload_asked != 0;

    reload_asked = 0;
    return was_asked;
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
