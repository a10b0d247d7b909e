/* SPDX-License-Identifier: Apache-2.0 */
/*
 * postgresql.c -- the engine for more than one machine, a plug-in so that who
 * has a file does not carry libpq.
 *
 * All is SERIALIZABLE: what was right while SQLite let one writer in stays
 * right, without locks that each caller would have to think of. The price are
 * transactions that must run again, which hf_store_transact() does.
 */
#include <limits.h>
#include <stdio.h>

#include "store/dialect.h"
#include "store/pg_link.h"

#define DIGITS_MAX   24
#define NAME_MAX_LEN 8 /* "op127" and NUL */

/* Types of columns, by their numbers in pg_type. */
enum { TYPE_TRUTH = 16, TYPE_BYTES = 17, TYPE_INT8 = 20, TYPE_INT2 = 21 };
enum { TYPE_INT4 = 23, TYPE_TEXT = 25 };

struct pg_store {
    struct hf_store store;
    struct hf_pg_link link;
    unsigned prepared_in[HF_STORE_OPERATIONS_MAX]; /* that connection; or 0 */
    /* Of parameters; 0: was always NULL, and is what the server thought. */
    Oid types[HF_STORE_OPERATIONS_MAX][HF_STORE_VALUES_MAX];
    PGresult *results[HF_STORE_OPERATIONS_MAX];
    int rows[HF_STORE_OPERATIONS_MAX];
};

static struct pg_store *of(struct hf_store *store)
{
    return (struct pg_store *)store;
}

/* ---- opening ---- */

static enum hf_err pg_open(struct hf_store *base, const char *url,
                           bool must_exist, struct hf_why *why)
{
    (void)must_exist; /* the database does; of its tables version() tells */
    return hf_pg_link_open(&of(base)->link, base, url, why);
}

static void pg_close(struct hf_store *base)
{
    struct pg_store *store = of(base);

    for (size_t i = 0; i < HF_STORE_OPERATIONS_MAX; i++)
        PQclear(store->results[i]);
    hf_pg_link_clear(&store->link);
}

/* ---- the tables ---- */

static int64_t number_at(const PGresult *result, int row, int column)
{
    const char *octets = PQgetvalue(result, row, column);
    uint64_t number = (octets[0] & 0x80) != 0 ? UINT64_MAX : 0;

    switch (PQftype(result, column)) {
    case TYPE_TRUTH:
    case TYPE_INT2:
    case TYPE_INT4:
    case TYPE_INT8:
        for (int i = 0; i < PQgetlength(result, row, column); i++)
            number = number << 8 | (unsigned char)octets[i];
        return PQgetisnull(result, row, column) != 0 ? 0 : (int64_t)number;
    default:
        return 0;
    }
}

/* The only row, of at most two numbers. */
static enum hf_err ask_numbers(struct pg_store *store, const char *sql,
                               int64_t out[2], struct hf_why *why)
{
    PGresult *result = NULL;
    enum hf_err err = hf_pg_link_receive(
        &store->link,
        PQsendQueryParams(store->link.conn, sql, 0, NULL, NULL, NULL, NULL, 1),
        &result, why);

    if (err == HF_OK && PQntuples(result) != 1)
        err = hf_fail(why, HF_EINVAL, 0,
                      "its table holdfast_version is not as we left it");
    for (int i = 0; err == HF_OK && i < 2 && i < PQnfields(result); i++)
        out[i] = number_at(result, 0, i);
    PQclear(result);
    return err;
}

static enum hf_err read_version(struct pg_store *store, const char *sql,
                                int64_t *out, struct hf_why *why)
{
    int64_t numbers[2] = {0};
    enum hf_err err = ask_numbers(store, sql, numbers, why);

    if (err == HF_OK)
        *out = numbers[0];
    return err;
}

/* Two that make it at once get in each other's way; one of them tries again
 * and finds it there. */
static enum hf_err make_version(struct pg_store *store, struct hf_why *why)
{
    enum hf_err err = hf_pg_link_ask(
        &store->link,
        "CREATE TABLE IF NOT EXISTS holdfast_version ("
        " id BIGINT PRIMARY KEY CHECK (id = 1),"
        " version BIGINT NOT NULL);"
        "INSERT INTO holdfast_version (id, version) VALUES (1, 0)"
        " ON CONFLICT (id) DO NOTHING",
        NULL, why);

    store->store.should_retry |= err == HF_EINVAL;
    return err;
}

static enum hf_err pg_version(struct hf_store *base, bool alone, int64_t *out,
                              struct hf_why *why)
{
    struct pg_store *store = of(base);
    int64_t tables[2] = {0}; /* ours, and all */
    enum hf_err err;

