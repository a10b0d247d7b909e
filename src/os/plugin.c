/* SPDX-License-Identifier: Apache-2.0 */
#include "os/plugin.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include "holdfast/buf.h"

#define SELF "/proc/self/exe"

/* The folder of this program, with a slash at its end; empty when unknown.
 * That the file was replaced since does not matter. */
static struct hf_span own_folder(char *room, size_t size)
{
    ssize_t n = readlink(SELF, room, size);
    struct hf_span path = {room, n < 0 || (size_t)n == size ? 0 : (size_t)n};

    while (path.len > 0 && path.ptr[path.len - 1] != '/')
        path.len--;
    return path;
}

/*
 * A file that is not by whoever made ours, or that more people may write than
 * ours, was put there to be loaded: folders such as /tmp are open to all.
 */
static bool is_ours(int fd)
{
    const mode_t others = S_IWGRP | S_IWOTH;
    struct stat program, object;

    if (stat(SELF, &program) != 0 || fstat(fd, &object) != 0 ||
        !S_ISREG(object.st_mode) ||
        (object.st_uid != 0 && object.st_uid != program.st_uid) ||
        (object.st_mode & ~program.st_mode & others) != 0)
        return false;
    return (object.st_mode & S_IWGRP) == 0 || object.st_gid == program.st_gid;
}

/* What was looked at is what is loaded, whatever its name means by then. */
static void *load_open(int fd)
{
    char room[32];
    struct hf_buf path;

    hf_buf_init(&path, room, sizeof(room));
    hf_buf_puts(&path, "/proc/self/fd/");
    hf_buf_put_i64(&path, fd);
    hf_buf_putc(&path, '\0');
    return dlopen(room, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
}

/* A file of ours in this folder, open; its path in `path`. -1: there is none.
 */
static int open_in(struct hf_span own, const char *folder, struct hf_span file,
                   struct hf_buf *path)
{
    int fd;

    hf_buf_reset(path);
    if (folder[0] != '/')
        hf_buf_put(path, own);
    hf_buf_puts(path, folder);
    hf_buf_putc(path, '/');
    hf_buf_put(path, file);
    hf_buf_putc(path, '\0');
    fd = path->full ? -1 : open(path->ptr, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd >= 0 && !is_ours(fd)) {
        (void)close(fd);
        fd = -1;
    }
    return fd;
}

static int open_part(struct hf_span file, char *room, size_t size)
{
    char folder[PATH_MAX];
    struct hf_span own = own_folder(folder, sizeof(folder));
    struct hf_buf path;
    int fd;

    if (own.len == 0)
        return -1;
    hf_buf_init(&path, room, size);
    fd = open_in(own, ".", file, &path);
    return fd >= 0 ? fd : open_in(own, HF_PLUGIN_FOLDER, file, &path);
}

void *hf_plugin_find(const char *file, const char *symbol)
{
    char room[PATH_MAX];
    int fd = open_part(hf_span_str(file), room, sizeof(room));
    void *object;

    if (fd < 0)
        return NULL;
    object = load_open(fd);
    (void)close(fd);
    return object == NULL ? NULL : dlsym(object, symbol);
}

bool hf_plugin_path(struct hf_span file, char *room, size_t size)
{
    int fd = open_part(file, room, size);

    if (fd < 0)
        return false;
    (void)close(fd);
    return true;
}
