/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scratch.h -- a folder of a test's own. In memory, where there is such a
 * place: syncing a thousand times takes its time.
 */
#pragma once

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define SCRATCH_MAX 32

/* 0, or -1 as a set-up function says it. */
static inline int scratch_make(char path[SCRATCH_MAX])
{
    (void)snprintf(path, SCRATCH_MAX, "%s/hf-XXXXXX",
                   access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    return mkdtemp(path) == NULL ? -1 : 0;
}

static inline int scratch_remove_below(const char *path,
                                       const struct stat *about, int kind,
                                       struct FTW *where)
{
    (void)about;
    (void)kind;
    return where->level == 0 ? 0 : remove(path);
}

/* Whatever is in it; links are not followed. 0, or -1. */
static inline int scratch_empty(const char *path)
{
    return nftw(path, scratch_remove_below, 16, FTW_DEPTH | FTW_PHYS);
}

static inline int scratch_remove(const char *path)
{
    return scratch_empty(path) == 0 ? rmdir(path) : -1;
}
