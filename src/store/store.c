/* SPDX-License-Identifier: Apache-2.0 */
#include "store/store.h"

#include <assert.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sqlite3.h>
#include <stddef.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "os/clock.h"
#include "os/fail.h"
#include "os/signals.h"

#define APPLICATION_ID 0x68666c64 /* "hfld" */
#define LOCK_PAUSE_MS  20

/* Of SQLite what is used here. The library is loaded when a file is opened,
 * for it is large, and most processes of ours never open one. */
#define LITE_FILE "libsqlite3.so.0"
/* clang-format off */
#define LITE_CALLS(X)                                                          \
    X(bind_int64) X(bind_null) X(bind_text64) X(busy_timeout)                  \
    X(clear_bindings) X(close) X(column_bytes) X(column_int64)                 \
    X(column_text) X(column_type) X(db_config) X(exec)                         \
    X(extended_result_codes) X(finalize) X(get_autocommit)                     \
    X(last_insert_rowid) X(open_v2) X(prepare_v2) X(prepare_v3) X(reset)       \
    X(snprintf) X(step) X(system_errno)
/* clang-format on */

struct lite {
#define LITE_POINTER(name) __typeof__ (&sqlite3_##name)(name);
    LITE_CALLS(LITE_POINTER)
};

struct hf_store {
    struct lite lite;
    sqlite3 *db;
    const struct hf_store_plan *plan;
    sqlite3_stmt *statements[HF_STORE_OPERATIONS_MAX];
    bool in_transaction;
};

/* ---- failing ---- */

static enum hf_err fail_kernel(const struct hf_store *store, const char *text,
                               struct hf_why *why)
{
    enum hf_err err = hf_fail(why, HF_ESYSTEM, 0, text);

    if (why != NULL && store->db != NULL)
        why->sys = store->lite.system_errno(store->db);
    return err;
}

/* What SQLite says, in words for people. */
static enum hf_err fail(const struct hf_store *store, int code,
                        struct hf_why *why)
{
    switch (code & 0xff) {
    case SQLITE_NOMEM:
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    case SQLITE_FULL:
        return hf_fail(why, HF_ESYSTEM, 0,
                       "the disk is full; nothing of this change was kept");
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return hf_fail(why, HF_ETIMEOUT, 0,
                       "another process keeps it busy; try again later");
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT:
        return hf_fail(why, HF_ESYNTAX, 0,
                       "this is no such file, or it is damaged; put a copy "
                       "from your backup in its place");
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
        return fail_kernel(store, "it may not be written", why);
    case SQLITE_CANTOPEN:
        return fail_kernel(store, "it cannot be opened", why);
    case SQLITE_CONSTRAINT:
    case SQLITE_MISMATCH:
    case SQLITE_TOOBIG:
        return hf_fail(why, HF_EINVAL, 0,
                       "a rule of the tables forbids this change");
    default:
        return fail_kernel(store, "it cannot be read or written", why);
    }
}

/* ---- opening ---- */

static enum hf_err load(struct lite *out, struct hf_why *why)
{
    static const struct {
        const char *symbol;
        size_t at;
    } calls[] = {
#define LITE_ROW(name) {"sqlite3_" #name, offsetof(struct lite, name)},
        LITE_CALLS(LITE_ROW)};
    void *object = dlopen(LITE_FILE, RTLD_NOW | RTLD_LOCAL);

    for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
        void *found = object == NULL ? NULL : dlsym(object, calls[i].symbol);

        if (found == NULL)
            return hf_fail(why, HF_ESYSTEM, 0,
                           "it wants SQLite 3.40, and that (" LITE_FILE
                           ") is not installed here");
        memcpy((char *)out + calls[i].at, &found, sizeof(found));
    }
    return HF_OK;
}

/* Run SQL of ours that gives no rows, or whose rows do not matter. */
static enum hf_err run_sql(struct hf_store *store, const char *sql,
                           struct hf_why *why)
{
    int code = store->lite.exec(store->db, sql, NULL, NULL, NULL);

