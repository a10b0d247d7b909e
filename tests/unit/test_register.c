/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The register, and the store under it: what is written stands there, and
 * whatever happens in between, a full disk or the end of the process at any
 * call of the kernel, it is afterwards as before or as meant, and opens.
 *
 * SQLite makes its calls through a table; here they go through us. REQ CLI-25.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "client/register.h"
#include "tests/unit/scratch.h"
#include "tests/unit/unit.h"

#define NOW INT64_C(1790000000)

/* ---- faults ---- */

enum fault { NO_FAULT, FAIL_ENOSPC, FAIL_EIO, KILL };

static struct {
    enum fault fault;
    int at;    /* which call, from 1; and every one behind it */
    int calls; /* so far */
} faults;

static void arm(enum fault fault, int at)
{
    faults.fault = fault;
    faults.at = at;
    faults.calls = 0;
}

static bool must_fail(void)
{
    if (faults.fault == NO_FAULT || ++faults.calls < faults.at)
        return false;
    if (faults.fault == KILL)
        (void)kill(getpid(), SIGKILL);
    errno = faults.fault == FAIL_ENOSPC ? ENOSPC : EIO;
    return true;
}

/* A write that fails may have been done in part. */
static ssize_t faulty_pwrite(int fd, const void *from, size_t len, off_t at)
{
    if (faults.fault != NO_FAULT && faults.calls + 1 == faults.at && len > 1)
        (void)!pwrite(fd, from, len / 2, at);
    return must_fail() ? -1 : pwrite(fd, from, len, at);
}

static ssize_t faulty_write(int fd, const void *from, size_t len)
{
    return must_fail() ? -1 : write(fd, from, len);
}

static int faulty_ftruncate(int fd, off_t len)
{
    return must_fail() ? -1 : ftruncate(fd, len);
}

static int faulty_open(const char *name, int flags, int mode)
{
    if ((flags & (O_WRONLY | O_RDWR)) != 0 && must_fail())
        return -1;
    return open(name, flags, mode);
}

static int faulty_unlink(const char *name)
{
    return must_fail() ? -1 : unlink(name);
}

static void take_over(const char *name, sqlite3_syscall_ptr call)
{
    sqlite3_vfs *vfs = sqlite3_vfs_find(NULL);

    assert_int_equal(vfs->xSetSystemCall(vfs, name, call), SQLITE_OK);
}

/* ---- a folder of our own ---- */

static int enter(void **state)
{
    static char path[SCRATCH_MAX];

    *state = path;
    return scratch_make(path);
}

static int leave(void **state)
{
    arm(NO_FAULT, 0);
    return scratch_remove(*state);
}

/* ---- helpers ---- */

static struct hf_entry entry_of(const char *name, const char *value)
{
    return (struct hf_entry){.name = hf_span_str(name),
                             .owner = HF_SPAN("_validation-persist.x"),
                             .value = hf_span_str(value),
                             .issuer = HF_SPAN("ca.example"),
                             .ca = HF_SPAN("example-ca"),
                             .account_url = HF_SPAN("https://ca.example/1"),
                             .thumbprint = HF_SPAN("abc"),
                             .draft = HF_SPAN("01"),
                             .wildcard = true,
                             .has_until = true,
                             .until_at = 1800000000,
                             .ttl_s = 3600,
                             .server = HF_SPAN("192.0.2.1@53"),
                             .publisher = HF_SPAN("update"),
                             .person = HF_SPAN("Ada"),
                             .ticket = HF_SPAN("OPS-1")};
}

static struct hf_register *open_it(const char *folder)
{
    struct hf_register *reg = NULL;
    struct hf_why why = {0};

    if (hf_register_open(folder, false, &reg, &why) != HF_OK)
        fail_msg("%s (%d)", why.text, why.sys);
    return reg;
}

