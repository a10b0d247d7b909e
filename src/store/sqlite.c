/* SPDX-License-Identifier: Apache-2.0 */
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sqlite3.h>
#include <stddef.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "os/clock.h"
#include "os/draft.h"
#include "os/fail.h"
#include "os/signals.h"
#include "store/dialect.h"
#include "store/engine.h"

#define APPLICATION_ID "1751542884" /* "hfld" as a number, big endian */
#define LOCK_PAUSE_MS  20

/* Of SQLite what is used here. The library is loaded when a file is opened,
 * for it is large, and most processes of ours never open one. */
#define LITE_FILE "libsqlite3.so.0"
/* clang-format off */
#define LITE_CALLS(X)                                                          \
    X(bind_blob64) X(bind_int64) X(bind_null) X(bind_text) X(bind_text64)      \
    X(busy_timeout) X(changes64) X(clear_bindings) X(close) X(column_blob)     \
    X(column_bytes) X(column_int64) X(column_type) X(db_config) X(exec)        \
    X(extended_result_codes) X(finalize) X(get_autocommit) X(libversion)       \
    X(open_v2) X(prepare_v2) X(prepare_v3) X(reset) X(snprintf) X(step)        \
    X(stmt_readonly) X(system_errno)
/* clang-format on */

struct lite {
#define LITE_POINTER(name) __typeof__(sqlite3_##name) *(name);
    LITE_CALLS(LITE_POINTER)
};

struct lite_store {
    struct hf_store store;
    struct lite lite;
    sqlite3 *db;
    sqlite3_stmt *statements[HF_STORE_OPERATIONS_MAX];
};

static struct lite_store *of(struct hf_store *store)
{
    return (struct lite_store *)store;
}

/* ---- failing ---- */

static enum hf_err fail_kernel(const struct lite_store *store, const char *text,
                               struct hf_why *why)
{
    enum hf_err err = hf_fail(why, HF_ESYSTEM, 0, text);

    if (why != NULL && store->db != NULL)
        why->sys = store->lite.system_errno(store->db);
    return err;
}

