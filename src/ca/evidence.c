/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/evidence.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "os/fail.h"
#include "os/file.h"
#include "os/lock.h"

#define NAME_LEN     24 /* 20 digits and ".log" */
#define DIGITS       20
#define SEGMENTS_MAX 1000000
#define PENDING_MAX  (4 * HF_ENTRY_MAX)
#define LOCK_FILE    "lock"
#define HEAD_FILE    "head"

static const char changed[] =
    "this entry does not follow the one before it: the log was changed, or "
    "part of it is missing";

/* ---- segments ---- */

struct segments {
    uint64_t *first; /* numbers of entries, sorted */
    size_t count;
    size_t room;
};

static bool read_name(const char *name, uint64_t *first)
{
    uint64_t value = 0;

    if (strlen(name) != NAME_LEN || strcmp(name + DIGITS, ".log") != 0)
        return false;
    for (size_t i = 0; i < DIGITS; i++) {
        if (!hf_is_digit(name[i]) || value > UINT64_MAX / 10 - 1)
            return false;
        value = value * 10 + (uint64_t)(name[i] - '0');
    }
    *first = value;
    return value > 0;
}

static void put_name(char out[32], uint64_t first)
{
    (void)snprintf(out, 32, "%0*llu.log", DIGITS, (unsigned long long)first);
}

static int by_number(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a;
    uint64_t y = *(const uint64_t *)b;

    return (x > y) - (x < y);
}

static bool add_segment(struct segments *list, uint64_t first)
{
    uint64_t *grown;

    if (list->count == list->room) {
        size_t room = list->room == 0 ? 64 : 2 * list->room;

        grown = hf_realloc(list->first, room, sizeof(*grown));
        if (grown == NULL)
            return false;
        list->first = grown;
        list->room = room;
    }
    list->first[list->count++] = first;
    return true;
}

static enum hf_err list_segments(const char *folder, struct segments *out,
                                 struct hf_why *why)
{
    DIR *dir = opendir(folder);
    enum hf_err err = HF_OK;
    struct dirent *item;

    *out = (struct segments){0};
    if (dir == NULL)
        return hf_fail_sys(why, errno, "open folder");
    while (err == HF_OK && (item = readdir(dir)) != NULL) {
        uint64_t first;

        if (!read_name(item->d_name, &first))
            continue;
        if (out->count == SEGMENTS_MAX)
            err = hf_fail(why, HF_ELIMIT, 0, "more than a million segments");
        else if (!add_segment(out, first))
            err = hf_fail(why, HF_ENOMEM, 0, "out of memory");
    }
    (void)closedir(dir);
    if (out->count > 0)
        qsort(out->first, out->count, sizeof(*out->first), by_number);
    return err;
}

/* ---- reading ---- */

struct reader {
    const char *folder;
    struct hf_digest *digest;
    hf_evidence_fn *tell; /* may be NULL */
    void *state;
    struct hf_evidence_head head;
    struct hf_evidence_stop stop;
    uint64_t good;  /* octets of the segment up to the head */
    bool is_midway; /* the hash before the next entry is not known */
    bool has_read;  /* an entry */
};

static bool is_next(const struct reader *reader, const struct hf_entry *entry)
{
    return entry->number == reader->head.number + 1 &&
           (reader->is_midway ||
            memcmp(entry->previous, reader->head.hash, HF_ENTRY_HASH_LEN) == 0);
}

static enum hf_err read_entry(struct reader *reader, struct hf_span line,
                              struct hf_why *why)
{
    struct hf_entry entry;
    enum hf_err err = hf_entry_read(line, reader->digest, &entry, why);

    if (err != HF_OK)
        return err == HF_ESYNTAX ? HF_EINVAL : err;
    if (!is_next(reader, &entry))
        return hf_fail(why, HF_EINVAL, 0, changed);
    if (reader->tell != NULL)
        err = reader->tell(reader->state, &entry, why);
    if (err != HF_OK)
        return err;
    reader->head.number = entry.number;
    reader->head.at = entry.at;
    memcpy(reader->head.hash, entry.hash, sizeof(entry.hash));
    reader->is_midway = false;
    reader->has_read = true;
    return HF_OK;
}

/* The reader of lines hides their ends: what has no LF is the rest of a write,
 * and a CR is none of ours. */
static bool is_torn(const struct hf_lines *lines)
{
    return lines->from == 0 || lines->room[lines->from - 1] != '\n';
}

