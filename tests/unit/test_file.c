/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files that are whole or absent, and lines with bounded memory. The calls of
 * the kernel go through here, so that the Nth one fails, is interrupted, does
 * half of what was asked, or is the last thing the process does.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "os/file.h"
#include "os/signals.h"
#include "tests/unit/unit.h"

#define OLD "the old contents"
#define NEW "the new and rather longer contents"

/* --- Faults --- */

enum fault { NO_FAULT, FAIL_EIO, FAIL_ENOSPC, FAIL_EINTR, KILL };

static struct {
    enum fault fault;
    int at;       /* which call, from 1 */
    int calls;    /* so far */
    size_t piece; /* bytes that one read or write does at most; 0: all */
} faults;

static void arm(enum fault fault, int at, size_t piece)
{
    faults.fault = fault;
    faults.at = at;
    faults.calls = 0;
    faults.piece = piece;
}

static bool must_fail(void)
{
    if (faults.fault == NO_FAULT || ++faults.calls != faults.at)
        return false;
    if (faults.fault == KILL)
        (void)kill(getpid(), SIGKILL);
    errno = faults.fault == FAIL_EIO      ? EIO
            : faults.fault == FAIL_ENOSPC ? ENOSPC
                                          : EINTR;
    return true;
}

static size_t cut(size_t len)
{
    return faults.piece > 0 && len > faults.piece ? faults.piece : len;
}

ssize_t __real_read(int fd, void *to, size_t len);
ssize_t __wrap_read(int fd, void *to, size_t len);
ssize_t __real_write(int fd, const void *from, size_t len);
ssize_t __wrap_write(int fd, const void *from, size_t len);
int __real_fsync(int fd);
int __wrap_fsync(int fd);
int __real_renameat(int old_dir, const char *old, int new_dir, const char *new);
int __wrap_renameat(int old_dir, const char *old, int new_dir, const char *new);
int __real_openat64(int dir, const char *name, int flags, ...);
int __wrap_openat64(int dir, const char *name, int flags, mode_t mode);

ssize_t __wrap_read(int fd, void *to, size_t len)
{
    return must_fail() ? -1 : __real_read(fd, to, cut(len));
}

ssize_t __wrap_write(int fd, const void *from, size_t len)
{
    return must_fail() ? -1 : __real_write(fd, from, cut(len));
}

int __wrap_fsync(int fd)
{
    return must_fail() ? -1 : __real_fsync(fd);
}

int __wrap_renameat(int old_dir, const char *old, int new_dir, const char *new)
{
    return must_fail() ? -1 : __real_renameat(old_dir, old, new_dir, new);
}

int __wrap_openat64(int dir, const char *name, int flags, mode_t mode)
{
    return must_fail() ? -1 : __real_openat64(dir, name, flags, mode);
}

/* --- A directory of our own --- */

struct place {
    char path[64];
    int dir;
};

static int enter(void **state)
{
    static struct place place;

    (void)snprintf(place.path, sizeof(place.path), "/tmp/test_file.XXXXXX");
    if (mkdtemp(place.path) == NULL)
        return -1;
    place.dir = open(place.path, O_RDONLY | O_DIRECTORY);
    *state = &place;
    return place.dir < 0;
}

static int leave(void **state)
{
    static const char *const names[] = {"f", ".f.new", "g", "in"};
    struct place *place = *state;

    arm(NO_FAULT, 0, 0);
    for (size_t i = 0; i < COUNT_OF(names); i++)
        (void)unlinkat(place->dir, names[i], 0);
    (void)close(place->dir);
    return rmdir(place->path);
}

static struct hf_span contents_of(const struct place *place, const char *name)
{
    static char text[256];
    struct hf_span got = {text, 0};
    int fd = __real_openat64(place->dir, name, O_RDONLY, 0);
    ssize_t n;