/* Values and states, "a=planned b=removed", with those removed. */
static const char *contents(struct hf_register *reg,
                            const struct hf_register_filter *filter)
{
    static char text[1024];
    struct hf_entry entry;
    size_t n = 0;
    bool more = true;

    assert_int_equal(hf_register_list(reg, filter, NULL), HF_OK);
    text[0] = '\0';
    while (more) {
        assert_int_equal(hf_register_next(reg, &entry, &more, NULL), HF_OK);
        if (more)
            n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%.*s=%s",
                                  n > 0 ? " " : "", (int)entry.value.len,
                                  entry.value.ptr,
                                  hf_record_state_word(entry.state));
        assert_true(n < sizeof(text));
    }
    return text;
}

static const char *all(struct hf_register *reg)
{
    return contents(reg, &(struct hf_register_filter){.removed = true});
}

static int64_t plan(struct hf_register *reg, const struct hf_entry *entry)
{
    struct hf_why why = {0};
    int64_t id = 0;

    if (hf_register_plan(reg, entry, NOW, &id, &why) != HF_OK)
        fail_msg("%s", why.text);
    return id;
}

/* ---- what it is for ---- */

static void every_fact_is_kept(void **state)
{
    struct hf_register *reg = open_it(*state);
    struct hf_entry want = entry_of("x", "v");
    struct hf_register_filter filter = {0};
    struct hf_entry got = {0};
    bool more = false;
    struct stat about;
    char path[128];

    filter.id = plan(reg, &want);
    assert_int_equal(hf_register_list(reg, &filter, NULL), HF_OK);
    assert_int_equal(hf_register_next(reg, &got, &more, NULL), HF_OK);
    assert_true(more);
    assert_int_equal(got.id, filter.id);
    assert_span_equal(got.name, want.name);
    assert_span_equal(got.owner, want.owner);
    assert_span_equal(got.value, want.value);
    assert_span_equal(got.issuer, want.issuer);
    assert_span_equal(got.ca, want.ca);
    assert_span_equal(got.account_url, want.account_url);
    assert_span_equal(got.thumbprint, want.thumbprint);
    assert_span_equal(got.draft, want.draft);
    assert_true(got.wildcard && got.has_until);
    assert_int_equal(got.until_at, want.until_at);
    assert_int_equal(got.ttl_s, want.ttl_s);
    assert_span_equal(got.server, want.server);
    assert_span_equal(got.publisher, want.publisher);
    assert_span_equal(got.person, want.person);
    assert_span_equal(got.ticket, want.ticket);
    assert_int_equal(got.state, HF_RECORD_PLANNED);
    assert_int_equal(got.planned_at, NOW);
    assert_int_equal(got.published_at, 0);
    hf_register_end(reg);
    hf_register_close(reg);

    (void)snprintf(path, sizeof(path), "%s/" HF_REGISTER_FILE,
                   (const char *)*state);
    assert_int_equal(stat(path, &about), 0);
    assert_int_equal(about.st_mode & 0777, 0600);
}

static void states_change(void **state)
{
    struct hf_register *reg = open_it(*state);
    struct hf_entry first = entry_of("x", "a");
    struct hf_entry second = entry_of("x", "b");
    int64_t old = plan(reg, &first);
    int64_t new = plan(reg, &second);
    struct hf_register_change change = {.published = &old,
                                        .published_count = 1,
                                        .ttl_s = 60,
                                        .zone = HF_SPAN("x")};

    assert_int_equal(plan(reg, &first), old); /* the same record */
    assert_int_equal(hf_register_change(reg, &change, NOW + 1, NULL), HF_OK);
    assert_string_equal(all(reg), "a=published b=planned");
    change = (struct hf_register_change){.published = &new,
                                         .published_count = 1,
                                         .removed = &old,
                                         .removed_count = 1,
                                         .replaced_by = new,
                                         .verified = true};
    assert_int_equal(hf_register_change(reg, &change, NOW + 2, NULL), HF_OK);
    assert_string_equal(all(reg), "a=removed b=published");
    assert_string_equal(contents(reg, &(struct hf_register_filter){0}),
                        "b=published");
    /* Who is late does not bring back what another one replaced. */
    change =
        (struct hf_register_change){.published = &old, .published_count = 1};
    assert_int_equal(hf_register_change(reg, &change, NOW + 3, NULL), HF_OK);
    assert_string_equal(all(reg), "a=removed b=published");
    /* What was removed may come again: another row. */
    assert_true(plan(reg, &first) > new);
    hf_register_close(reg);
}

