/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fence.h -- the wall around the process that decides: it reads what its user
 * may read, changes nothing but what it is told here, and executes nothing
 * but this program and those of its roles (role.h), so that these can still be
 * started.
 *
 * Whoever is started behind it is behind it, too.
 */
#pragma once

#include <stddef.h>

#include "holdfast/err.h"

/* What is left open; all of it is borrowed. */
struct hf_fence {
    const char *const *folders; /* which must exist: they and what is below */
    size_t folder_count;        /* them can be changed */
    const char *const *roles;   /* words: these can be started */
    size_t role_count;
};

/*
 * Build it, for this process as it is and before threads start. /dev/null and
 * the terminal can be written all the same. Tracing who is not behind the
 * fence, looking into another's memory, taking its descriptors, mounting,
 * loading into the kernel, changing namespaces, and sockets that are neither of
 * the Internet nor Unix or netlink ones: all of this fails with EPERM.
 *
 * Fails: HF_EPEER when the kernel has no Landlock or no seccomp, HF_ENOTFOUND
 *        (a folder), HF_ESYSTEM. The wall may then stand in part.
 */
enum hf_err hf_fence_enter(const struct hf_fence *fence, struct hf_why *why);
