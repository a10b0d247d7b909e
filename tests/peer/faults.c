/* SPDX-License-Identifier: Apache-2.0 */
/*
 * faults.c -- preloaded into the program, so that its Nth call that changes
 * what is on the disk goes wrong: a write to a file, a sync, a renaming, a
 * removal, a new folder, a link. FAULT_AT is N, from 1, and FAULT_KIND says
 * how:
 *
 *   eio     it fails, once
 *   enospc  it does half of what was asked, and from then on the disk is full
 *   kill    the process dies before it
 *   tear    the process dies when it has done half, or, of what has no
 *           halves, all of it
 *
 * Says on standard error when that happens.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define MESSAGES 2 /* the last descriptor that is not a file of ours */

enum fate { PASS, FAIL, TEAR };

static int calls; /* so far */
static bool disk_is_full;

static bool is_kind(const char *kind)
{
    const char *wanted = getenv("FAULT_KIND");

    return wanted != NULL && strcmp(kind, wanted) == 0;
}

static enum fate fate_of(const char *call)
{
    const char *at = getenv("FAULT_AT");

    if (disk_is_full) {
        errno = ENOSPC;
        return FAIL;
    }
    if (at == NULL || ++calls != atoi(at))
        return PASS;
    (void)dprintf(MESSAGES, "fault: %s\n", call);
    if (is_kind("kill"))
        (void)kill(getpid(), SIGKILL);
    disk_is_full = is_kind("enospc");
    errno = disk_is_full ? ENOSPC : EIO;
    return is_kind("tear") ? TEAR : FAIL;
}

/* What came of a call, unless nobody lives to hear it. */
static int after(enum fate fate, long result)
{
    if (fate == TEAR)
        (void)kill(getpid(), SIGKILL);
    return (int)result;
}

ssize_t write(int fd, const void *from, size_t len)
{
    bool was_full = disk_is_full;
    enum fate fate = PASS;
    struct stat about;

    if (fd > MESSAGES && fstat(fd, &about) == 0 && S_ISREG(about.st_mode))
        fate = fate_of("write");
    if (fate == FAIL && (was_full || !disk_is_full))
        return -1;
    if (fate != PASS)
        len = (len + 1) / 2;
    return after(fate, syscall(SYS_write, fd, from, len));
}

int fsync(int fd)
{
    enum fate fate = fate_of("fsync");

    return fate == FAIL ? -1 : after(fate, syscall(SYS_fsync, fd));
}

int fdatasync(int fd)
{
    enum fate fate = fate_of("fdatasync");

    return fate == FAIL ? -1 : after(fate, syscall(SYS_fdatasync, fd));
}

static int renaming(const char *call, int old_dir, const char *old, int new_dir,
                    const char *new, unsigned flags)
{
    enum fate fate = fate_of(call);

    return fate == FAIL ? -1
                        : after(fate, syscall(SYS_renameat2, old_dir, old,
                                              new_dir, new, flags));
}

int renameat(int old_dir, const char *old, int new_dir, const char *new)
{
    return renaming("renameat", old_dir, old, new_dir, new, 0);
}

int renameat2(int old_dir, const char *old, int new_dir, const char *new,
              unsigned flags)
{
    return renaming("renameat2", old_dir, old, new_dir, new, flags);
}

int rename(const char *old, const char *new)
{
    return renaming("rename", AT_FDCWD, old, AT_FDCWD, new, 0);
}

int symlinkat(const char *target, int dir, const char *path)
{
    enum fate fate = fate_of("symlinkat");

    return fate == FAIL
               ? -1
               : after(fate, syscall(SYS_symlinkat, target, dir, path));
}

int mkdir(const char *path, mode_t mode)
{
    enum fate fate = fate_of("mkdir");

    return fate == FAIL ? -1 : after(fate, mkdirat(AT_FDCWD, path, mode));
}

/* Room is not needed for it. */
static int removal(int dir, const char *path, int flags, bool counts)
{
    enum fate fate = is_kind("enospc") || !counts ? PASS : fate_of("unlink");

    return fate == FAIL ? -1
                        : after(fate, syscall(SYS_unlinkat, dir, path, flags));
}

/* Used before a file is written anew, in case that it is there: a failure
 * matters only to those who set FAULT_REMOVALS. */
int unlinkat(int dir, const char *path, int flags)
{
    return removal(dir, path, flags, getenv("FAULT_REMOVALS") != NULL);
}

int unlink(const char *path)
{
    return removal(AT_FDCWD, path, 0, true);
}