/* All lines of an open segment; only the last one may have a torn end. */
static enum hf_err read_lines(struct reader *reader, struct hf_lines *lines,
                              bool is_last, struct hf_why *why)
{
    enum hf_err err = HF_OK;
    struct hf_span line;
    bool more = true;

    while (err == HF_OK) {
        err = hf_lines_next(lines, &line, &more, why);
        if (err != HF_OK || !more)
            break;
        reader->stop.number = lines->number;
        if (is_last && is_torn(lines)) {
            reader->head.torn = lines->offset - reader->good;
            break;
        }
        if (lines->offset - reader->good != line.len + 1)
            return hf_fail(why, HF_EINVAL, 0, changed);
        err = read_entry(reader, line, why);
        if (err == HF_OK)
            reader->good = lines->offset;
    }
    if (err == HF_ELIMIT)
        err = hf_fail(why, HF_EINVAL, 0, changed);
    return err;
}

static enum hf_err read_segment(struct reader *reader, uint64_t first,
                                bool is_last, struct hf_why *why)
{
    char path[PATH_MAX];
    struct hf_lines lines;
    enum hf_err err;
    int n;

    put_name(reader->stop.file, first);
    reader->stop.number = 0;
    reader->good = 0;
    n = snprintf(path, sizeof(path), "%s/%s", reader->folder,
                 reader->stop.file);
    if (n < 0 || (size_t)n >= sizeof(path))
        return hf_fail(why, HF_ELIMIT, 0, "path too long");
    if (first != reader->head.number + 1)
        return hf_fail(why, HF_EINVAL, 0, changed);
    err = hf_lines_open(&lines, path, HF_ENTRY_MAX, why);
    if (err != HF_OK)
        return err;
    err = read_lines(reader, &lines, is_last, why);
    hf_lines_close(&lines);
    if (err == HF_OK)
        reader->head.segments++;
    return err;
}

static enum hf_err walk(struct reader *reader, const struct segments *list,
                        size_t from, struct hf_why *why)
{
    enum hf_err err = HF_OK;

    for (size_t i = from; i < list->count && err == HF_OK; i++)
        err = read_segment(reader, list->first[i], i + 1 == list->count, why);
    return err;
}

/* Begin with the segment that has this entry. */
static size_t begin_with(struct reader *reader, const struct segments *list,
                         uint64_t from)
{
    size_t at = 0;

    while (at + 1 < list->count && list->first[at + 1] <= from)
        at++;
    reader->is_midway = at > 0;
    if (at > 0)
        reader->head.number = list->first[at] - 1;
    return at;
}

enum hf_err hf_evidence_walk_on(const char *folder, hf_evidence_fn *tell,
                                void *state, struct hf_evidence_head *head,
                                struct hf_evidence_stop *stop,
                                struct hf_why *why)
{
    struct reader reader = {.folder = folder, .tell = tell, .state = state};
    struct segments list = {0};
    enum hf_err err = hf_digest_new(&reader.digest, why);

    if (err == HF_OK)
        err = list_segments(folder, &list, why);
    if (err == HF_OK)
        err = walk(&reader, &list, begin_with(&reader, &list, head->number + 1),
                   why);
    hf_free(list.first);
    hf_digest_free(reader.digest);
    *head = reader.head;
    *stop = reader.stop;
    return err;
}

enum hf_err hf_evidence_walk(const char *folder, hf_evidence_fn *tell,
                             void *state, struct hf_evidence_head *head,
                             struct hf_evidence_stop *stop, struct hf_why *why)
{
    *head = (struct hf_evidence_head){0};
    return hf_evidence_walk_on(folder, tell, state, head, stop, why);
}

/* ---- writing ---- */

struct hf_evidence {
    struct hf_lock lock;
    struct hf_digest *digest;
    int dir;
    int fd; /* of the last segment; -1: there is none yet */
    uint64_t size;
    uint64_t segment_max;
    bool is_broken;
    bool is_unsynced;
    uint64_t number; /* of the last entry that was written */
    unsigned char hash[HF_ENTRY_HASH_LEN];
    int64_t at;
    uint64_t head_number; /* of the entry that the head's file says */
    int64_t pending_at;
    uint64_t pending_number; /* and of the last that was appended */
    unsigned char pending_hash[HF_ENTRY_HASH_LEN];
    struct hf_buf pending;
};

static enum hf_err lock(struct hf_evidence *log, const char *folder,
                        struct hf_why *why)
{
    char path[PATH_MAX];
    int64_t holder;
    int n = snprintf(path, sizeof(path), "%s/" LOCK_FILE, folder);
    enum hf_err err;

    if (n < 0 || (size_t)n >= sizeof(path))
        return hf_fail(why, HF_ELIMIT, 0, "path too long");
    err = hf_lock_take(path, 0, &log->lock, &holder, why);
    if (err == HF_OK && !log->lock.held)
        return hf_fail(why, HF_EINVAL, 0,
                       "a CA serves from this folder already: another process "
                       "writes its log of evidence");
    return err;
}

