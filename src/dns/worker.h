/* SPDX-License-Identifier: Apache-2.0 */
/*
 * worker.h -- the resolver role: libunbound in a process, and beside it what
 * asks single name servers (dns/asker.h).
 *
 * It parses what strangers send, so it has nothing to lose: no secrets, an
 * empty environment, no file system, no way to execute anything; only IPv4
 * and IPv6 sockets and the one to its parent.
 */
#pragma once

#include <stdbool.h>

/* The argument that makes this program a resolver worker. */
#define HF_WORKER_ROLE "_resolver"

/* Serve the parent at the other end of the socket `fd` until it hangs up.
 * True when all went well. */
bool hf_worker_run(int fd);