    return code == SQLITE_OK ? HF_OK : fail(store, code, why);
}

/* The only column of the only row. */
static enum hf_err ask_number(struct hf_store *store, const char *sql,
                              int64_t *out, struct hf_why *why)
{
    sqlite3_stmt *statement = NULL;
    int code = store->lite.prepare_v2(store->db, sql, -1, &statement, NULL);

    if (code == SQLITE_OK)
        code = store->lite.step(statement);
    if (code == SQLITE_ROW)
        *out = store->lite.column_int64(statement, 0);
    (void)store->lite.finalize(statement);
    return code == SQLITE_ROW ? HF_OK : fail(store, code, why);
}

/* Make the file, so that nobody but us can ever read it, and have its name on
 * disk. SQLite gives its other files the same mode. */
static enum hf_err make_file(int dir, const char *name, bool must_exist,
                             struct hf_why *why)
{
    int flags = O_RDONLY | O_CLOEXEC | O_NOFOLLOW;
    int fd = openat(dir, name, flags);

    if (fd < 0 && errno == ENOENT && !must_exist)
        fd = openat(dir, name, flags | O_CREAT, 0600);
    if (fd < 0)
        return hf_fail_sys(why, errno, "it cannot be opened");
    (void)close(fd);
    if (fsync(dir) != 0)
        return hf_fail_sys(why, errno, "sync directory");
    return HF_OK;
}

/* One at a time while the file is made and its tables: on a new file SQLite
 * itself does not wait for its turn. */
static enum hf_err lock_folder(int dir, struct hf_why *why)
{
    int64_t until_ms = hf_clock_ms() + HF_STORE_BUSY_MS;

    while (flock(dir, LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK && errno != EINTR)
            return hf_fail_sys(why, errno, "its folder cannot be locked");
        if (hf_signals_stop_wanted())
            return hf_fail(why, HF_ECANCELED, 0, "interrupted");
        if (hf_clock_ms() > until_ms)
            return hf_fail(why, HF_ETIMEOUT, 0,
                           "another process keeps it busy; try again later");
        (void)poll(NULL, 0, LOCK_PAUSE_MS);
    }
    return HF_OK;
}

/* Text in the file is data, never a program: no triggers or functions that
 * somebody smuggled in may run. */
static enum hf_err set_up(struct hf_store *store, struct hf_why *why)
{
    int64_t version;
    enum hf_err err;