    if (alone) {
        err = make_version(store, why);
        return err != HF_OK ? err
                            : read_version(store,
                                           "SELECT version"
                                           " FROM holdfast_version"
                                           " WHERE id = 1 FOR UPDATE",
                                           out, why);
    }
    err = ask_numbers(store,
                      "SELECT count(*) FILTER"
                      " (WHERE table_name = 'holdfast_version'), count(*)"
                      " FROM information_schema.tables"
                      " WHERE table_schema = current_schema()",
                      tables, why);
    if (err != HF_OK)
        return err;
    if (tables[0] == 0 && tables[1] > 0)
        return hf_fail(why, HF_EINVAL, 0,
                       "these tables belong to another program");
    *out = 0;
    return tables[0] == 0
               ? HF_OK
               : read_version(store, "SELECT version FROM holdfast_version",
                              out, why);
}

static enum hf_err put_sql(struct pg_store *store, const struct hf_buf *sql,
                           struct hf_why *why)
{
    return sql->full ? hf_fail(why, HF_ENOMEM, 0, "out of memory")
                     : hf_pg_link_ask(&store->link, sql->ptr, NULL, why);
}

static enum hf_err pg_set_version(struct hf_store *base, int64_t version,
                                  struct hf_why *why)
{
    char room[96];
    struct hf_buf sql;

    hf_buf_init(&sql, room, sizeof(room));
    hf_buf_puts(&sql, "UPDATE holdfast_version SET version = ");
    hf_buf_put_i64(&sql, version);
    hf_buf_putc(&sql, '\0');
    return put_sql(of(base), &sql, why);
}

/* The words of tables and of operations that are not PostgreSQL's. */
static const struct hf_dialect_word words[] = {
    {"INTEGER", "BIGINT"},
    {"BLOB", "BYTEA"},
    {"AUTOINCREMENT", "GENERATED BY DEFAULT AS IDENTITY"},
    {"STRICT, WITHOUT ROWID", ""},
    {"STRICT", ""},
    {"TEXT", "TEXT COLLATE \"C\""}, /* not where a type is named alone */
};
#define WORD_COUNT (sizeof(words) / sizeof(words[0]))

static enum hf_err pg_sql(struct hf_store *base, const char *text,
                          struct hf_why *why)
{
    struct hf_buf sql;
    enum hf_err err;

    hf_buf_init_grow(&sql, HF_DIALECT_MAX);
    hf_dialect_put(&sql, text, words, WORD_COUNT);
    hf_buf_putc(&sql, '\0');
    err = put_sql(of(base), &sql, why);
    hf_buf_clear(&sql);
    return err;
}

/* ---- transactions ---- */

static enum hf_err pg_begin(struct hf_store *base, struct hf_why *why)
{
    struct pg_store *store = of(base);
    enum hf_err err = hf_pg_link_renew(&store->link, why);

    return err == HF_OK ? hf_pg_link_ask(&store->link, "BEGIN", NULL, why)
                        : err;
}

static enum hf_err pg_commit(struct hf_store *base, struct hf_why *why)
{
    struct pg_store *store = of(base);
    PGresult *result = NULL;
    enum hf_err err;

    store->link.at_stake = true;
    err = hf_pg_link_ask(&store->link, "COMMIT", &result, why);
    store->link.at_stake = false;
    /* A transaction that failed is undone, which is no failure to it. */
    if (err == HF_OK && strcmp(PQcmdStatus(result), "COMMIT") != 0)
        err = hf_fail(why, HF_EINVAL, 0,
                      "a step of this change failed before; it was undone");
    PQclear(result);
    return err;
}

/* What failed before is what counts. */
static void pg_undo(struct hf_store *base)
{
    struct pg_store *store = of(base);
    struct hf_store before = *base;

    if (store->link.conn != NULL &&
        PQtransactionStatus(store->link.conn) != PQTRANS_IDLE &&
        hf_pg_link_ask(&store->link, "ROLLBACK", NULL, NULL) != HF_OK &&
        store->link.conn != NULL)
        hf_pg_link_drop(&store->link);
    *base = before;
}

/* ---- operations ---- */

/* Values in the shape that libpq wants. */
struct parameters {
    const char *values[HF_STORE_VALUES_MAX];
    int lengths[HF_STORE_VALUES_MAX];
    int formats[HF_STORE_VALUES_MAX]; /* 1: octets */
    Oid types[HF_STORE_VALUES_MAX];   /* 0: as the place demands */
    char digits[HF_STORE_VALUES_MAX][DIGITS_MAX];
};

/* Numbers go as text, which fits whatever width the place has. */
static void put_number(struct parameters *to, size_t at, int64_t number)
{
    struct hf_buf digits;

    hf_buf_init(&digits, to->digits[at], DIGITS_MAX);
    hf_buf_put_i64(&digits, number);
    hf_buf_putc(&digits, '\0');
    to->values[at] = to->digits[at];
    to->types[at] = TYPE_INT8;
}

