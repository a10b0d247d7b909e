/* SPDX-License-Identifier: Apache-2.0 */
/*
 * primary_worker.h -- the role that updates zones: it has the TSIG key, signs
 * updates and reads what the server answers, behind a wall without files and
 * programs.
 *
 * What is to be added and deleted is decided by its parent, which never sees a
 * packet.
 */
#pragma once

#include <stdbool.h>

/* The argument that makes this program one. */
#define HF_PRIMARY_ROLE "_updater"

/* Serve the parent at the other end of the socket `fd` until it hangs up.
 * True when all went well. */
bool hf_primary_worker_run(int fd);
