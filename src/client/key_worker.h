/* SPDX-License-Identifier: Apache-2.0 */
/*
 * key_worker.h -- the role that has a private key: alone in a process, behind
 * a wall without files, programs and network (REQ CLI-23).
 *
 * It is told one thing, to unlock a key or to make one, and from then on signs
 * ACME requests to the servers of one origin. The process that it works for
 * never has the key.
 */
#pragma once

#include <stdbool.h>

/* The argument that makes this program a signer. */
#define HF_KEY_ROLE "_signer"

/* Serve the parent at the other end of the socket `fd` until it hangs up.
 * True when all went well. */
bool hf_key_worker_run(int fd);
