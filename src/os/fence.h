/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fence.h -- the wall around the process that decides: it reads what its user
 * may read, changes nothing but what it is told here, and executes nothing
 * but this program, so that its roles (role.h) can still be started.
 *
 * Whoever is started behind it is behind it, too.
 */
#pragma once

#include <stddef.h>

#include "holdfast/err.h"

/*
 * Build it, for this process as it is and before threads start. `folders`,
 * which must exist, and what is below them can be changed; /dev/null and the
 * terminal can be written. Tracing who is not behind the fence, looking into
 * another's memory, taking its descriptors, mounting, loading into the kernel,
 * changing namespaces, and sockets that are neither of the Internet nor Unix or
 * netlink ones: all of this fails with EPERM.
 *
 * Fails: HF_EPEER when the kernel has no Landlock or no seccomp, HF_ENOTFOUND
 *        (a folder), HF_ESYSTEM. The wall may then stand in part.
 */
enum hf_err hf_fence_enter(const char *const *folders, size_t count,
                           struct hf_why *why);
