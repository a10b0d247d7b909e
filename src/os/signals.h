/* SPDX-License-Identifier: Apache-2.0 */
/*
 * signals.h -- Ctrl-C as a question asked by loops. The first SIGINT, SIGTERM
 * or SIGHUP asks for a tidy end; another one a tenth of a second later ends at
 * once. SIGPIPE is ignored.
 */
#pragma once

#include <stdbool.h>

void hf_signals_watch(void);
bool hf_signals_stop_wanted(void);

/* The signal that asked, or 0. */
int hf_signals_which(void);