    if (fd < 0)
        return got;
    n = __real_read(fd, text, sizeof(text));
    (void)close(fd);
    assert_true(n >= 0);
    got.len = (size_t)n;
    return got;
}

static struct hf_span contents(const struct place *place)
{
    return contents_of(place, "f");
}

static size_t entries(const struct place *place)
{
    DIR *dir = opendir(place->path);
    size_t count = 0;

    assert_non_null(dir);
    while (readdir(dir) != NULL)
        count++;
    (void)closedir(dir);
    return count - 2;
}

static void put_old(const struct place *place)
{
    arm(NO_FAULT, 0, 0);
    assert_int_equal(hf_file_replace(place->dir, "f", HF_SPAN(OLD), NULL),
                     HF_OK);
}

/* --- Replacing --- */

static void replace_and_create(void **state)
{
    const struct place *place = *state;
    struct stat st;

    assert_int_equal(hf_file_replace(place->dir, "f", HF_SPAN(OLD), NULL),
                     HF_OK);
    assert_span_equal(contents(place), HF_SPAN(OLD));
    assert_int_equal(hf_file_replace(place->dir, "f", HF_SPAN(NEW), NULL),
                     HF_OK);
    assert_span_equal(contents(place), HF_SPAN(NEW));
    assert_int_equal(fstatat(place->dir, "f", &st, 0), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(hf_file_replace(place->dir, "f", HF_SPAN(""), NULL),
                     HF_OK);
    assert_span_equal(contents(place), HF_SPAN(""));
    assert_int_equal(entries(place), 1);
}

/* Every call fails in turn: the old file or, when only the directory could
 * not be synced, the new one; never a mixture, and nothing left over. */
static void every_call_fails(void **state)
{
    static const enum fault kinds[] = {FAIL_EIO, FAIL_ENOSPC};
    const struct place *place = *state;
    size_t failed = 0;

    for (int i = 0; i < 2 * 30; i++) {
        struct hf_why why = {0};
        enum hf_err err;
        bool late;

        put_old(place);
        arm(kinds[i % 2], i / 2 + 1, 2);
        err = hf_file_replace(place->dir, "f", HF_SPAN(NEW), &why);
        late = why.text != NULL && strcmp(why.text, "sync directory") == 0;
        if (faults.calls >= faults.at) {
            assert_int_equal(err, HF_ESYSTEM);
            assert_int_equal(why.sys, i % 2 == 0 ? EIO : ENOSPC);
            failed++;
        } else {
            assert_int_equal(err, HF_OK);
        }
        assert_span_equal(contents(place),
                          err == HF_OK || late ? HF_SPAN(NEW) : HF_SPAN(OLD));
        assert_int_equal(entries(place), 1);
    }
    /* create, 17 writes of two bytes, two syncs, one rename; twice */
    assert_int_equal(failed, 2 * 21);
}

/* Of two files: none is in its place before both are on disk. */
static void several(void **state)
{
    static const struct hf_file_new fresh[] = {
        {"f", 0600, {HF_SPAN_INIT(NEW)}},
        {"g", 0644, {HF_SPAN_INIT("one"), HF_SPAN_INIT("two")}},
    };
    const struct place *place = *state;
    struct stat st;
    int at = 1;
    enum hf_err err;

    do {
        put_old(place);
        (void)unlinkat(place->dir, "g", 0);
        arm(FAIL_EIO, at, 1024);
        err = hf_file_replace_all(place->dir, fresh, 2, NULL);
        /* 2 x create, 3 x write, 2 x sync; 2 x rename; sync */
        assert_span_equal(contents(place),
                          at <= 8 ? HF_SPAN(OLD) : HF_SPAN(NEW));
        assert_int_equal(entries(place), at <= 9 ? 1 : 2);
    } while (err != HF_OK && at++ < 20);
    assert_int_equal(at, 11);
    assert_span_equal(contents_of(place, "g"), HF_SPAN("onetwo"));
    assert_int_equal(fstatat(place->dir, "g", &st, 0), 0);
    assert_int_equal(st.st_mode & 0777, 0644);
    assert_int_equal(
        hf_file_replace_all(place->dir, fresh, HF_FILES_MAX + 1, NULL),
        HF_ELIMIT);
}

/* An interrupted write goes on. */
static void writes_are_interrupted(void **state)
{
    const struct place *place = *state;

    for (int at = 2; at <= 18; at++) {
        put_old(place);
        arm(FAIL_EINTR, at, 2);
        assert_int_equal(hf_file_replace(place->dir, "f", HF_SPAN(NEW), NULL),
                         HF_OK);
        assert_span_equal(contents(place), HF_SPAN(NEW));
    }
}

/* The process dies before every call: what is found is whole, and the next
 * process can write, over what the dead one left. */
static void process_dies(void **state)
{
    const struct place *place = *state;
    size_t died = 0;

    for (int at = 1; at <= 25; at++) {
        pid_t pid;
        int status;

        put_old(place);
        pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
            arm(KILL, at, 2);
            _exit(hf_file_replace(place->dir, "f", HF_SPAN(NEW), NULL) !=
                  HF_OK);
        }
        assert_int_equal(waitpid(pid, &status, 0), pid);
        died += WIFSIGNALED(status);
        assert_true(hf_span_eq(contents(place), HF_SPAN(OLD)) ||
                    hf_span_eq(contents(place), HF_SPAN(NEW)));
        if (!WIFSIGNALED(status))
            assert_span_equal(contents(place), HF_SPAN(NEW));
    }
    assert_int_equal(died, 21);
    put_old(place);
    assert_int_equal(entries(place), 1);
}