static enum hf_err put_value(struct parameters *to, size_t at,
                             const struct hf_store_value *value,
                             struct hf_why *why)
{
    to->values[at] = NULL;
    to->lengths[at] = 0;
    to->formats[at] = 0;
    to->types[at] = 0;
    if (value->kind == HF_STORE_NULL)
        return HF_OK;
    if (value->kind == HF_STORE_NUMBER) {
        put_number(to, at, value->number);
        return HF_OK;
    }
    if (value->text.len > INT_MAX / 2)
        return hf_fail(why, HF_EINVAL, at, "a value is too long");
    /* Text without octets is text, not NULL. */
    to->values[at] = value->text.len == 0 ? "" : value->text.ptr;
    to->lengths[at] = (int)value->text.len;
    to->formats[at] = 1;
    to->types[at] = value->kind == HF_STORE_TEXT ? TYPE_TEXT : TYPE_BYTES;
    return HF_OK;
}

/* What the server calls an operation. */
static const char *put_name(char room[NAME_MAX_LEN], size_t operation)
{
    struct hf_buf out;

    hf_buf_init(&out, room, NAME_MAX_LEN);
    hf_buf_puts(&out, "op");
    hf_buf_put_u64(&out, operation);
    hf_buf_putc(&out, '\0');
    return room;
}

static bool is_prepared(const struct pg_store *store, size_t operation)
{
    return store->prepared_in[operation] == store->link.number;
}

static enum hf_err prepare(struct pg_store *store, size_t operation,
                           size_t count, struct hf_why *why)
{
    /* CAST(x AS TEXT) has no collation. */
    const size_t word_count = WORD_COUNT - 1;
    char name[NAME_MAX_LEN];
    PGresult *result = NULL;
    struct hf_buf sql;
    enum hf_err err;

    hf_buf_init_grow(&sql, HF_DIALECT_MAX);
    hf_dialect_put(&sql, store->store.plan->operations[operation], words,
                   word_count);
    hf_buf_putc(&sql, '\0');
    err = sql.full
              ? hf_fail(why, HF_ENOMEM, 0, "out of memory")
              : hf_pg_link_receive(
                    &store->link,
                    PQsendPrepare(store->link.conn, put_name(name, operation),
                                  sql.ptr, (int)count, store->types[operation]),
                    &result, why);
    PQclear(result);
    hf_buf_clear(&sql);
    if (err == HF_OK)
        store->prepared_in[operation] = store->link.number;
    else
        memset(store->types[operation], 0, sizeof(store->types[operation]));
    return err;
}

static enum hf_err forget(struct pg_store *store, size_t operation,
                          struct hf_why *why)
{
    char name[NAME_MAX_LEN];
    char room[32];
    struct hf_buf sql;

    hf_buf_init(&sql, room, sizeof(room));
    hf_buf_puts(&sql, "DEALLOCATE ");
    hf_buf_puts(&sql, put_name(name, operation));
    hf_buf_putc(&sql, '\0');
    store->prepared_in[operation] = 0;
    return put_sql(store, &sql, why);
}

/* Octets that are sent as they are must not be taken for another type. */
static enum hf_err be_prepared(struct pg_store *store, size_t operation,
                               const struct parameters *with, size_t count,
                               struct hf_why *why)
{
    Oid *types = store->types[operation];
    bool is_new = false;
    enum hf_err err = HF_OK;

    for (size_t i = 0; i < count; i++) {
        if (with->types[i] == 0 || with->types[i] == types[i])
            continue;
        if (types[i] != 0)
            return hf_fail(why, HF_EINVAL, i, "a value of the wrong type");
        types[i] = with->types[i];
        is_new = true;
    }
    if (is_new && is_prepared(store, operation))
        err = forget(store, operation, why);
    if (err == HF_OK && !is_prepared(store, operation))
        err = prepare(store, operation, count, why);
    return err;
}

static void pg_end(struct hf_store *base, size_t operation)
{
    struct pg_store *store = of(base);

    PQclear(store->results[operation]);
    store->results[operation] = NULL;
}

static enum hf_err execute(struct pg_store *store, size_t operation,
                           const struct parameters *with, size_t count,
                           struct hf_why *why)
{
    char name[NAME_MAX_LEN];
    enum hf_err err = be_prepared(store, operation, with, count, why);

    if (err != HF_OK)
        return err;
    store->link.at_stake = !store->store.in_transaction;
    err = hf_pg_link_receive(
        &store->link,
        PQsendQueryPrepared(store->link.conn, put_name(name, operation),
                            (int)count, with->values, with->lengths,
                            with->formats, 1),
        &store->results[operation], why);
    store->link.at_stake = false;
    return err;
}

