/* SPDX-License-Identifier: Apache-2.0 */
#include "os/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "os/fail.h"
#include "os/signals.h"

#define ROOM_MIN 65536 /* one read of a sensible size */

bool hf_file_write(int fd, struct hf_span data)
{
    while (data.len > 0) {
        ssize_t n = write(fd, data.ptr, data.len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return false;
        (void)hf_span_cut(&data, (size_t)n);
    }
    return true;
}

/* Where a file is until it is whole. */
static bool temp_of(const struct hf_file_new *file, char temp[NAME_MAX + 1])
{
    int n = snprintf(temp, NAME_MAX + 1, ".%s.new", file->name);

    return n >= 0 && n <= NAME_MAX;
}

static bool fill_new(int fd, const struct hf_file_new *file)
{
    return hf_file_write(fd, file->data[0]) &&
           hf_file_write(fd, file->data[1]) &&
           (file->mode == 0600 || fchmod(fd, file->mode) == 0);
}

/* Written, and open in `*fd`; not on disk yet. */
static enum hf_err make_new(int dir, const struct hf_file_new *file, int *fd,
                            struct hf_why *why)
{
    char temp[NAME_MAX + 1];
    enum hf_err err = HF_OK;

    if (!temp_of(file, temp))
        return hf_fail(why, HF_ELIMIT, 0, "file name too long");
    (void)unlinkat(dir, temp, 0); /* left behind by a crash */
    *fd = openat(dir, temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (*fd < 0)
        return hf_fail_sys(why, errno, "create");
    if (fill_new(*fd, file))
        return HF_OK;
    err = hf_fail_sys(why, errno, "write");
    (void)close(*fd);
    (void)unlinkat(dir, temp, 0);
    return err;
}

/* Into their places; or, after a failure, those that are not there away. */
static enum hf_err place(int dir, const struct hf_file_new *files, size_t count,
                         enum hf_err err, struct hf_why *why)
{
    char temp[NAME_MAX + 1];

    for (size_t i = 0; i < count; i++) {
        (void)temp_of(&files[i], temp);
        if (err == HF_OK && renameat(dir, temp, dir, files[i].name) != 0)
            err = hf_fail_sys(why, errno, "rename");
        if (err != HF_OK)
            (void)unlinkat(dir, temp, 0);
    }
    return err;
}

static enum hf_err put_all(int dir, const struct hf_file_new *files,
                           size_t count, struct hf_why *why)
{
    int fds[HF_FILES_MAX];
    enum hf_err err = HF_OK;
    size_t made = 0;

    if (count > HF_FILES_MAX)
        return hf_fail(why, HF_ELIMIT, 0, "too many files at once");
    while (made < count && err == HF_OK) {
        err = make_new(dir, &files[made], &fds[made], why);
        made += err == HF_OK;
    }
    for (size_t i = 0; i < made; i++) {
        if (err == HF_OK && fsync(fds[i]) != 0)
            err = hf_fail_sys(why, errno, "write");
        (void)close(fds[i]);
    }
    return place(dir, files, made, err, why);
}

enum hf_err hf_file_put(int dir, const struct hf_file_new *file,
                        struct hf_why *why)
{
    return put_all(dir, file, 1, why);
}

enum hf_err hf_file_replace_all(int dir, const struct hf_file_new *files,
                                size_t count, struct hf_why *why)
{
    enum hf_err err = put_all(dir, files, count, why);

    if (err == HF_OK && fsync(dir) != 0)
        err = hf_fail_sys(why, errno, "sync directory");
    return err;
}

enum hf_err hf_file_replace(int dir, const char *name, struct hf_span data,
                            struct hf_why *why)
{
    const struct hf_file_new file = {name, 0600, {data}};

    return hf_file_replace_all(dir, &file, 1, why);
}

enum hf_err hf_file_replace_path(const char *path, struct hf_span data,
                                 struct hf_why *why)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash == NULL ? path : slash + 1;
    size_t len = slash == NULL ? 0 : (size_t)(slash - path) + 1;
    char folder[PATH_MAX] = ".";
    enum hf_err err;
    int dir;

    if (len >= sizeof(folder))
        return hf_fail(why, HF_ELIMIT, 0, "path too long");
    if (len > 0) {
        memcpy(folder, path, len);
        folder[len] = '\0';
    }
    dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dir < 0)
        return hf_fail_sys(why, errno, "open folder");
    err = hf_file_replace(dir, name, data, why);
    (void)close(dir);
    return err;
}

