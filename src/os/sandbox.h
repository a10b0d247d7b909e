/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sandbox.h -- the wall around a role: no file system (Landlock), and only
 * the system calls that the role needs (seccomp). There is no way back.
 */
#pragma once

#include <stddef.h>

#include "holdfast/err.h"

/* What a role still needs; bits. Memory, time and the descriptors that are
 * open already are always there. */
#define HF_SANDBOX_NETWORK 0x01U /* IPv4 and IPv6 sockets, but no listening */
#define HF_SANDBOX_LOCAL   0x02U /* Unix sockets, but no listening */
#define HF_SANDBOX_THREADS 0x04U
#define HF_SANDBOX_ACCEPT  0x08U /* only connections to sockets that listen */

/*
 * Build the wall, for this process as it is: call it before threads start.
 * Afterwards opening a file, executing a program, tracing, signalling another
 * process and making any other socket fail with EPERM or EACCES.
 *
 * Fails: HF_EPEER when the kernel has no Landlock or no seccomp, HF_ESYSTEM.
 *        The wall may then stand in part: end the process, or go on
 *        knowingly without it.
 */
enum hf_err hf_sandbox_enter(unsigned needs, struct hf_why *why);

/* The same, with holes: what lies at and below these paths may be read and
 * written, though not executed. Fails also with HF_ENOTFOUND (no such path). */
enum hf_err hf_sandbox_enter_with(unsigned needs, const char *const *paths,
                                  size_t count, struct hf_why *why);
