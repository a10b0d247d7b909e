/* SPDX-License-Identifier: Apache-2.0 */
/*
 * server_worker.h -- the front: TLS and HTTP alone in a process, for all who
 * come.
 *
 * It finds the sockets that listen from descriptor 3 on (hf_role.gifts), with
 * the places of its configuration in the same order. It has one secret, the
 * key of its TLS certificate; an empty environment, no file system, no way to
 * execute anything, and of the network nothing but what it accepts.
 */
#pragma once

#include <stdbool.h>

/* The argument that makes this program a front. */
#define HF_SERVER_ROLE "_front"

/* Serve, for the parent at the other end of the socket `fd`, until it hangs
 * up. True when all went well. */
bool hf_server_worker_run(int fd);