static void bad_places(void **state)
{
    const struct place *place = *state;
    char name[260];
    struct hf_why why = {0};

    memset(name, 'n', sizeof(name));
    name[251] = '\0'; /* and ".", ".new" make 256 */
    assert_int_equal(hf_file_replace(place->dir, name, HF_SPAN(NEW), &why),
                     HF_ELIMIT);
    name[250] = '\0';
    assert_int_equal(hf_file_replace(place->dir, name, HF_SPAN(NEW), &why),
                     HF_OK);
    assert_int_equal(unlinkat(place->dir, name, 0), 0);
    assert_int_equal(hf_file_replace(-1, "f", HF_SPAN(NEW), &why), HF_ESYSTEM);
    assert_int_equal(why.sys, EBADF);
    assert_int_equal(hf_file_replace(-1, "f", HF_SPAN(NEW), NULL), HF_ESYSTEM);
}

static void replace_by_path(void **state)
{
    const struct place *place = *state;
    static char long_path[5000];
    char path[128];
    struct hf_why why = {0};

    (void)snprintf(path, sizeof(path), "%s/f", place->path);
    assert_int_equal(hf_file_replace_path(path, HF_SPAN(NEW), NULL), HF_OK);
    assert_span_equal(contents(place), HF_SPAN(NEW));

    assert_int_equal(fchdir(place->dir), 0);
    assert_int_equal(hf_file_replace_path("f", HF_SPAN(OLD), NULL), HF_OK);
    assert_span_equal(contents(place), HF_SPAN(OLD));
    assert_int_equal(chdir("/"), 0);

    (void)snprintf(path, sizeof(path), "%s/none/f", place->path);
    assert_int_equal(hf_file_replace_path(path, HF_SPAN(NEW), &why),
                     HF_ENOTFOUND);
    assert_string_equal(why.text, "open folder");
    memset(long_path, '/', sizeof(long_path) - 1);
    assert_int_equal(hf_file_replace_path(long_path, HF_SPAN(NEW), NULL),
                     HF_ELIMIT);
}

/* --- Reading a whole file --- */