static int open_input(const char *path)
{
    if (strcmp(path, "-") == 0)
        return STDIN_FILENO;
    return open(path, O_RDONLY | O_CLOEXEC);
}

static void close_input(int fd)
{
    if (fd != STDIN_FILENO)
        (void)close(fd);
}

static enum hf_err read_all(int fd, struct hf_buf *out, struct hf_why *why)
{
    ssize_t n = 1;

    while (n != 0) {
        /* One byte beyond the limit tells a full file from a larger one. */
        size_t want =
            out->limit - out->len < 65536 ? out->limit - out->len : 65536;
        char over;
        char *to = want == 0 ? &over : hf_buf_reserve(out, want);

        if (to == NULL)
            return hf_fail(why, HF_ENOMEM, 0, "out of memory");
        n = read(fd, to, want == 0 ? 1 : want);
        if (n < 0 && errno == EINTR && !hf_signals_stop_wanted())
            continue;
        if (n < 0)
            return hf_fail_sys(why, errno, "read");
        if (n > 0 && want == 0)
            return hf_fail(why, HF_ELIMIT, out->len, "file too large");
        out->len += (size_t)n;
    }
    return HF_OK;
}

enum hf_err hf_file_read(const char *path, struct hf_buf *out,
                         struct hf_why *why)
{
    int fd = open_input(path);
    enum hf_err err;

    if (fd < 0)
        return hf_fail_sys(why, errno, "open");
    err = read_all(fd, out, why);
    close_input(fd);
    return err;
}

/* What must be so of a file before it is read; or why it is not. */
typedef const char *may_read_fn(const struct stat *facts);

/* REQ CLI-23 */
static const char *why_not_private(const struct stat *facts)
{
    if ((facts->st_mode & (S_IRWXG | S_IRWXO)) != 0)
        return "others on this machine may read or change it: 'chmod 600' "
               "it, and if that was so for long, change the key";
    return NULL;
}

static const char *why_not_guarded(const struct stat *facts)
{
    if (facts->st_uid != 0 && facts->st_uid != geteuid())
        return "it belongs to somebody else, who could have us run anything";
    if ((facts->st_mode & (S_IWGRP | S_IWOTH)) != 0)
        return "others on this machine may change it, and have us run "
               "anything: 'chmod go-w' it";
    return NULL;
}

static enum hf_err read_checked(const char *path, may_read_fn *why_not,
                                struct hf_buf *out, struct hf_why *why)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat facts;
    const char *wrong;
    enum hf_err err;

    if (fd < 0)
        return hf_fail_sys(why, errno, "open");
    if (fstat(fd, &facts) != 0) {
        err = hf_fail_sys(why, errno, "look at");
    } else {
        wrong = S_ISREG(facts.st_mode) ? why_not(&facts) : "not a plain file";
        err = wrong == NULL ? read_all(fd, out, why)
                            : hf_fail(why, HF_EINVAL, 0, wrong);
    }
    (void)close(fd);
    return err;
}

enum hf_err hf_file_read_private(const char *path, struct hf_buf *out,
                                 struct hf_why *why)
{
    return read_checked(path, why_not_private, out, why);
}

enum hf_err hf_file_read_guarded(const char *path, struct hf_buf *out,
                                 struct hf_why *why)
{
    return read_checked(path, why_not_guarded, out, why);
}

enum hf_err hf_file_absolute(const char *path, char *out, size_t size,
                             struct hf_why *why)
{
    struct hf_buf text;
    char folder[PATH_MAX] = "";