static enum hf_err pg_start(struct hf_store *base, size_t operation,
                            const struct hf_store_value *values, size_t count,
                            struct hf_why *why)
{
    struct pg_store *store = of(base);
    struct parameters with;
    enum hf_err err = HF_OK;

    for (size_t i = 0; i < count && err == HF_OK; i++)
        err = put_value(&with, i, &values[i], why);
    if (err == HF_OK && !base->in_transaction)
        err = hf_pg_link_renew(&store->link, why);
    if (err != HF_OK)
        return err;
    pg_end(base, operation);
    store->rows[operation] = -1;
    return execute(store, operation, &with, count, why);
}

/* "INSERT 0 3" says so, "SELECT 3" does not. */
static int64_t count_changed(PGresult *result)
{
    int64_t count = 0;

    if (strncmp(PQcmdStatus(result), "SELECT", 6) != 0)
        for (const char *c = PQcmdTuples(result); hf_is_digit(*c); c++)
            count = 10 * count + (*c - '0');
    return count;
}

static enum hf_err pg_next(struct hf_store *base, size_t operation, bool *more,
                           struct hf_why *why)
{
    struct pg_store *store = of(base);
    PGresult *result = store->results[operation];

    (void)why;
    *more = ++store->rows[operation] < PQntuples(result);
    if (*more)
        return HF_OK;
    base->changed = count_changed(result);
    pg_end(base, operation);
    return HF_OK;
}

/* A row of an operation that has one. */
static const struct pg_store *row_of(const struct hf_store *store)
{
    return (const struct pg_store *)store;
}

static int64_t pg_get_number(const struct hf_store *base, size_t operation,
                             int column)
{
    const struct pg_store *store = row_of(base);

    return number_at(store->results[operation], store->rows[operation], column);
}

static struct hf_span pg_get_text(const struct hf_store *base, size_t operation,
                                  int column)
{
    const struct pg_store *store = row_of(base);
    const PGresult *result = store->results[operation];
    int row = store->rows[operation];

    return (struct hf_span){PQgetvalue(result, row, column),
                            (size_t)PQgetlength(result, row, column)};
}

static bool pg_is_null(const struct hf_store *base, size_t operation,
                       int column)
{
    const struct pg_store *store = row_of(base);

    return PQgetisnull(store->results[operation], store->rows[operation],
                       column) != 0;
}

/* ---- copies ---- */

static enum hf_err pg_backup(struct hf_store *base, const char *path,
                             struct hf_why *why)
{
    (void)base;
    (void)path;
    return hf_fail(why, HF_EINVAL, 0,
                   "PostgreSQL makes its copies itself: use pg_dump, or "
                   "pg_basebackup");
}

static enum hf_err pg_check(struct hf_store *base, struct hf_why *why)
{
    (void)base;
    return hf_fail(why, HF_EINVAL, 0,
                   "PostgreSQL checks its tables itself: use pg_amcheck");
}

/* Settings of the server and of our connection that our promises rest upon. */
static enum hf_err pg_about(struct hf_store *base, struct hf_store_about *out,
                            struct hf_why *why)
{
    static const char *const faults[] = {
        NULL,
        "fsync is off: a power cut loses what was acknowledged, and may damage "
        "the tables",
        "full_page_writes is off: a power cut may damage the tables",
        "transactions are not serializable: two at once may see halves of each "
        "other",
    };
    struct pg_store *store = of(base);
    int64_t numbers[2] = {0};
    enum hf_err err = hf_pg_link_renew(&store->link, why);

    if (err == HF_OK)
        err = ask_numbers(
            store,
            "SELECT pg_database_size(current_database()), CASE"
            " WHEN current_setting('fsync') <> 'on' THEN 1"
            " WHEN current_setting('full_page_writes') <> 'on' THEN 2"
            " WHEN current_setting('transaction_isolation') <> 'serializable'"
            " THEN 3 ELSE 0 END",
            numbers, why);
    if (err != HF_OK)
        return err;
    (void)snprintf(out->engine, sizeof(out->engine), "PostgreSQL %s",
                   PQparameterStatus(store->link.conn, "server_version"));
    out->octets = numbers[0];
    out->fault = faults[numbers[1] & 3];
    return HF_OK;
}

extern const struct hf_engine hf_engine_postgresql_1;
__attribute__((visibility("default")))
const struct hf_engine hf_engine_postgresql_1 = {
    .size = sizeof(struct pg_store),
    .open = pg_open,
    .close = pg_close,
    .version = pg_version,
    .set_version = pg_set_version,
    .sql = pg_sql,
    .begin = pg_begin,
    .commit = pg_commit,
    .undo = pg_undo,
    .start = pg_start,
    .next = pg_next,
    .end = pg_end,
    .get_number = pg_get_number,
    .get_text = pg_get_text,
    .is_null = pg_is_null,
    .backup = pg_backup,
    .check = pg_check,
    .about = pg_about,
};
