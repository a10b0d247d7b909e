/* SPDX-License-Identifier: Apache-2.0 */
/*
 * listen.h -- sockets that listen for connections: TCP and Unix.
 *
 * They do not wait, and what is accepted from the TCP ones sends without delay.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "holdfast/err.h"
#include "holdfast/span.h"
#include "os/notify.h"

#define HF_LISTEN_PATH_MAX 108 /* of a Unix socket, with a NUL */

struct hf_listen {
    int fd;                        /* -1: none */
    uint16_t port;                 /* 0: a Unix socket */
    bool is_local;                 /* Unix, or of 127.0.0.0/8 or ::1 */
    bool is_handed;                /* the service manager has it, too */
    char path[HF_LISTEN_PATH_MAX]; /* of a Unix socket */
};

/*
 * "192.0.2.1@443", "::@443" (IPv6 only), "127.0.0.1@0", "unix:/run/x.sock". A
 * Unix socket is its owner's alone, and takes the place of one at which nobody
 * listens. One of `handed` with that TCP address is taken instead of making
 * another. Release with hf_listen_close().
 *
 * Fails: HF_ESYNTAX, HF_EPEER (in use; not ours; not for us), HF_ESYSTEM.
 */
enum hf_err hf_listen_open(struct hf_span place, const struct hf_handed *handed,
                           struct hf_listen *out, struct hf_why *why);

/* Close it, and remove a Unix socket's file. Harmless on one that is closed. */
void hf_listen_close(struct hf_listen *listener);