    if (path[0] != '/' && getcwd(folder, sizeof(folder)) == NULL)
        return hf_fail_sys(why, errno, "where are we");
    hf_buf_init(&text, out, size);
    if (path[0] != '/') {
        hf_buf_puts(&text, folder);
        hf_buf_putc(&text, '/');
    }
    hf_buf_puts(&text, path);
    hf_buf_putc(&text, '\0');
    if (text.full)
        return hf_fail(why, HF_ELIMIT, 0, "path too long");
    return HF_OK;
}

enum hf_err hf_lines_open(struct hf_lines *lines, const char *path,
                          size_t longest, struct hf_why *why)
{
    *lines = (struct hf_lines){.fd = -1, .longest = longest};
    lines->size = longest + 2 < ROOM_MIN ? ROOM_MIN : longest + 2;
    lines->room = hf_alloc(lines->size, 1);
    if (lines->room == NULL)
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    lines->fd = open_input(path);
    if (lines->fd < 0) {
        enum hf_err err = hf_fail_sys(why, errno, "open");

        hf_lines_close(lines);
        return err;
    }
    lines->owns_fd = lines->fd != STDIN_FILENO;
    return HF_OK;
}

void hf_lines_close(struct hf_lines *lines)
{
    if (lines->owns_fd)
        (void)close(lines->fd);
    hf_free(lines->room);
    *lines = (struct hf_lines){.fd = -1};
}

static enum hf_err fill(struct hf_lines *lines, struct hf_why *why)
{
    ssize_t n;

    if (lines->from > 0) {
        memmove(lines->room, lines->room + lines->from,
                lines->to - lines->from);
        lines->to -= lines->from;
        lines->from = 0;
    }
    n = read(lines->fd, lines->room + lines->to, lines->size - lines->to);
    if (n < 0 && hf_signals_stop_wanted())
        return hf_fail(why, HF_ECANCELED, 0, "interrupted");
    if (n < 0 && errno != EINTR)
        return hf_fail_sys(why, errno, "read");
    if (n > 0)
        lines->to += (size_t)n;
    lines->at_end = n == 0;
    return HF_OK;
}

/* Drop what is left of an over-long line. */
static enum hf_err skip_line(struct hf_lines *lines, struct hf_why *why)
{
    while (!lines->at_end) {
        struct hf_span unread = {lines->room + lines->from,
                                 lines->to - lines->from};
        size_t n = hf_span_find(unread, '\n');
        enum hf_err err;

        lines->from += n < unread.len ? n + 1 : n;
        lines->offset += n < unread.len ? n + 1 : n;
        if (n < unread.len)
            break;
        err = fill(lines, why);
        if (err != HF_OK)
            return err;
    }
    return hf_fail(why, HF_ELIMIT, lines->longest, "line too long");
}

enum hf_err hf_lines_next(struct hf_lines *lines, struct hf_span *line,
                          bool *more, struct hf_why *why)
{
    struct hf_span unread;
    size_t seen = 0; /* bytes of `unread` known to hold no LF */
    size_t n;

    for (;;) {
        enum hf_err err;

        unread = (struct hf_span){lines->room + lines->from,
                                  lines->to - lines->from};
        n = seen +
            hf_span_find((struct hf_span){unread.ptr + seen, unread.len - seen},
                         '\n');
        if (n < unread.len || lines->at_end)
            break;
        if (unread.len == lines->size) {
            lines->number++;
            *more = true;
            return skip_line(lines, why);
        }
        seen = unread.len;
        err = fill(lines, why);
        if (err != HF_OK)
            return err;
    }

    *more = unread.len > 0;
    lines->number += *more;
    *line = hf_span_cut(&unread, n);
    (void)hf_span_skip(&unread, '\n');
    lines->offset += lines->to - lines->from - unread.len;
    lines->from = lines->to - unread.len;
    if (line->len > 0 && line->ptr[line->len - 1] == '\r')
        line->len--;
    if (line->len > lines->longest)
        return hf_fail(why, HF_ELIMIT, lines->longest, "line too long");
    return HF_OK;
}
