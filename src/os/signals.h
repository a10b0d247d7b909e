/* SPDX-License-Identifier: Apache-2.0 */
/*
 * signals.h -- Ctrl-C as a question asked by loops. The first SIGINT, SIGTERM
 * or SIGHUP asks for a tidy end; another one a tenth of a second later ends at
 * once. SIGPIPE is ignored. For one that serves, SIGHUP asks something else.
 */
#pragma once

#include <stdbool.h>

void hf_signals_watch(void);
bool hf_signals_stop_wanted(void);

/* While there is something to tidy up, no loop is asked to stop: what it does
 * is part of the end. Another signal still ends at once. */
void hf_signals_tidy(bool tidying);

/* From now on SIGHUP does not ask for an end, but to read the configuration
 * again. Was that asked since this was called last? */
void hf_signals_reload_on_hangup(void);
bool hf_signals_take_reload(void);

/* The signal that asked, or 0. */
int hf_signals_which(void);