static void filters(void **state)
{
    struct hf_register *reg = open_it(*state);
    struct hf_entry a = entry_of("x", "a");
    struct hf_entry b = entry_of("y", "b");
    struct hf_entry c = entry_of("x", "c");
    const struct {
        struct hf_register_filter filter;
        const char *want;
    } cases[] = {
        {{0}, "a=planned c=planned b=planned"},
        {{.name = HF_SPAN("x")}, "a=planned c=planned"},
        {{.name = HF_SPAN("z")}, ""},
        {{.issuer = HF_SPAN("ca.example")}, "a=planned b=planned"},
        {{.name = HF_SPAN("x"), .issuer = HF_SPAN("o.example")}, "c=planned"},
        {{.account_url = HF_SPAN("https://o")}, "b=planned"},
        {{.id = 3}, "c=planned"},
        {{.id = 4}, ""},
    };

    b.account_url = HF_SPAN("https://o");
    c.issuer = HF_SPAN("o.example");
    (void)plan(reg, &a);
    (void)plan(reg, &b);
    (void)plan(reg, &c);
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        assert_string_equal(contents(reg, &cases[i].filter), cases[i].want);
    hf_register_close(reg);
}

/* ---- files that are none of ours ---- */

static void put_file(const char *folder, const char *text, size_t len)
{
    char path[128];
    int fd;

    (void)snprintf(path, sizeof(path), "%s/" HF_REGISTER_FILE, folder);
    fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, len), len);
    (void)close(fd);
}

static void run_sql(const char *folder, const char *sql)
{
    sqlite3 *db = NULL;
    char path[128];

    (void)snprintf(path, sizeof(path), "%s/" HF_REGISTER_FILE, folder);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    (void)sqlite3_close(db);
}

static void want_refusal(const char *folder, bool must_exist, enum hf_err err,
                         const char *says)
{
    struct hf_register *reg = NULL;
    struct hf_why why = {.text = ""};
    enum hf_err got = hf_register_open(folder, must_exist, &reg, &why);

    if (got != err || strstr(why.text, says) == NULL || reg != NULL)
        fail_msg("err %d: %s", (int)got, why.text);
}

static void foreign_files(void **state)
{
    static char zeros[4096];
    const char *folder = *state;
    char path[128];

    want_refusal(folder, true, HF_ENOTFOUND, "cannot be opened");
    memset(zeros, 'x', sizeof(zeros));
    put_file(folder, zeros, sizeof(zeros));
    want_refusal(folder, false, HF_ESYNTAX, "damaged");
    (void)scratch_empty(folder);
    run_sql(folder, "CREATE TABLE t (x)");
    want_refusal(folder, false, HF_EINVAL, "another program");
    (void)scratch_empty(folder);
    hf_register_close(open_it(folder));
    run_sql(folder, "PRAGMA user_version=99");
    want_refusal(folder, false, HF_EINVAL, "newer holdfast");
    (void)scratch_empty(folder);
    (void)snprintf(path, sizeof(path), "%s/" HF_REGISTER_FILE, folder);
    assert_int_equal(symlink("elsewhere", path), 0);
    want_refusal(folder, false, HF_ESYSTEM, "cannot be opened");
    (void)scratch_empty(folder);
    want_refusal("/dev/null/x", false, HF_ESYSTEM, "folder");
}