static void make_input(const struct place *place, struct hf_span text,
                       char path[128])
{
    int fd =
        __real_openat64(place->dir, "in", O_WRONLY | O_CREAT | O_TRUNC, 0600);

    assert_true(fd >= 0);
    assert_int_equal(__real_write(fd, text.ptr, text.len), text.len);
    (void)close(fd);
    (void)snprintf(path, 128, "%s/in", place->path);
}

static void read_whole(void **state)
{
    static char text[200000];
    static const size_t lens[] = {0, 1, 65535, 65536, 65537, 200000};
    const struct place *place = *state;
    char path[128];

    for (size_t i = 0; i < sizeof(text); i++)
        text[i] = (char)(i * 13);
    for (size_t i = 0; i < COUNT_OF(lens); i++) {
        struct hf_span want = {text, lens[i]};
        struct hf_why why = {0};
        struct hf_buf out;

        make_input(place, want, path);
        hf_buf_init_grow(&out, lens[i]); /* just room enough */
        arm(NO_FAULT, 0, 999);
        assert_int_equal(hf_file_read(path, &out, NULL), HF_OK);
        assert_span_equal(hf_buf_span(&out), want);
        hf_buf_clear(&out);
        if (lens[i] == 0)
            continue;
        hf_buf_init_grow(&out, lens[i] - 1);
        assert_int_equal(hf_file_read(path, &out, &why), HF_ELIMIT);
        assert_int_equal(why.at, lens[i] - 1);
        hf_buf_clear(&out);
    }
}

/* Who else may read or write it decides. */
static void read_by_mode(void **state)
{
    static const struct {
        mode_t mode;
        bool is_private;
        bool is_guarded;
    } cases[] = {
        {0600, true, true},   {0400, true, true},   {0644, false, true},
        {0640, false, true},  {0620, false, false}, {0602, false, false},
        {0666, false, false}, {0755, false, true},
    };
    const struct place *place = *state;
    char path[128];

    make_input(place, HF_SPAN("0123456789"), path);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct hf_buf out;

        assert_int_equal(fchmodat(place->dir, "in", cases[i].mode, 0), 0);
        hf_buf_init_grow(&out, 100);
        assert_int_equal(hf_file_read_private(path, &out, NULL),
                         cases[i].is_private ? HF_OK : HF_EINVAL);
        assert_int_equal(out.len, cases[i].is_private ? 10 : 0);
        hf_buf_reset(&out);
        assert_int_equal(hf_file_read_guarded(path, &out, NULL),
                         cases[i].is_guarded ? HF_OK : HF_EINVAL);
        assert_int_equal(out.len, cases[i].is_guarded ? 10 : 0);
        hf_buf_reset(&out);
        assert_int_equal(hf_file_read_guarded(place->path, &out, NULL),
                         HF_EINVAL);
        assert_int_equal(hf_file_read_guarded("/nowhere/f", &out, NULL),
                         HF_ENOTFOUND);
        hf_buf_clear(&out);
    }
}

/* Who owns a file can change it, whatever its mode says. */
static void read_of_somebody(void **state)
{
    const struct place *place = *state;
    char path[128];
    struct hf_buf out;

    if (geteuid() != 0)
        skip(); /* nobody else can give a file away */
    make_input(place, HF_SPAN("0123456789"), path);
    assert_int_equal(fchmodat(place->dir, "in", 0600, 0), 0);
    assert_int_equal(fchownat(place->dir, "in", 1, 1, 0), 0);
    hf_buf_init_grow(&out, 100);
    assert_int_equal(hf_file_read_guarded(path, &out, NULL), HF_EINVAL);
    assert_int_equal(out.len, 0);
    hf_buf_clear(&out);
}

