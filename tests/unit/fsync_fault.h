/* SPDX-License-Identifier: Apache-2.0 */
/* fsync_fault.h -- a disk that refuses one sync; for a test whose fsync() is
 * wrapped. */
#pragma once

#include <errno.h>

int __real_fsync(int fd);
int __wrap_fsync(int fd);

static int syncs;   /* so far */
static int refused; /* the one that fails; 0: none */

int __wrap_fsync(int fd)
{
    if (++syncs == refused) {
        errno = EIO;
        return -1;
    }
    return __real_fsync(fd);
}