static void folder_is_made(void **state)
{
    char path[128];
    struct stat about;

    (void)snprintf(path, sizeof(path), "%s/a/b", (const char *)*state);
    hf_register_close(open_it(path));
    assert_int_equal(stat(path, &about), 0);
    assert_int_equal(about.st_mode & 0777, 0700);
    (void)scratch_empty(path);
    assert_int_equal(rmdir(path), 0);
    *strrchr(path, '/') = '\0';
    assert_int_equal(rmdir(path), 0);
}

/* ---- faults ---- */

/* What the faults interrupt: open, write down, and replace. */
static enum hf_err change_it(const char *folder, struct hf_why *why)
{
    struct hf_register *reg = NULL;
    struct hf_entry second = entry_of("x", "b");
    const int64_t old = 1;
    int64_t id = 0;
    enum hf_err err = hf_register_open(folder, false, &reg, why);

    if (err == HF_OK)
        err = hf_register_plan(reg, &second, NOW, &id, why);
    if (err == HF_OK) {
        const struct hf_register_change change = {.published = &id,
                                                  .published_count = 1,
                                                  .removed = &old,
                                                  .removed_count = id != old,
                                                  .replaced_by = id};

        err = hf_register_change(reg, &change, NOW, why);
    }
    hf_register_close(reg);
    return err;
}

static void prepare(const char *folder, bool is_new)
{
    struct hf_register *reg;
    struct hf_entry first = entry_of("x", "a");
    const int64_t id = 1;
    const struct hf_register_change change = {.published = &id,
                                              .published_count = 1};

    arm(NO_FAULT, 0);
    (void)scratch_empty(folder);
    if (is_new)
        return;
    reg = open_it(folder);
    assert_int_equal(plan(reg, &first), id);
    assert_int_equal(hf_register_change(reg, &change, NOW, NULL), HF_OK);
    hf_register_close(reg);
}

/* Before, written down, or done; and it takes another change. */
static void want_whole(const char *folder, bool is_new, bool is_done, int at)
{
    static const char *const whole[2][3] = {
        {"a=published", "a=published b=planned", "a=removed b=published"},
        {"", "b=planned", "b=published"}};
    struct hf_register *reg;
    struct hf_entry third = entry_of("x", "c");
    const char *got;
    bool good = false;

    arm(NO_FAULT, 0);
    reg = open_it(folder);
    got = all(reg);
    for (size_t i = is_done ? 2 : 0; i < 3; i++)
        good |= strcmp(got, whole[is_new][i]) == 0;
    if (!good)
        fail_msg("call %d: %s", at, got);
    (void)plan(reg, &third);
    hf_register_close(reg);
}

/* In a file that is there, and in one that is being made. */
static void every_call_fails(void **state)
{
    static const enum fault kinds[] = {FAIL_ENOSPC, FAIL_EIO};
    size_t failed = 0;

    for (size_t kind = 0; kind < 4; kind++) {
        bool is_new = kind % 2 == 1;
        bool over = false;

        for (int at = 1; !over; at++) {
            struct hf_why why = {0};
            enum hf_err err;

            prepare(*state, is_new);
            arm(kinds[kind / 2], at);
            err = change_it(*state, &why);
            over = faults.calls < at;
            failed += err != HF_OK;
            assert_true(err == HF_OK || why.text != NULL);
            if (over)
                assert_int_equal(err, HF_OK);
            want_whole(*state, is_new, err == HF_OK, at);
        }
    }
    assert_true(failed > 40);
}

static void process_dies(void **state)
{
    size_t died = 0;

    for (int kind = 0; kind < 2; kind++) {
        bool over = false;

        for (int at = 1; !over; at++) {
            pid_t pid;
            int status;

            prepare(*state, kind == 1);
            pid = fork();
            assert_true(pid >= 0);
            if (pid == 0) {
                arm(KILL, at);
                _exit(change_it(*state, NULL) != HF_OK);
            }
            assert_int_equal(waitpid(pid, &status, 0), pid);
            over = !WIFSIGNALED(status);
            died += !over;
            if (over)
                assert_int_equal(status, 0);
            want_whole(*state, kind == 1, over, at);
        }
    }
    assert_true(died > 20);
}