static void read_faults(void **state)
{
    const struct place *place = *state;
    char path[128];
    struct hf_buf out;
    struct hf_why why = {0};

    make_input(place, HF_SPAN("0123456789"), path);
    for (int at = 1; at <= 6; at++) {
        hf_buf_init_grow(&out, 100);
        arm(FAIL_EIO, at, 3);
        assert_int_equal(hf_file_read(path, &out, &why),
                         at <= 5 ? HF_ESYSTEM : HF_OK);
        assert_int_equal(why.sys, EIO);
        hf_buf_reset(&out);
        arm(FAIL_EINTR, at, 3);
        assert_int_equal(hf_file_read(path, &out, NULL), HF_OK);
        assert_span_equal(hf_buf_span(&out), HF_SPAN("0123456789"));
        hf_buf_clear(&out);
    }
    hf_alloc_fail_after(0, false);
    hf_buf_init_grow(&out, 100);
    arm(NO_FAULT, 0, 0);
    assert_int_equal(hf_file_read(path, &out, NULL), HF_ENOMEM);
    assert_int_equal(hf_file_read("/nonexistent", &out, NULL), HF_ENOTFOUND);
    assert_int_equal(hf_file_read("/tmp", &out, &why), HF_ENOMEM);
    hf_buf_reset(&out);
    assert_int_equal(hf_file_read("/tmp", &out, &why), HF_ESYSTEM);
    assert_int_equal(why.sys, EISDIR);
    hf_buf_clear(&out);
}

/* --- Lines --- */

#define L10 "llllllllll"

static const struct {
    const char *name;
    struct hf_span text;
    const char *want[6]; /* "!" stands for HF_ELIMIT */
} line_cases[] = {
    {"nothing", HF_SPAN_INIT(""), {NULL}},
    {"one", HF_SPAN_INIT("a\n"), {"a"}},
    {"no final LF", HF_SPAN_INIT("a\nb"), {"a", "b"}},
    {"CR LF", HF_SPAN_INIT("a\r\nb\r\n"), {"a", "b"}},
    {"final CR", HF_SPAN_INIT("a\r"), {"a"}},
    {"inner CR", HF_SPAN_INIT("a\rb\r\r\n"), {"a\rb\r"}},
    {"empty lines", HF_SPAN_INIT("\n\r\n\n"), {"", "", ""}},
    {"longest", HF_SPAN_INIT(L10 "\n" L10 "\r\n" L10), {L10, L10, L10}},
    {"too long", HF_SPAN_INIT("a\n" L10 "l\nb\n"), {"a", "!", "b"}},
    {"too long, CR LF", HF_SPAN_INIT(L10 "l\r\nb"), {"!", "b"}},
    {"too long at the end", HF_SPAN_INIT("a\n" L10 L10), {"a", "!"}},
    {"CR after the longest", HF_SPAN_INIT(L10 "\r"), {L10}},
};

/* Read `path` and compare; every read does at most `piece` bytes. */
static void check_lines(size_t row, const char *path, size_t piece)
{
    struct hf_lines lines;
    uint64_t number = 0;
    bool more = true;

    arm(NO_FAULT, 0, piece);
    assert_int_equal(hf_lines_open(&lines, path, 10, NULL), HF_OK);
    while (more) {
        const char *want = number < 6 ? line_cases[row].want[number] : NULL;
        struct hf_span line = {0};
        enum hf_err err = hf_lines_next(&lines, &line, &more, NULL);

        if (err != (want != NULL && want[0] == '!' ? HF_ELIMIT : HF_OK) ||
            (err == HF_OK && more != (want != NULL)) ||
            (err == HF_OK && !hf_span_eq(line, hf_span_str(want))))
            fail_msg("%s: line %zu, pieces of %zu", line_cases[row].name,
                     (size_t)number + 1, piece);
        number += err != HF_OK || more;
        assert_int_equal(lines.number, number);
    }
    assert_int_equal(lines.offset, line_cases[row].text.len);
    hf_lines_close(&lines);
}

static void lines_table(void **state)
{
    static const size_t pieces[] = {0, 1, 2, 3, 7};
    char path[128];

    for (size_t i = 0; i < COUNT_OF(line_cases); i++) {
        make_input(*state, line_cases[i].text, path);
        for (size_t j = 0; j < COUNT_OF(pieces); j++)
            check_lines(i, path, pieces[j]);
    }
}