/* What SQLite says, in words for people. */
static enum hf_err fail(const struct lite_store *store, int code,
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
static enum hf_err run_sql(struct lite_store *store, const char *sql,
                           struct hf_why *why)
{
    int code = store->lite.exec(store->db, sql, NULL, NULL, NULL);

    return code == SQLITE_OK ? HF_OK : fail(store, code, why);
}

/* The only column of the only row. */
static enum hf_err ask_number(struct lite_store *store, const char *sql,
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
static enum hf_err set_up(struct lite_store *store, struct hf_why *why)
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
                   "PRAGMA cache_size=-4096;"
                   "PRAGMA temp_store=MEMORY",
                   why);
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

static enum hf_err open_locked(struct lite_store *store, const char *path,
                               struct hf_why *why)
{
    enum hf_err err = load(&store->lite, why);
    int code;

    if (err != HF_OK)
        return err;
    code = store->lite.open_v2(
        path, &store->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
    return code == SQLITE_OK ? set_up(store, why) : fail(store, code, why);
}

static enum hf_err lite_open(struct hf_store *store, const char *path,
                             bool must_exist, struct hf_why *why)
{
    const char *name;
    int dir = -1;
    enum hf_err err = open_folder(path, &dir, &name, why);

    if (err != HF_OK)
        return err;
    err = lock_folder(dir, why);
    if (err == HF_OK)
        err = make_file(dir, name, must_exist, why);
    if (err == HF_OK)
        err = open_locked(of(store), path, why);
    (void)close(dir);
    return err;
}

static void lite_close(struct hf_store *base)
{
    struct lite_store *store = of(base);

    for (size_t i = 0; i < HF_STORE_OPERATIONS_MAX; i++)
        if (store->statements[i] != NULL)
            (void)store->lite.finalize(store->statements[i]);
    if (store->db != NULL)
        (void)store->lite.close(store->db);
}

/* ---- the tables ---- */

/* In one look, lest another process make its tables between two. Who writes is
 * alone anyhow. */
static enum hf_err lite_version(struct hf_store *base, bool alone, int64_t *out,
                                struct hf_why *why)
{
    enum hf_err err = ask_number(
        of(base),
        "SELECT CASE"
        " WHEN application_id = " APPLICATION_ID " THEN user_version"
        " WHEN application_id = 0 AND user_version = 0"
        " AND NOT EXISTS (SELECT 1 FROM sqlite_schema) THEN 0 ELSE -1 END"
        " FROM pragma_application_id, pragma_user_version",
        out, why);

    (void)alone;
    if (err == HF_OK && *out < 0)
        return hf_fail(why, HF_EINVAL, 0,
                       "these tables belong to another program");
    return err;
}

static enum hf_err lite_set_version(struct hf_store *base, int64_t version,
                                    struct hf_why *why)
{
    struct lite_store *store = of(base);
    char room[96];

    return run_sql(store,
                   store->lite.snprintf((int)sizeof(room), room,
                                        "PRAGMA application_id=" APPLICATION_ID
                                        ";PRAGMA user_version=%d",
                                        (int)version),
                   why);
}

static enum hf_err lite_sql(struct hf_store *store, const char *text,
                            struct hf_why *why)
{
    return run_sql(of(store), text, why);
}

/* ---- transactions ---- */

static enum hf_err lite_begin(struct hf_store *store, struct hf_why *why)
{
    return run_sql(of(store), "BEGIN IMMEDIATE", why);
}

static enum hf_err lite_commit(struct hf_store *store, struct hf_why *why)
{
    return run_sql(of(store), "COMMIT", why);
}

static void lite_undo(struct hf_store *base)
{
    struct lite_store *store = of(base);

    /* After some failures SQLite has undone it already. */
    if (store->lite.get_autocommit(store->db) == 0)
        (void)run_sql(store, "ROLLBACK", NULL);
}

/* ---- operations ---- */

static int bind(const struct lite_store *store, sqlite3_stmt *statement, int at,
                const struct hf_store_value *value)
{
    /* Text without octets is text, not NULL. */
    const char *text = value->text.len == 0 ? "" : value->text.ptr;

    switch (value->kind) {
    case HF_STORE_NULL:
        return store->lite.bind_null(statement, at);
    case HF_STORE_NUMBER:
        return store->lite.bind_int64(statement, at, value->number);
    case HF_STORE_TEXT:
        return store->lite.bind_text64(statement, at, text, value->text.len,
                                       SQLITE_STATIC, SQLITE_UTF8);
    case HF_STORE_BLOB:
        break;
    }
    return store->lite.bind_blob64(statement, at, text, value->text.len,
                                   SQLITE_STATIC);
}

static enum hf_err prepare(struct lite_store *store, size_t operation,
                           struct hf_why *why)
{
    /* "$1" is a name to SQLite, "?1" the first. */
    static const struct hf_dialect_word words[] = {{"$", "?"}};
    struct hf_buf sql;
    int code = SQLITE_NOMEM;

    hf_buf_init_grow(&sql, HF_DIALECT_MAX);
    hf_dialect_put(&sql, store->store.plan->operations[operation], words, 1);
    if (!sql.full)
        code = store->lite.prepare_v3(store->db, sql.ptr, (int)sql.len,
                                      SQLITE_PREPARE_PERSISTENT,
                                      &store->statements[operation], NULL);
    hf_buf_clear(&sql);
    return code == SQLITE_OK ? HF_OK : fail(store, code, why);
}

static void lite_end(struct hf_store *base, size_t operation)
{
    struct lite_store *store = of(base);

    (void)store->lite.reset(store->statements[operation]);
    (void)store->lite.clear_bindings(store->statements[operation]);
}

static enum hf_err lite_start(struct hf_store *base, size_t operation,
                              const struct hf_store_value *values, size_t count,
                              struct hf_why *why)
{
    struct lite_store *store = of(base);
    int code = SQLITE_OK;

    if (store->statements[operation] == NULL) {
        enum hf_err err = prepare(store, operation, why);

        if (err != HF_OK)
            return err;
    }
    for (size_t i = 0; i < count && code == SQLITE_OK; i++)
        code =
            bind(store, store->statements[operation], (int)i + 1, &values[i]);
    if (code == SQLITE_OK)
        return HF_OK;
    lite_end(base, operation);
    return fail(store, code, why);
}

static enum hf_err lite_next(struct hf_store *base, size_t operation,
                             bool *more, struct hf_why *why)
{
    struct lite_store *store = of(base);
    sqlite3_stmt *statement = store->statements[operation];
    int code = store->lite.step(statement);

    *more = code == SQLITE_ROW;
    if (code == SQLITE_ROW)
        return HF_OK;
    if (code == SQLITE_DONE)
        base->changed = store->lite.stmt_readonly(statement) != 0
                            ? 0
                            : store->lite.changes64(store->db);
    lite_end(base, operation);
    return code == SQLITE_DONE ? HF_OK : fail(store, code, why);
}

static sqlite3_stmt *row_of(const struct hf_store *store, size_t operation)
{
    return ((const struct lite_store *)store)->statements[operation];
}

static const struct lite *lite_of(const struct hf_store *store)
{
    return &((const struct lite_store *)store)->lite;
}

static int64_t lite_get_number(const struct hf_store *store, size_t operation,
                               int column)
{
    return lite_of(store)->column_int64(row_of(store, operation), column);
}

static struct hf_span lite_get_text(const struct hf_store *store,
                                    size_t operation, int column)
{
    sqlite3_stmt *row = row_of(store, operation);
    const char *text = lite_of(store)->column_blob(row, column);
    int len = lite_of(store)->column_bytes(row, column);

    return (struct hf_span){text, text == NULL ? 0 : (size_t)len};
}

static bool lite_is_null(const struct hf_store *store, size_t operation,
                         int column)
{
    return lite_of(store)->column_type(row_of(store, operation), column) ==
           SQLITE_NULL;
}

/* ---- copies ---- */

/* Nothing is reported but what is wrong. */
static enum hf_err lite_check(struct hf_store *base, struct hf_why *why)
{
    struct lite_store *store = of(base);
    int64_t wrong = 0;
    enum hf_err err = ask_number(store,
                                 "SELECT (SELECT count(*) FROM"
                                 " pragma_integrity_check"
                                 " WHERE integrity_check <> 'ok')"
                                 " + (SELECT count(*) FROM"
                                 " pragma_foreign_key_check)",
                                 &wrong, why);

    return err == HF_OK && wrong > 0 ? fail(store, SQLITE_CORRUPT, why) : err;
}

/* Nothing can be set otherwise here: see set_up(). */
static enum hf_err lite_about(struct hf_store *base, struct hf_store_about *out,
                              struct hf_why *why)
{
    struct lite_store *store = of(base);
    int64_t page = 0;
    int64_t pages = 0;
    int64_t free = 0;
    enum hf_err err = ask_number(store, "PRAGMA page_size", &page, why);

    if (err == HF_OK)
        err = ask_number(store, "PRAGMA page_count", &pages, why);
    if (err == HF_OK)
        err = ask_number(store, "PRAGMA freelist_count", &free, why);
    (void)store->lite.snprintf((int)sizeof(out->engine), out->engine,
                               "SQLite %s", store->lite.libversion());
    out->octets = pages * page;
    out->unused = free * page;
    return err;
}

/* Into a file that is there, and empty. */
static enum hf_err copy_to(struct lite_store *store, const char *path,
                           struct hf_why *why)
{
    sqlite3_stmt *statement = NULL;
    int code = store->lite.prepare_v2(store->db, "VACUUM INTO ?1", -1,
                                      &statement, NULL);

    if (code == SQLITE_OK)
        code = store->lite.bind_text(statement, 1, path, -1, SQLITE_STATIC);
    if (code == SQLITE_OK)
        code = store->lite.step(statement);
    (void)store->lite.finalize(statement);
    return code == SQLITE_DONE ? HF_OK : fail(store, code, why);
}

static enum hf_err check_copy(const struct lite_store *store, const char *path,
                              struct hf_why *why)
{
    struct lite_store copy = {.lite = store->lite};
    int code = copy.lite.open_v2(
        path, &copy.db, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL);
    enum hf_err err = code == SQLITE_OK ? lite_check(&copy.store, why)
                                        : fail(&copy, code, why);

    (void)copy.lite.close(copy.db);
    return err;
}

/* The draft of `path` has a path, too. */
static enum hf_err backup_to(struct lite_store *store, struct hf_draft *draft,
                             struct hf_why *why)
{
    char room[64];
    struct hf_buf path;
    enum hf_err err;

    hf_buf_init(&path, room, sizeof(room));
    hf_buf_puts(&path, "/proc/self/fd/");
    hf_buf_put_i64(&path, draft->fd);
    hf_buf_putc(&path, '\0');
    err = copy_to(store, room, why);
    return err == HF_OK ? check_copy(store, room, why) : err;
}

static enum hf_err lite_backup(struct hf_store *base, const char *path,
                               struct hf_why *why)
{
    struct hf_draft draft;
    struct stat about;
    enum hf_err err;

    if (lstat(path, &about) == 0)
        return hf_fail(why, HF_EINVAL, 0,
                       "there is a file of this name; a copy wants a new one");
    err = hf_draft_open(path, &draft, why);
    if (err != HF_OK)
        return err;
    if (fchmod(draft.fd, 0600) != 0)
        err = hf_fail_sys(why, errno, "cannot create the file");
    if (err == HF_OK)
        err = backup_to(of(base), &draft, why);
    if (err == HF_OK)
        return hf_draft_keep(&draft, why);
    hf_draft_drop(&draft);
    return err;
}

const struct hf_engine hf_engine_sqlite = {
    .size = sizeof(struct lite_store),
    .open = lite_open,
    .close = lite_close,
    .version = lite_version,
    .set_version = lite_set_version,
    .sql = lite_sql,
    .begin = lite_begin,
    .commit = lite_commit,
    .undo = lite_undo,
    .start = lite_start,
    .next = lite_next,
    .end = lite_end,
    .get_number = lite_get_number,
    .get_text = lite_get_text,
    .is_null = lite_is_null,
    .backup = lite_backup,
    .check = lite_check,
    .about = lite_about,
};