/* A full disk is told as such. */
static void full_disk(void **state)
{
    struct hf_register *reg;
    struct hf_entry second = entry_of("x", "b");
    struct hf_why why = {.text = ""};
    int64_t id = 77;

    prepare(*state, false);
    reg = open_it(*state);
    arm(FAIL_ENOSPC, 1);
    assert_int_equal(hf_register_plan(reg, &second, NOW, &id, &why),
                     HF_ESYSTEM);
    assert_non_null(strstr(why.text, "disk is full"));
    assert_int_equal(id, 77);
    arm(NO_FAULT, 0);
    assert_string_equal(all(reg), "a=published");
    assert_true(plan(reg, &second) > 0); /* there is room again */
    hf_register_close(reg);
}

static void no_memory(void **state)
{
    struct hf_register *reg = NULL;

    hf_alloc_fail_after(0, false);
    assert_int_equal(hf_register_open(*state, false, &reg, NULL), HF_ENOMEM);
    hf_alloc_fail_after(1, false);
    assert_int_equal(hf_register_open(*state, false, &reg, NULL), HF_ENOMEM);
    hf_alloc_fail_after(-1, false);
    assert_null(reg);
}

/* Twenty processes open the file that none of them has made yet, and each
 * writes: REQ CLI-44. */
static void many_at_once(void **state)
{
    enum { MANY = 20 };
    struct hf_register *reg;
    const char *got;
    size_t count = 0;

    prepare(*state, true);
    for (int i = 0; i < MANY; i++) {
        char value[16];
        struct hf_entry entry;
        int64_t id;

        (void)snprintf(value, sizeof(value), "v%d", i);
        entry = entry_of("x", value);
        if (fork() == 0) {
            bool good = hf_register_open(*state, false, &reg, NULL) == HF_OK &&
                        hf_register_plan(reg, &entry, NOW, &id, NULL) == HF_OK;

            _exit(!good);
        }
    }
    for (int i = 0; i < MANY; i++) {
        int status = 1;

        (void)wait(&status);
        assert_int_equal(status, 0);
    }
    reg = open_it(*state);
    got = all(reg);
    for (const char *c = got; *c != '\0'; c++)
        count += *c == '=';
    assert_int_equal(count, MANY);
    hf_register_close(reg);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_fact_is_kept, enter, leave),
        cmocka_unit_test_setup_teardown(states_change, enter, leave),
        cmocka_unit_test_setup_teardown(filters, enter, leave),
        cmocka_unit_test_setup_teardown(foreign_files, enter, leave),
        cmocka_unit_test_setup_teardown(folder_is_made, enter, leave),
        cmocka_unit_test_setup_teardown(every_call_fails, enter, leave),
        cmocka_unit_test_setup_teardown(process_dies, enter, leave),
        cmocka_unit_test_setup_teardown(full_disk, enter, leave),
        cmocka_unit_test_setup_teardown(no_memory, enter, leave),
        cmocka_unit_test_setup_teardown(many_at_once, enter, leave),
    };

    assert_int_equal(sqlite3_initialize(), SQLITE_OK);
    take_over("pwrite", (sqlite3_syscall_ptr)faulty_pwrite);
    take_over("pwrite64", (sqlite3_syscall_ptr)faulty_pwrite);
    take_over("write", (sqlite3_syscall_ptr)faulty_write);
    take_over("ftruncate", (sqlite3_syscall_ptr)faulty_ftruncate);
    take_over("open", (sqlite3_syscall_ptr)faulty_open);
    take_over("unlink", (sqlite3_syscall_ptr)faulty_unlink);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