/* Octets are octets, also NUL. */
static void lines_hold_any_octet(void **state)
{
    struct hf_span text = HF_SPAN("a\0b\n\0\n\xff");
    struct hf_lines lines;
    struct hf_span line;
    char path[128];
    bool more;

    make_input(*state, text, path);
    assert_int_equal(hf_lines_open(&lines, path, 10, NULL), HF_OK);
    assert_int_equal(hf_lines_next(&lines, &line, &more, NULL), HF_OK);
    assert_span_equal(line, HF_SPAN("a\0b"));
    assert_int_equal(hf_lines_next(&lines, &line, &more, NULL), HF_OK);
    assert_span_equal(line, HF_SPAN("\0"));
    assert_int_equal(hf_lines_next(&lines, &line, &more, NULL), HF_OK);
    assert_span_equal(line, HF_SPAN("\xff"));
    hf_lines_close(&lines);
}

/* Lines around the size of the buffer, and far beyond it. */
static void lines_beyond_the_buffer(void **state)
{
    static char text[400000];
    static const size_t longests[] = {10, 65533, 65534, 65535, 100000};
    char path[128];

    memset(text, 'x', sizeof(text));
    text[300000] = '\n';
    memcpy(text + 300001, "after\n", 6);
    for (size_t i = 0; i < COUNT_OF(longests) * 5; i++) {
        size_t longest = longests[i / 5];
        size_t len = longest - 2 + i % 5;
        bool good = len <= longest;
        struct hf_lines lines;
        struct hf_span line = {0};
        bool more;

        text[len] = '\n'; /* one line of len, one that is too long, "after" */
        make_input(*state, (struct hf_span){text, 300007}, path);
        text[len] = 'x';
        arm(NO_FAULT, 0, 4093);
        assert_int_equal(hf_lines_open(&lines, path, longest, NULL), HF_OK);
        assert_int_equal(hf_lines_next(&lines, &line, &more, NULL),
                         good ? HF_OK : HF_ELIMIT);
        assert_true(!good || line.len == len);
        assert_int_equal(hf_lines_next(&lines, &line, &more, NULL), HF_ELIMIT);
        assert_int_equal(hf_lines_next(&lines, &line, &more, NULL), HF_OK);
        assert_span_equal(line, HF_SPAN("after"));
        assert_int_equal(lines.number, 3);
        assert_int_equal(lines.offset, 300007);
        hf_lines_close(&lines);
    }
}

static void lines_faults(void **state)
{
    struct hf_lines lines;
    struct hf_span line;
    struct hf_why why = {0};
    char path[128];
    bool more;

    make_input(*state, HF_SPAN("abc\ndef\n"), path);
    assert_int_equal(hf_lines_open(&lines, "/nonexistent", 10, &why),
                     HF_ENOTFOUND);
    assert_int_equal(why.sys, ENOENT);
    hf_alloc_fail_after(0, false);
    assert_int_equal(hf_lines_open(&lines, path, 10, NULL), HF_ENOMEM);
    hf_lines_close(&lines);

    assert_int_equal(hf_lines_open(&lines, path, 10, NULL), HF_OK);
    arm(FAIL_EINTR, 1, 2);
    assert_int_equal(hf_lines_next(&lines, &line, &more, NULL), HF_OK);
    assert_span_equal(line, HF_SPAN("abc"));
    arm(FAIL_EIO, 1, 2);
    assert_int_equal(hf_lines_next(&lines, &line, &more, &why), HF_ESYSTEM);
    assert_int_equal(why.sys, EIO);
    hf_lines_close(&lines);
}

