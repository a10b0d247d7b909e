/* SPDX-License-Identifier: Apache-2.0 */
#include "dns/zone_source.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "os/fail.h"
#include "os/signals.h"

#define CHUNK   ((size_t)256 << 10) /* fits the second-level cache */
#define PADDING 80                  /* windows may look behind the end */

static enum hf_err open_file(struct hf_zone_source *source, struct hf_why *why)
{
    struct stat about;

    if (source->outer == NULL && strcmp(source->path, "-") == 0) {
        source->fd = STDIN_FILENO;
        return HF_OK;
    }
    /* Not to hang on a pipe that an included name points at. */
    source->fd = open(source->path,
                      O_RDONLY | O_CLOEXEC | (source->outer ? O_NONBLOCK : 0));
    if (source->fd < 0)
        return hf_fail_sys(why, errno, "cannot open the file");
    source->owns_fd = true;
    if (fstat(source->fd, &about) != 0)
        return hf_fail_sys(why, errno, "cannot look at the file");
    if (S_ISDIR(about.st_mode) ||
        (source->outer != NULL && !S_ISREG(about.st_mode)))
        return hf_fail(why, HF_EINVAL, 0, "not a regular file");
    return HF_OK;
}

static enum hf_err new_source(const char *path, size_t size,
                              struct hf_zone_source *outer,
                              struct hf_zone_source **out, struct hf_why *why)
{
    struct hf_zone_source *source = hf_alloc(1, sizeof(*source));
    size_t len = strlen(path);

    if (source == NULL)
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    source->outer = outer;
    source->fd = -1;
    source->line = 1;
    source->field_words = 1;
    source->size = size;
    source->room = hf_alloc(size + PADDING, 1);
    source->path = hf_alloc(len + 1, 1);
    if (source->room == NULL || source->path == NULL) {
        (void)hf_zone_source_free(source);
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    }
    memcpy(source->path, path, len);
    *out = source;
    return HF_OK;
}

enum hf_err hf_zone_source_open(const char *path, struct hf_zone_source *outer,
                                struct hf_zone_source **out, struct hf_why *why)
{
    struct hf_zone_source *source;
    enum hf_err err = new_source(path, CHUNK, outer, &source, why);

    if (err != HF_OK)
        return err;
    err = open_file(source, why);
    if (err != HF_OK)
        (void)hf_zone_source_free(source);
    else
        *out = source;
    return err;
}

enum hf_err hf_zone_source_generate(const struct hf_zone_generate *generate,
                                    struct hf_zone_source *outer,
                                    struct hf_zone_source **out,
                                    struct hf_why *why)
{
    struct hf_zone_generate taken = *generate;
    enum hf_err err =
        new_source(outer->path, HF_ZONE_GENERATE_LINE, outer, out, why);

    if (err != HF_OK) {
        hf_zone_generate_clear(&taken);
        return err;
    }
    (*out)->generates = true;
    (*out)->generate = taken;
    return HF_OK;
}

struct hf_zone_source *hf_zone_source_free(struct hf_zone_source *source)
{
    struct hf_zone_source *outer = source->outer;

    if (source->owns_fd)
        (void)close(source->fd);
    hf_zone_generate_clear(&source->generate);
    hf_free(source->room);
    hf_free(source->path);
    hf_free(source);
    return outer;
}

enum hf_err hf_zone_source_owner(struct hf_zone_source *source,
                                 struct hf_why *why)
{
    enum hf_err err;

    if (source->owner_is_read && source->owner_is_bad)
        return hf_fail(why, HF_ESYNTAX, 0,
                       "the owner name that this line repeats is not one");
    if (source->owner_is_read)
        return HF_OK;
    err = hf_zone_name_read(&source->owner,
                            source->has_origin ? &source->origin : NULL,
                            &source->owner_name, why);
    source->owner_is_read = true;
    source->owner_is_bad = err != HF_OK;
    return err;
}

void hf_zone_source_settle(struct hf_zone_source *source)
{
    if (source->has_owner && hf_zone_source_owner(source, NULL) != HF_OK)
        source->owner_is_bad = true;
    source->owner.text.len = 0; /* the same text would mean another name */
}

/* The buffer is about to move: copy what is still needed of it. */
static void keep_owner(struct hf_zone_source *source)
{
    struct hf_span *owner = &source->owner.text;

    if (owner->len == 0 || owner->ptr == source->owner_room)
        return;
    /* A longer one is no name; it is looked at again when used. */
    if (owner->len > sizeof(source->owner_room))
        owner->len = sizeof(source->owner_room);
    memcpy(source->owner_room, owner->ptr, owner->len);
    owner->ptr = source->owner_room;
}

static enum hf_err make_room(struct hf_zone_source *source, struct hf_why *why)
{
    size_t unread = source->to - source->from;
    char *room;

    keep_owner(source);
    if (source->from > 0)
        memmove(source->room, source->room + source->from, unread);
    source->from = 0;
    source->to = unread;
    if (unread < source->size)
        return HF_OK;
    if (source->size >= HF_ZONE_ENTRY_MAX)
        return hf_fail(why, HF_ELIMIT, 0,
                       "one entry is longer than a mebibyte");
    room = hf_realloc(source->room, source->size * 2 + PADDING, 1);
    if (room == NULL)
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    source->room = room;
    source->size *= 2;
    return HF_OK;
}

/* One line more. What is read of the last one is read. */
static enum hf_err fill_generated(struct hf_zone_source *source,
                                  struct hf_why *why)
{
    struct hf_buf line;
    enum hf_err err = HF_OK;

    keep_owner(source);
    hf_buf_init(&line, source->room, source->size);
    source->line = source->generate.line;
    source->at_end = hf_zone_generate_is_done(&source->generate);
    if (!source->at_end)
        err = hf_zone_generate_next(&source->generate, &line, why);
    source->from = 0;
    source->to = err == HF_OK ? line.len : 0;
    memset(source->room + source->to, 0, PADDING);
    return err;
}

enum hf_err hf_zone_source_fill(struct hf_zone_source *source,
                                struct hf_why *why)
{
    enum hf_err err;
    ssize_t n;

    if (hf_signals_stop_wanted())
        return hf_fail(why, HF_ECANCELED, 0, "interrupted");
    if (source->generates)
        return fill_generated(source, why);
    err = make_room(source, why);
    if (err != HF_OK)
        return err;
    n = read(source->fd, source->room + source->to, source->size - source->to);
    if (n < 0 && errno != EINTR)
        return hf_fail_sys(why, errno, "cannot read the file");
    if (n > 0)
        source->to += (size_t)n;
    source->at_end = n == 0;
    if (n == 0 && source->to > 0 && source->room[source->to - 1] != '\n')
        source->room[source->to++] = '\n'; /* there was room for one */
    memset(source->room + source->to, 0, PADDING);
    return HF_OK;
}