    (void)store->lite.busy_timeout(store->db, HF_STORE_BUSY_MS);
    (void)store->lite.db_config(store->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    (void)store->lite.db_config(store->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0,
                                NULL);
    (void)store->lite.db_config(store->db, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
    (void)store->lite.db_config(store->db, SQLITE_DBCONFIG_DQS_DDL, 0, NULL);
    (void)store->lite.extended_result_codes(store->db, 1);
    /* Read first: a damaged or foreign file is not touched. */
    err = ask_number(store, "PRAGMA schema_version", &version, why);
    if (err != HF_OK)
        return err;
    return run_sql(store,
                   "PRAGMA journal_mode=WAL;"
                   "PRAGMA synchronous=FULL;"
                   "PRAGMA foreign_keys=ON;"
                   "PRAGMA cell_size_check=ON;"
                   "PRAGMA cache_size=-1024;"
                   "PRAGMA temp_store=MEMORY",
                   why);
}

static enum hf_err check_owner(struct hf_store *store, int64_t version,
                               struct hf_why *why)
{
    int64_t tables = 0;
    int64_t id = 0;
    enum hf_err err = ask_number(store, "PRAGMA application_id", &id, why);

    if (err == HF_OK)
        err = ask_number(store, "SELECT count(*) FROM sqlite_schema", &tables,
                         why);
    if (err != HF_OK)
        return err;
    if (id != APPLICATION_ID && (id != 0 || tables > 0 || version != 0))
        return hf_fail(why, HF_EINVAL, 0,
                       "these tables belong to another program");
    if (version > store->plan->step_count)
        return hf_fail(why, HF_EINVAL, 0,
                       "a newer holdfast wrote it; use that one");
    return HF_OK;
}

static enum hf_err take_step(struct hf_store *store, int step,
                             struct hf_why *why)
{
    char room[64];
    char *sql = store->lite.snprintf((int)sizeof(room), room,
                                     "PRAGMA user_version=%d", step + 1);
    enum hf_err err = run_sql(store, store->plan->steps[step], why);

    return err != HF_OK ? err : run_sql(store, sql, why);
}

/* Numbered steps, all that are missing in one transaction. */
static enum hf_err migrate(struct hf_store *store, struct hf_why *why)
{
    int64_t version = 0;
    enum hf_err err = ask_number(store, "PRAGMA user_version", &version, why);

    if (err == HF_OK)
        err = check_owner(store, version, why);
    if (err != HF_OK || version == store->plan->step_count)
        return err;
    err = hf_store_begin(store, why);
    if (err == HF_OK)
        err = ask_number(store, "PRAGMA user_version", &version, why);
    if (err == HF_OK && version == 0)
        err = run_sql(store, "PRAGMA application_id=0x68666c64", why);
    for (int i = (int)version; i < store->plan->step_count && err == HF_OK; i++)
        err = take_step(store, i, why);
    if (err == HF_OK)
        return hf_store_commit(store, why);
    hf_store_undo(store);
    return err;
}

static enum hf_err open_locked(const char *path, struct hf_store *store,
                               struct hf_why *why)
{
    enum hf_err err = load(&store->lite, why);
    int code;

    if (err != HF_OK)
        return err;
    code = store->lite.open_v2(
        path, &store->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
    if (code != SQLITE_OK)
        return fail(store, code, why);
    err = set_up(store, why);
    return err != HF_OK ? err : migrate(store, why);
}

/* The folder of `path`, and the name in it. */
static enum hf_err open_folder(const char *path, int *dir, const char **name,
                               struct hf_why *why)
{
    const char *slash = strrchr(path, '/');
    size_t len = slash == NULL ? 0 : (size_t)(slash - path) + 1;
    char folder[PATH_MAX] = ".";

    if (len >= sizeof(folder))
        return hf_fail(why, HF_ELIMIT, 0, "path too long");
    if (len > 0) {
        memcpy(folder, path, len);
        folder[len] = '\0';
    }
    *name = slash == NULL ? path : slash + 1;
    *dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return *dir >= 0 ? HF_OK
                     : hf_fail_sys(why, errno, "its folder cannot be opened");
}

enum hf_err hf_store_open(const char *path, const struct hf_store_plan *plan,
                          bool must_exist, struct hf_store **out,
                          struct hf_why *why)
{
    struct hf_store *store = hf_alloc(1, sizeof(*store));
    const char *name;
    int dir = -1;
    enum hf_err err;

    assert(plan->operation_count <= HF_STORE_OPERATIONS_MAX);
    if (store == NULL)
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    store->plan = plan;
    err = open_folder(path, &dir, &name, why);
    if (err == HF_OK)
        err = lock_folder(dir, why);
    if (err == HF_OK)
        err = make_file(dir, name, must_exist, why);
    if (err == HF_OK)
        err = open_locked(path, store, why);
    if (dir >= 0)
        (void)close(dir);
    if (err != HF_OK)
        hf_store_close(store);
    else
        *out = store;
    return err;
}

void hf_store_close(struct hf_store *store)
{
    if (store == NULL)
        return;
    hf_store_undo(store);
    for (size_t i = 0; i < HF_STORE_OPERATIONS_MAX; i++)
        if (store->statements[i] != NULL)
            (void)store->lite.finalize(store->statements[i]);
    if (store->db != NULL)
        (void)store->lite.close(store->db);
    hf_free(store);
}

/* ---- transactions ---- */

enum hf_err hf_store_begin(struct hf_store *store, struct hf_why *why)
{
    enum hf_err err = run_sql(store, "BEGIN IMMEDIATE", why);

    store->in_transaction = err == HF_OK;
    return err;
}

enum hf_err hf_store_commit(struct hf_store *store, struct hf_why *why)
{
    enum hf_err err = run_sql(store, "COMMIT", why);

    if (err == HF_OK)
        store->in_transaction = false;
    else
        hf_store_undo(store);
    return err;
}

void hf_store_undo(struct hf_store *store)
{
    /* After some failures SQLite has undone it already. */
    if (store->in_transaction && store->lite.get_autocommit(store->db) == 0)
        (void)run_sql(store, "ROLLBACK", NULL);
    store->in_transaction = false;
}

/* ---- operations ---- */

static sqlite3_stmt *statement_of(const struct hf_store *store,
                                  size_t operation)
{
    assert(operation < store->plan->operation_count);
    return store->statements[operation];
}

static int bind(const struct hf_store *store, sqlite3_stmt *statement, int at,
                const struct hf_store_value *value)
{
    switch (value->kind) {
    case HF_STORE_NULL:
        return store->lite.bind_null(statement, at);
    case HF_STORE_NUMBER:
        return store->lite.bind_int64(statement, at, value->number);
    case HF_STORE_TEXT:
        break;
    }
    /* Text without octets is text, not NULL. */
    return store->lite.bind_text64(statement, at,
                                   value->text.len == 0 ? "" : value->text.ptr,
                                   value->text.len, SQLITE_STATIC, SQLITE_UTF8);
}

enum hf_err hf_store_start(struct hf_store *store, size_t operation,
                           const struct hf_store_value *values, size_t count,
                           struct hf_why *why)
{
    int code = SQLITE_OK;

    if (statement_of(store, operation) == NULL)
        code = store->lite.prepare_v3(
            store->db, store->plan->operations[operation], -1,
            SQLITE_PREPARE_PERSISTENT, &store->statements[operation], NULL);
    for (size_t i = 0; i < count && code == SQLITE_OK; i++)
        code =
            bind(store, store->statements[operation], (int)i + 1, &values[i]);
    if (code == SQLITE_OK)
        return HF_OK;
    hf_store_end(store, operation);
    return fail(store, code, why);
}

enum hf_err hf_store_next(struct hf_store *store, size_t operation, bool *more,
                          struct hf_why *why)
{
    int code = store->lite.step(statement_of(store, operation));

    *more = code == SQLITE_ROW;
    if (code == SQLITE_ROW)
        return HF_OK;
    hf_store_end(store, operation);
    return code == SQLITE_DONE ? HF_OK : fail(store, code, why);
}

void hf_store_end(struct hf_store *store, size_t operation)
{
    sqlite3_stmt *statement = statement_of(store, operation);

    (void)store->lite.reset(statement);
    (void)store->lite.clear_bindings(statement);
}

enum hf_err hf_store_run(struct hf_store *store, size_t operation,
                         const struct hf_store_value *values, size_t count,
                         struct hf_why *why)
{
    enum hf_err err = hf_store_start(store, operation, values, count, why);
    bool more = false;

    if (err == HF_OK)
        err = hf_store_next(store, operation, &more, why);
    if (more)
        hf_store_end(store, operation);
    return err;
}

int64_t hf_store_get_number(const struct hf_store *store, size_t operation,
                            int column)
{
    return store->lite.column_int64(statement_of(store, operation), column);
}

struct hf_span hf_store_get_text(const struct hf_store *store, size_t operation,
                                 int column)
{
    sqlite3_stmt *statement = statement_of(store, operation);
    const char *text = (const char *)store->lite.column_text(statement, column);
    int len = store->lite.column_bytes(statement, column);

    return (struct hf_span){text, text == NULL ? 0 : (size_t)len};
}

bool hf_store_is_null(const struct hf_store *store, size_t operation,
                      int column)
{
    return store->lite.column_type(statement_of(store, operation), column) ==
           SQLITE_NULL;
}

int64_t hf_store_last_id(const struct hf_store *store)
{
    return store->lite.last_insert_rowid(store->db);
}