/* A read that fails while an over-long line is skipped. */
static void skipping_fails(void **state)
{
    static char text[100000];
    struct hf_lines lines;
    struct hf_span line;
    char path[128];
    bool more;

    memset(text, 'x', sizeof(text));
    make_input(*state, (struct hf_span){text, sizeof(text)}, path);
    assert_int_equal(hf_lines_open(&lines, path, 10, NULL), HF_OK);
    arm(FAIL_EIO, 2, 65536);
    assert_int_equal(hf_lines_next(&lines, &line, &more, NULL), HF_ESYSTEM);
    hf_lines_close(&lines);
}

/* "-" is standard input, and is left open. */
static void standard_input(void **state)
{
    const struct place *place = *state;
    int kept = dup(STDIN_FILENO);
    struct hf_lines lines;
    struct hf_span line;
    struct hf_buf out;
    char path[128];
    bool more;

    make_input(place, HF_SPAN("one\ntwo\n"), path);
    for (int i = 0; i < 2; i++) {
        int fd = open(path, O_RDONLY);

        assert_int_equal(dup2(fd, STDIN_FILENO), STDIN_FILENO);
        (void)close(fd);
        if (i == 0) {
            assert_int_equal(hf_lines_open(&lines, "-", 10, NULL), HF_OK);
            assert_int_equal(hf_lines_next(&lines, &line, &more, NULL), HF_OK);
            assert_span_equal(line, HF_SPAN("one"));
            hf_lines_close(&lines);
        } else {
            hf_buf_init_grow(&out, 100);
            assert_int_equal(hf_file_read("-", &out, NULL), HF_OK);
            assert_span_equal(hf_buf_span(&out), HF_SPAN("one\ntwo\n"));
            hf_buf_clear(&out);
        }
        assert_true(fcntl(STDIN_FILENO, F_GETFD) >= 0);
    }
    if (kept >= 0)
        (void)dup2(kept, STDIN_FILENO);
    (void)close(kept);
}

/* Ctrl-C while a read waits: asked in a child, as there is no way back. */
static int interrupted_reader(int fd, bool whole)
{
    struct hf_lines lines;
    struct hf_span line;
    struct hf_buf out;
    bool more;

    hf_signals_watch();
    if (dup2(fd, STDIN_FILENO) < 0 || raise(SIGINT) != 0)
        return 9;
    arm(FAIL_EINTR, 1, 0);
    if (whole) {
        hf_buf_init_grow(&out, 100);
        return hf_file_read("-", &out, NULL) == HF_ESYSTEM ? 0 : 1;
    }
    if (hf_lines_open(&lines, "-", 10, NULL) != HF_OK)
        return 2;
    return hf_lines_next(&lines, &line, &more, NULL) == HF_ECANCELED ? 0 : 3;
}

static void interrupt(void **state)
{
    int ends[2];

    (void)state;
    assert_int_equal(pipe(ends), 0);
    for (int whole = 0; whole <= 1; whole++) {
        int status = -1;
        pid_t pid = fork();

        assert_true(pid >= 0);
        if (pid == 0)
            _exit(interrupted_reader(ends[0], whole == 1));
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_int_equal(status, 0);
    }
    (void)close(ends[0]);
    (void)close(ends[1]);
}

#define IN_PLACE(test) cmocka_unit_test_setup_teardown(test, enter, leave)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_PLACE(replace_and_create),
        IN_PLACE(every_call_fails),
        IN_PLACE(several),
        IN_PLACE(writes_are_interrupted),
        IN_PLACE(process_dies),
        IN_PLACE(bad_places),
        IN_PLACE(replace_by_path),
        IN_PLACE(read_whole),
        IN_PLACE(read_by_mode),
        IN_PLACE(read_of_somebody),
        IN_PLACE(read_faults),
        IN_PLACE(lines_table),
        IN_PLACE(lines_hold_any_octet),
        IN_PLACE(lines_beyond_the_buffer),
        IN_PLACE(lines_faults),
        IN_PLACE(skipping_fails),
        IN_PLACE(standard_input),
        IN_PLACE(interrupt),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
