/* SPDX-License-Identifier: Apache-2.0 */
#include "client/hook_dir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "os/fail.h"

bool hf_hook_dir_counts(struct hf_span name)
{
    static const struct hf_span left_behind[] = {
        HF_SPAN_INIT("~"),         HF_SPAN_INIT("#"),
        HF_SPAN_INIT(".bak"),      HF_SPAN_INIT(".orig"),
        HF_SPAN_INIT(".rej"),      HF_SPAN_INIT(".swp"),
        HF_SPAN_INIT(".dpkg-old"), HF_SPAN_INIT(".dpkg-dist"),
        HF_SPAN_INIT(".dpkg-new"), HF_SPAN_INIT(".dpkg-tmp"),
        HF_SPAN_INIT(".dpkg-bak"), HF_SPAN_INIT(".ucf-old"),
        HF_SPAN_INIT(".ucf-dist"), HF_SPAN_INIT(".ucf-new"),
        HF_SPAN_INIT(".rpmsave"),  HF_SPAN_INIT(".rpmnew"),
        HF_SPAN_INIT(".rpmorig"),  HF_SPAN_INIT(".disabled"),
    };

    if (name.len == 0 || name.ptr[0] == '.')
        return false;
    for (size_t i = 0; i < sizeof(left_behind) / sizeof(left_behind[0]); i++)
        if (hf_span_ends(name, left_behind[i]))
            return false;
    return true;
}

static int is_hook_name(const struct dirent *entry)
{
    return hf_hook_dir_counts(hf_span_str(entry->d_name));
}

/* Whoever can change what we run can do what we can. */
static bool is_ours(const struct stat *about)
{
    return (about->st_uid == 0 || about->st_uid == geteuid()) &&
           (about->st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

static enum hf_err foreign(struct hf_why *why)
{
    return hf_fail(why, HF_EINVAL, 0,
                   "this folder, or a hook in it, can be changed by somebody "
                   "else: both must belong to you or to root, and chmod go-w");
}

/* Link or file; what is no program is passed over. */
static enum hf_err add(int dir, const char *folder, const char *name,
                       struct hf_buf *out, size_t *count, struct hf_why *why)
{
    struct stat about;

    if (fstatat(dir, name, &about, 0) != 0 || !S_ISREG(about.st_mode) ||
        faccessat(dir, name, X_OK, AT_EACCESS) != 0)
        return HF_OK;
    if (!is_ours(&about))
        return foreign(why);
    hf_buf_puts(out, folder);
    hf_buf_putc(out, '/');
    hf_buf_puts(out, name);
    hf_buf_putc(out, '\0');
    (*count)++;
    return out->full ? hf_fail(why, HF_ELIMIT, 0, "too many hooks") : HF_OK;
}

static int by_octets(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static enum hf_err list(int dir, const char *folder, struct hf_buf *out,
                        size_t *count, struct hf_why *why)
{
    struct dirent **names;
    int n = scandirat(dir, ".", &names, is_hook_name, by_octets);
    enum hf_err err = HF_OK;

    if (n < 0)
        return hf_fail_sys(why, errno, "list hooks");
    for (int i = 0; i < n; i++) {
        if (err == HF_OK)
            err = add(dir, folder, names[i]->d_name, out, count, why);
        free(names[i]);
    }
    free(names);
    return err;
}

enum hf_err hf_hook_dir_list(const char *folder, struct hf_buf *out,
                             size_t *count, struct hf_why *why)
{
    int dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct stat about;
    enum hf_err err = HF_OK;

    *count = 0;
    if (dir < 0 && errno == ENOENT)
        return HF_OK;
    if (dir < 0)
        return hf_fail_sys(why, errno, "open the folder of hooks");
    if (fstat(dir, &about) != 0)
        err = hf_fail_sys(why, errno, "look at the folder of hooks");
    else if (!is_ours(&about))
        err = foreign(why);
    else
        err = list(dir, folder, out, count, why);
    (void)close(dir);
    return err;
}
