/* SPDX-License-Identifier: Apache-2.0 */
/* file.h -- files: whole or absent when written, bounded when read. */
#pragma once

#include <stdbool.h>

#include "holdfast/buf.h"

/* All of it, in as many writes as it takes. False with errno. */
bool hf_file_write(int fd, struct hf_span data);

/*
 * Replace `name` in directory `dir` by `data`, mode 0600. A reader sees the
 * old file or the new one, never a part; so does the next boot after a power
 * cut. One writer at a time: the caller holds the lock of the directory.
 *
 * Fails: HF_ELIMIT (name too long), HF_ENOTFOUND (the directory is gone),
 *        HF_ESYSTEM. The old file is untouched, unless why->text is "sync
 *        directory": then it may be either.
 */
enum hf_err hf_file_replace(int dir, const char *name, struct hf_span data,
                            struct hf_why *why);

/* One file of several that belong together. */
struct hf_file_new {
    const char *name;
    unsigned mode;          /* whatever the umask */
    struct hf_span data[2]; /* one behind the other */
};

/*
 * The same for up to HF_FILES_MAX files in one directory. All of them are on
 * disk before the first is in its place, so a disk is waited for once; a power
 * cut may leave some of them old and some new, each whole.
 */
#define HF_FILES_MAX 8
enum hf_err hf_file_replace_all(int dir, const struct hf_file_new *files,
                                size_t count, struct hf_why *why);

/* One, which the next boot may find old although this returned HF_OK. */
enum hf_err hf_file_put(int dir, const struct hf_file_new *file,
                        struct hf_why *why);

/* The same for a path, mode 0600. */
enum hf_err hf_file_replace_path(const char *path, struct hf_span data,
                                 struct hf_why *why);

/*
 * Append the whole file ("-" is standard input) to the growing buffer `out`.
 * Fails: HF_ESYSTEM, HF_ENOTFOUND, HF_ELIMIT (larger than out->limit).
 */
enum hf_err hf_file_read(const char *path, struct hf_buf *out,
                         struct hf_why *why);

/*
 * The same for a file that must be its owner's alone: HF_EINVAL when group or
 * others may read or write it, or when it is no plain file.
 */
enum hf_err hf_file_read_private(const char *path, struct hf_buf *out,
                                 struct hf_why *why);

/*
 * The same for a file that everybody may read and only its owner change, who
 * is root or we: HF_EINVAL when it is not so, or no plain file.
 */
enum hf_err hf_file_read_guarded(const char *path, struct hf_buf *out,
                                 struct hf_why *why);

/*
 * The same file by a name that does not depend on the folder we are in, with
 * a NUL, in `out`. Symbolic links stay: they may point elsewhere tomorrow.
 * Fails: HF_ELIMIT (it does not fit), HF_ESYSTEM.
 */
enum hf_err hf_file_absolute(const char *path, char *out, size_t size,
                             struct hf_why *why);

/* Lines of a stream, with bounded memory. */
struct hf_lines {
    int fd;
    bool owns_fd;
    bool at_end;
    uint64_t number; /* of the line last returned, from 1 */
    uint64_t offset; /* of the first byte after that line */
    size_t from;     /* unread bytes are room[from..to) */
    size_t to;
    size_t longest; /* bytes of a line */
    size_t size;
    char *room;
};

/* Fails: HF_ENOTFOUND, HF_ESYSTEM, HF_ENOMEM. "-" is standard input. */
enum hf_err hf_lines_open(struct hf_lines *lines, const char *path,
                          size_t longest, struct hf_why *why);

/*
 * The next line, without its LF or CR LF, borrowed until the next call.
 * `*more` is false at the end. Fails: HF_ELIMIT (a line is longer than
 * `longest`; it is skipped, `*more` is true, and the caller may ask for the
 * next one), HF_ESYSTEM, HF_ECANCELED.
 */
enum hf_err hf_lines_next(struct hf_lines *lines, struct hf_span *line,
                          bool *more, struct hf_why *why);

void hf_lines_close(struct hf_lines *lines);
