/* SPDX-License-Identifier: Apache-2.0 */
/*
 * issuer_worker.h -- the role that has a CA's key: alone in a process, behind a
 * wall without network and programs, and with no file but its log (issuer.h);
 * or, while a CA is founded, with none at all (founder.h).
 */
#pragma once

#include <stdbool.h>

/* The argument that makes this program an issuer. */
#define HF_ISSUER_ROLE "_issuer"

/* Serve the parent at the other end of the socket `fd` until it hangs up.
 * True when all went well. */
bool hf_issuer_worker_run(int fd);