/* The last segment, as far as it is good; `first` names it. */
static enum hf_err open_segment(struct hf_evidence *log, uint64_t first,
                                const struct reader *reader, struct hf_why *why)
{
    char name[32];

    put_name(name, first);
    log->fd =
        openat(log->dir, name, O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW);
    if (log->fd < 0)
        return hf_fail_sys(why, errno, "open");
    log->size = reader->good;
    log->is_unsynced =
        true; /* a process that was killed did not sync its end */
    if (reader->head.torn > 0 &&
        (ftruncate(log->fd, (off_t)log->size) != 0 || fsync(log->fd) != 0))
        return hf_fail_sys(why, errno, "remove the end that a crash left");
    return HF_OK;
}

/* From the last segment that has an entry: a crash may have left one that has
 * none behind it. */
static enum hf_err find_head(struct hf_evidence *log,
                             const struct segments *list, struct reader *reader,
                             struct hf_why *why)
{
    enum hf_err err = HF_OK;

    for (size_t back = 1; back <= list->count && back <= 2; back++) {
        size_t from = list->count - back;

        reader->head =
            (struct hf_evidence_head){.number = list->first[from] - 1};
        reader->is_midway = from > 0;
        err = walk(reader, list, from, why);
        if (err != HF_OK || reader->has_read)
            break;
    }
    if (err == HF_OK && !reader->has_read && list->count > 1)
        return hf_fail(why, HF_EINVAL, 0, changed);
    if (err == HF_OK && list->count > 0)
        err = open_segment(log, list->first[list->count - 1], reader, why);
    log->number = reader->head.number;
    log->at = reader->head.at;
    memcpy(log->hash, reader->head.hash, sizeof(log->hash));
    return err;
}

enum hf_err hf_evidence_head_read(const char *folder, struct hf_head *out,
                                  bool *found, struct hf_why *why)
{
    char path[PATH_MAX];
    char room[HF_HEAD_MAX];
    struct hf_buf text;
    enum hf_err err;
    int n = snprintf(path, sizeof(path), "%s/" HEAD_FILE, folder);

    if (n < 0 || (size_t)n >= sizeof(path))
        return hf_fail(why, HF_ELIMIT, 0, "path too long");
    hf_buf_init(&text, room, sizeof(room));
    err = hf_file_read(path, &text, why);
    *found = err == HF_OK;
    if (err == HF_ELIMIT ||
        (err == HF_OK && !hf_head_read(hf_buf_span(&text), out)))
        err = hf_fail(why, HF_EINVAL, 0,
                      "the head of the log of evidence cannot be read");
    return err == HF_ENOTFOUND ? HF_OK : err;
}

/* Who went on behind an end that is missing would hide that. */
static enum hf_err check_head(struct hf_evidence *log, const char *folder,
                              struct hf_why *why)
{
    struct hf_head head;
    bool found = false;
    enum hf_err err = hf_evidence_head_read(folder, &head, &found, why);

    if (err != HF_OK || !found)
        return err;
    log->head_number = head.number;
    if (head.number > log->number)
        return hf_fail(why, HF_EINVAL, 0,
                       "the end of the log of evidence is missing, by the file "
                       "\"head\" beside it: put the log back from your copy");
    if (head.number == log->number &&
        memcmp(head.hash, log->hash, sizeof(head.hash)) != 0)
        return hf_fail(why, HF_EINVAL, 0,
                       "the log of evidence was written anew, by the file "
                       "\"head\" beside it: put the log back from your copy");
    return HF_OK;
}

static void forget_pending(struct hf_evidence *log)
{
    hf_buf_reset(&log->pending);
    log->pending_number = log->number;
    log->pending_at = log->at;
    memcpy(log->pending_hash, log->hash, sizeof(log->hash));
}

static enum hf_err open_log(struct hf_evidence *log, const char *folder,
                            struct hf_why *why)
{
    struct segments list = {0};
    struct reader reader = {.folder = folder};
    enum hf_err err = lock(log, folder, why);

    if (err == HF_OK)
        err = hf_digest_new(&log->digest, why);
    if (err == HF_OK) {
        log->dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (log->dir < 0)
            err = hf_fail_sys(why, errno, "open folder");
    }
    if (err == HF_OK)
        err = list_segments(folder, &list, why);
    reader.digest = log->digest;
    if (err == HF_OK)
        err = find_head(log, &list, &reader, why);
    if (err != HF_OK && why != NULL && why->sys == 0)
        why->at = (size_t)reader.stop.number;
    if (err == HF_OK)
        err = check_head(log, folder, why);
    forget_pending(log);
    hf_free(list.first);
    return err;
}

enum hf_err hf_evidence_append(struct hf_evidence *log, struct hf_entry *entry,
                               struct hf_why *why)
{
    enum hf_err err;

