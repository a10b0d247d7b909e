/* SPDX-License-Identifier: Apache-2.0 */
#include "os/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "os/fail.h"

/* That a folder was made is written in the one above it, and what we then put
 * into it must not be lost with it in a power cut. One that we may change and
 * not read cannot be synced. */
static enum hf_err sync_above(char *path, struct hf_why *why)
{
    char *slash = strrchr(path, '/');
    enum hf_err err = HF_OK;
    int fd;

    if (slash != NULL && slash > path)
        *slash = '\0';
    fd = open(slash == NULL ? "." : (slash == path ? "/" : path),
              O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (slash != NULL)
        *slash = '/';
    if (fd < 0)
        return errno == EACCES ? HF_OK : hf_fail_sys(why, errno, "open folder");
    if (fsync(fd) != 0)
        err = hf_fail_sys(why, errno, "sync directory");
    (void)close(fd);
    return err;
}

static enum hf_err make_one(char *path, struct hf_why *why)
{
    if (mkdir(path, 0700) == 0)
        return sync_above(path, why);
    return errno == EEXIST
               ? HF_OK
               : hf_fail_sys(why, errno, "the folder cannot be made");
}

enum hf_err hf_folder_make(const char *path, struct hf_why *why)
{
    size_t len = strlen(path);
    char room[PATH_MAX];
    enum hf_err err = HF_OK;
    struct stat about;

    if (stat(path, &about) == 0 && S_ISDIR(about.st_mode))
        return HF_OK;
    if (len >= sizeof(room))
        return hf_fail(why, HF_ELIMIT, 0, "path too long");
    memcpy(room, path, len + 1);
    for (size_t at = 1; at <= len && err == HF_OK; at++) {
        if (room[at] != '/' && room[at] != '\0')
            continue;
        room[at] = '\0';
        err = make_one(room, why);
        room[at] = path[at];
    }
    if (err != HF_OK)
        return err;
    if (stat(path, &about) != 0)
        return hf_fail_sys(why, errno, "the folder cannot be made");
    return S_ISDIR(about.st_mode)
               ? HF_OK
               : hf_fail_sys(why, ENOTDIR, "the folder cannot be made");
}

enum hf_err hf_folder_make_in(const char *parent, const char *name,
                              struct hf_why *why)
{
    char path[PATH_MAX];
    int n = snprintf(path, sizeof(path), "%s/%s", parent, name);

    if (n < 0 || (size_t)n >= sizeof(path))
        return hf_fail(why, HF_ELIMIT, 0, "path too long");
    return hf_folder_make(path, why);
}

enum hf_err hf_folder_settle(const char *parent, const char *from,
                             const char *to, struct hf_why *why)
{
    int dir = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    enum hf_err err = HF_OK;

    if (dir < 0)
        return hf_fail_sys(why, errno, "open folder");
    if (renameat2(dir, from, dir, to, RENAME_NOREPLACE) != 0)
        err = errno == EEXIST
                  ? hf_fail(why, HF_EINVAL, 0,
                            "there is something of that name already")
                  : hf_fail_sys(why, errno, "rename");
    else if (fsync(dir) != 0)
        err = hf_fail_sys(why, errno, "sync directory");
    (void)close(dir);
    return err;
}

enum hf_err hf_folder_make_temporary(const char *parent, const char *prefix,
                                     char *out, size_t size, struct hf_why *why)
{
    int n = snprintf(out, size, "%s/%sXXXXXX", parent, prefix);

    if (n < 0 || (size_t)n >= size)
        return hf_fail(why, HF_ELIMIT, 0, "path too long");
    return mkdtemp(out) != NULL
               ? HF_OK
               : hf_fail_sys(why, errno, "the folder cannot be made");
}

static int remove_one(const char *path, const struct stat *about, int kind,
                      struct FTW *place)
{
    (void)about;
    (void)kind;
    (void)place;
    (void)remove(path);
    return 0;
}

void hf_folder_remove(const char *path)
{
    (void)nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}
