/* SPDX-License-Identifier: Apache-2.0 */
/*
 * notify.h -- telling the service manager how it stands with us: the datagrams
 * of sd_notify(3), without its library. And the sockets that it has for us.
 *
 * The socket is connected when it is opened, so that a wall may stand before
 * anything is said. What cannot be said is left out: a service does not end
 * because nobody listens.
 */
#pragma once

#include <stdint.h>

#include "holdfast/err.h"
#include "holdfast/span.h"

/* Zeroed: nobody wants to know. */
struct hf_notify {
    bool is_open;
    int fd;
    int64_t every_ms; /* so often we must be heard of; 0: that is not asked */
    int64_t next_ms;  /* hf_clock_ms() */
};

/* What the manager has put into our environment; NULL where it did not. */
struct hf_notify_wish {
    const char *socket;       /* NOTIFY_SOCKET: a path, or "@" and a name */
    const char *watchdog_us;  /* WATCHDOG_USEC */
    const char *watchdog_pid; /* WATCHDOG_PID: for whom that is */
};

/* Fails: HF_EINVAL (no such address, no such number), HF_ELIMIT (too long),
 * HF_ESYSTEM. Release with hf_notify_close(). */
enum hf_err hf_notify_open(const struct hf_notify_wish *wish,
                           struct hf_notify *out, struct hf_why *why);

/* Harmless on a zeroed one. */
void hf_notify_close(struct hf_notify *notify);

/* We are ready, again after reloading; and `status`, for people. */
void hf_notify_ready(const struct hf_notify *notify, struct hf_span status);
void hf_notify_reloading(const struct hf_notify *notify);
void hf_notify_stopping(const struct hf_notify *notify, struct hf_span status);

/* When it is time for that, say that we are alive: call it more often than each
 * second. */
void hf_notify_alive(struct hf_notify *notify);

#define HF_HANDED_MAX 16

/* Sockets that it listens at for us (sd_listen_fds(3)): a row of descriptors.
 * Who connects while nobody serves waits there. Zeroed: there are none. */
struct hf_handed {
    int first;
    int count;
};

/* As the environment has it: LISTEN_FDS and LISTEN_PID, NULL where it has not.
 * No program that is executed gets them. Fails: HF_EINVAL (no numbers),
 * HF_ELIMIT, HF_ESYSTEM (they are not there). */
enum hf_err hf_handed_find(const char *count, const char *pid,
                           struct hf_handed *out, struct hf_why *why);
