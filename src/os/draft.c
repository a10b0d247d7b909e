/* SPDX-License-Identifier: Apache-2.0 */
#include "os/draft.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "os/fail.h"

/* The directory of `path`, and where its last part begins. */
static int open_dir(const char *path, const char **name)
{
    const char *slash = strrchr(path, '/');
    char folder[PATH_MAX] = ".";
    size_t len = slash == NULL ? 0 : (size_t)(slash - path) + 1;

    *name = path + len;
    if (len >= sizeof(folder)) {
        errno = ENAMETOOLONG;
        return -1;
    }
    if (len > 0) {
        memcpy(folder, path, len);
        folder[len] = '\0';
    }
    return open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

enum hf_err hf_draft_open(const char *path, struct hf_draft *draft,
                          struct hf_why *why)
{
    struct stat about;
    const char *name;
    int n;

    *draft = (struct hf_draft){.fd = -1, .dir = -1};
    if (stat(path, &about) == 0 && !S_ISREG(about.st_mode)) {
        draft->fd = open(path, O_WRONLY | O_CLOEXEC);
        return draft->fd < 0
                   ? hf_fail_sys(why, errno, "cannot open for writing")
                   : HF_OK;
    }
    draft->dir = open_dir(path, &name);
    if (draft->dir < 0)
        return hf_fail_sys(why, errno, "cannot open the directory");
    n = snprintf(draft->temp, sizeof(draft->temp), ".%s.new", name);
    if (name[0] == '\0' || n < 0 || (size_t)n >= sizeof(draft->temp)) {
        hf_draft_drop(draft);
        return hf_fail(why, HF_ELIMIT, 0, "not a usable file name");
    }
    memcpy(draft->name, name, strlen(name) + 1);
    (void)unlinkat(draft->dir, draft->temp, 0); /* left behind by a crash */
    draft->fd = openat(draft->dir, draft->temp,
                       O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (draft->fd < 0) {
        enum hf_err err = hf_fail_sys(why, errno, "cannot create the file");

        draft->temp[0] = '\0';
        hf_draft_drop(draft);
        return err;
    }
    return HF_OK;
}

enum hf_err hf_draft_keep(struct hf_draft *draft, struct hf_why *why)
{
    enum hf_err err = HF_OK;

    if (draft->dir >= 0 && fsync(draft->fd) != 0)
        err = hf_fail_sys(why, errno, "cannot write the file");
    if (err == HF_OK && draft->dir >= 0 &&
        renameat(draft->dir, draft->temp, draft->dir, draft->name) != 0)
        err = hf_fail_sys(why, errno, "cannot rename the file");
    if (err == HF_OK) {
        draft->temp[0] = '\0'; /* there is nothing to take back any more */
        if (draft->dir >= 0 && fsync(draft->dir) != 0)
            err = hf_fail_sys(why, errno, "sync directory");
    }
    hf_draft_drop(draft);
    return err;
}

void hf_draft_drop(struct hf_draft *draft)
{
    if (draft->fd >= 0)
        (void)close(draft->fd);
    if (draft->dir >= 0 && draft->temp[0] != '\0')
        (void)unlinkat(draft->dir, draft->temp, 0);
    if (draft->dir >= 0)
        (void)close(draft->dir);
    *draft = (struct hf_draft){.fd = -1, .dir = -1};
}
