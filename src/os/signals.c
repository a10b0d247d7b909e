/* SPDX-License-Identifier: Apache-2.0 */
#include "os/signals.h"

#include <signal.h>
#include <stddef.h>

/* A handler can reach nothing but a global. */
static volatile sig_atomic_t asked;

static void on_signal(int which)
{
    asked = which;
}

void hf_signals_watch(void)
{
    /* No SA_RESTART: a blocked read or poll returns and the loop looks. */
    struct sigaction stop = {.sa_handler = on_signal,
                             .sa_flags = (int)SA_RESETHAND};
    struct sigaction ignore = {.sa_handler = SIG_IGN};

    (void)sigaction(SIGINT, &stop, NULL);
    (void)sigaction(SIGTERM, &stop, NULL);
    (void)sigaction(SIGHUP, &stop, NULL);
    (void)sigaction(SIGPIPE, &ignore, NULL);
}

bool hf_signals_stop_wanted(void)
{
    return asked != 0;
}

int hf_signals_which(void)
{
    return asked;
}