    entry->number = log->pending_number + 1;
    memcpy(entry->previous, log->pending_hash, sizeof(entry->previous));
    err = hf_entry_put(entry, log->digest, &log->pending, why);
    log->pending.full = false;
    if (err != HF_OK)
        return err;
    log->pending_number = entry->number;
    log->pending_at = entry->at;
    memcpy(log->pending_hash, entry->hash, sizeof(entry->hash));
    return HF_OK;
}

/* What a sync that failed has written to the disk nobody knows, so that the
 * log cannot be relied upon any more. */
static enum hf_err sync_segment(struct hf_evidence *log, struct hf_why *why)
{
    if (!log->is_unsynced)
        return HF_OK;
    if (fdatasync(log->fd) != 0) {
        log->is_broken = true;
        return hf_fail_sys(why, errno, "sync the log of evidence");
    }
    log->is_unsynced = false;
    return HF_OK;
}

/* A new segment begins with the first entry that waits, and when the disk has
 * the one before it. */
static enum hf_err begin_segment(struct hf_evidence *log, struct hf_why *why)
{
    char name[32];
    int fd;
    enum hf_err err = sync_segment(log, why);

    if (err != HF_OK)
        return err;
    put_name(name, log->number + 1);
    fd = openat(log->dir, name,
                O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return hf_fail_sys(why, errno, "create a segment of the log");
    if (fsync(log->dir) != 0) {
        err = hf_fail_sys(why, errno, "sync the log's folder");
        (void)close(fd);
        return err;
    }
    if (log->fd >= 0)
        (void)close(log->fd);
    log->fd = fd;
    log->size = 0;
    return HF_OK;
}

/* A write that failed can be undone. */
static enum hf_err write_pending(struct hf_evidence *log, struct hf_why *why)
{
    enum hf_err err;

    if (!hf_file_write(log->fd, hf_buf_span(&log->pending))) {
        err = hf_fail_sys(why, errno, "write the log of evidence");
        if (ftruncate(log->fd, (off_t)log->size) != 0)
            log->is_broken = true;
        return err;
    }
    log->is_unsynced = true;
    log->size += log->pending.len;
    log->number = log->pending_number;
    log->at = log->pending_at;
    memcpy(log->hash, log->pending_hash, sizeof(log->hash));
    return HF_OK;
}

enum hf_err hf_evidence_write(struct hf_evidence *log, struct hf_why *why)
{
    enum hf_err err = HF_OK;

    if (log->is_broken)
        err = hf_fail(why, HF_ESYSTEM, 0,
                      "the log of evidence could not be synced before: start "
                      "again, so that it is read anew");
    if (err == HF_OK && log->pending.len == 0)
        return HF_OK;
    if (err == HF_OK && (log->fd < 0 || log->size >= log->segment_max))
        err = begin_segment(log, why);
    if (err == HF_OK)
        err = write_pending(log, why);
    forget_pending(log);
    return err;
}

enum hf_err hf_evidence_sync(struct hf_evidence *log, struct hf_why *why)
{
    enum hf_err err = hf_evidence_write(log, why);

    return err == HF_OK ? sync_segment(log, why) : err;
}

bool hf_evidence_is_ahead(const struct hf_evidence *log)
{
    return log->number > log->head_number;
}

enum hf_err hf_evidence_rest(struct hf_evidence *log, struct hf_why *why)
{
    struct hf_head head;
    char room[HF_HEAD_MAX];
    struct hf_buf text;
    enum hf_err err = hf_evidence_sync(log, why);

    if (err != HF_OK || !hf_evidence_is_ahead(log))
        return err;
    head = (struct hf_head){.number = log->number, .at = log->at};
    memcpy(head.hash, log->hash, sizeof(head.hash));
    hf_buf_init(&text, room, sizeof(room));
    hf_head_put(&text, &head);
    err = hf_file_replace(log->dir, HEAD_FILE, hf_buf_span(&text), why);
    if (err == HF_OK)
        log->head_number = log->number;
    return err;
}

void hf_evidence_free(struct hf_evidence *log)
{
    if (log == NULL)
        return;
    if (log->fd >= 0) {
        (void)sync_segment(log, NULL);
        (void)close(log->fd);
    }
    if (log->dir >= 0)
        (void)close(log->dir);
    hf_buf_clear(&log->pending);
    hf_digest_free(log->digest);
    hf_lock_drop(&log->lock);
    hf_free(log);
}

enum hf_err hf_evidence_open(const char *folder, uint64_t segment_max,
                             struct hf_evidence **out, struct hf_why *why)
{
    struct hf_evidence *log = hf_alloc(1, sizeof(*log));
    enum hf_err err;

    if (log == NULL)
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    log->dir = -1;
    log->fd = -1;
    log->segment_max = segment_max;
    hf_buf_init_grow(&log->pending, PENDING_MAX);
    err = open_log(log, folder, why);
    if (err == HF_OK)
        *out = log;
    else
        hf_evidence_free(log);
    return err;
}
