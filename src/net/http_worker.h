/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http_worker.h -- the HTTP role: TLS and HTTP alone in a process.
 *
 * It parses what servers send, so it has nothing to lose: no keys, an empty
 * environment, no file system, no way to execute anything; only IPv4 and IPv6
 * sockets and the one to its parent. It cannot even resolve a name: requests
 * carry addresses.
 */
#pragma once

#include <stdbool.h>

/* The argument that makes this program an HTTP worker. */
#define HF_NET_ROLE "_net"

/* Serve the parent at the other end of the socket `fd` until it hangs up.
 * True when all went well. */
bool hf_http_worker_run(int fd);
