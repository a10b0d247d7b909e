/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store.h -- tables that survive whatever happens to the process or the
 * machine. Two engines keep them: SQLite in a file, with a write-ahead log and
 * full syncing, and PostgreSQL behind a URL, for more than one machine.
 *
 * The tables are made by numbered steps that only go forward; what may be
 * asked is a fixed list of prepared operations. Knows nothing of what is
 * stored. One thread, one store. Several processes may have the same tables
 * open; a writer waits for another, for at most HF_STORE_BUSY_MS.
 *
 * A reason is a sentence about the file or the URL, to be printed behind its
 * name: behind hf_store_name(), for a URL may have a password in it.
 *
 * SQL is written once, for both engines:
 *   - parameters are $1, $2, ...; a parameter that may be NULL stands where
 *     its type can be told, next to a column;
 *   - types are INTEGER (64 bit), TEXT (UTF-8 without NUL, compared octet by
 *     octet) and BLOB, of STRICT tables, which may be WITHOUT ROWID; a truth is
 *     written as a comparison ($4 <> 0), and a sum as CAST(sum(x) AS INTEGER);
 *   - ON CONFLICT (columns), RETURNING, CASE, coalesce() and partial indexes
 *     are the same for both. Moments, numbers and random values are
 *     parameters. No PRAGMA, trigger, function of one engine or LOCK TABLE.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "holdfast/err.h"
#include "holdfast/span.h"

#define HF_STORE_BUSY_MS        30000
#define HF_STORE_OPERATIONS_MAX 128
#define HF_STORE_VALUES_MAX     64 /* of one operation */
#define HF_STORE_NAME_MAX       256

/* What is in the file, and what is asked of it. All of it static. */
struct hf_store_plan {
    const char *const *steps; /* SQL; step i makes version i + 1 */
    int step_count;
    const char *const *operations; /* SQL, by number */
    size_t operation_count;
};

struct hf_store;

/*
 * Open what `location` names and bring it to the last version: all steps that
 * are missing, or none. Owns: hf_store_close().
 *
 * A path is SQLite's file, made when there is none (mode 0600).
 * "postgresql://..." is libpq's URL of a database that exists; it may name
 * several hosts, of which the one that may be written to is taken. Where the
 * URL does not say otherwise, a server on the network must have a certificate
 * for its name (sslmode=verify-full), and one that is silent is left in
 * seconds. With `must_exist` tables that nobody made yet are HF_ENOTFOUND.
 *
 * Fails: HF_ESYSTEM (kernel, full disk, no SQLite or no plug-in for
 *        PostgreSQL), HF_ENOTFOUND (folder), HF_ETIMEOUT (somebody keeps it
 *        busy), HF_ESYNTAX (not such a file, damaged, not a URL), HF_EINVAL
 *        (somebody else's tables, or those of a newer holdfast), HF_EPEER (no
 *        server), HF_ENOMEM. What is there is as it was, or new and empty.
 */
enum hf_err hf_store_open(const char *location,
                          const struct hf_store_plan *plan, bool must_exist,
                          struct hf_store **out, struct hf_why *why);
void hf_store_close(struct hf_store *store);

/* `location` as it may be shown: of a URL no user, password or options, at most
 * HF_STORE_NAME_MAX octets with the NUL. Returns `room`. */
const char *hf_store_name(const char *location, char *room);

/* ---- transactions ---- */

/*
 * All that follows until the commit is done together, or not at all, and as if
 * nobody else did anything meanwhile: SQLite lets nobody else write, PostgreSQL
 * refuses what would show (SERIALIZABLE). A connection that was lost is made
 * again here. Fails: as hf_store_run().
 *
 * When an operation fails, all that is left to do is hf_store_back_to_mark()
 * or hf_store_undo(): everything else fails, too.
 */
enum hf_err hf_store_begin(struct hf_store *store, struct hf_why *why);

/* When it fails, everything since the beginning is undone; but see
 * hf_store_is_unknown(). */
enum hf_err hf_store_commit(struct hf_store *store, struct hf_why *why);

/* Undo. Harmless when nothing was begun. */
void hf_store_undo(struct hf_store *store);

/*
 * Of many things in one transaction, undo the last: the mark is here now, and
 * not where it was. Going back keeps what was done before the mark, and makes
 * good an operation that failed behind it. Fails: as hf_store_run().
 */
enum hf_err hf_store_mark(struct hf_store *store, struct hf_why *why);
enum hf_err hf_store_back_to_mark(struct hf_store *store, struct hf_why *why);

/*
 * Of what failed last: may the transaction be run again, for nothing of it was
 * kept and the cause passes (another one was in the way, the connection broke,
 * the server changed)?
 */
bool hf_store_should_retry(const struct hf_store *store);

/*
 * Of what failed last: did the connection break between the order to keep a
 * change and the answer, or is it kept where it may be lost? Then it is there
 * as a whole, or not at all; look.
 */
bool hf_store_is_unknown(const struct hf_store *store);

/* What is to be done in one transaction; run again, it starts anew. */
typedef enum hf_err (*hf_store_work_fn)(struct hf_store *store, void *of,
                                        struct hf_why *why);

/*
 * Begin, work, commit; all of it again while that may help, for at most
 * HF_STORE_BUSY_MS. Fails: as they do; then nothing was kept, unless
 * hf_store_is_unknown().
 */
enum hf_err hf_store_transact(struct hf_store *store, hf_store_work_fn work,
                              void *of, struct hf_why *why);

/* ---- operations ---- */

enum hf_store_kind {
    HF_STORE_NULL,
    HF_STORE_NUMBER,
    HF_STORE_TEXT,
    HF_STORE_BLOB
};

struct hf_store_value {
    enum hf_store_kind kind;
    int64_t number;
    struct hf_span text; /* or octets; borrowed until the operation ends */
};

static inline struct hf_store_value hf_store_number(int64_t number)
{
    return (struct hf_store_value){HF_STORE_NUMBER, number, {0}};
}

static inline struct hf_store_value hf_store_text(struct hf_span text)
{
    return (struct hf_store_value){HF_STORE_TEXT, 0, text};
}

static inline struct hf_store_value hf_store_blob(struct hf_span octets)
{
    return (struct hf_store_value){HF_STORE_BLOB, 0, octets};
}

/*
 * Run an operation whose rows, if any, do not matter. Outside a transaction it
 * is one by itself, and tried again where hf_store_transact() would.
 * Fails: HF_ESYSTEM (kernel, full disk), HF_ETIMEOUT, HF_ESYNTAX (damaged),
 *        HF_EINVAL (a rule of the tables forbids it, or NUL in text),
 *        HF_EPEER (server or connection), HF_ENOMEM.
 */
enum hf_err hf_store_run(struct hf_store *store, size_t operation,
                         const struct hf_store_value *values, size_t count,
                         struct hf_why *why);

/* Rows that the operation that ended last made, changed or deleted. */
int64_t hf_store_changed(const struct hf_store *store);

/*
 * Start one that gives rows; then hf_store_next() until `*more` is false, or
 * hf_store_end() to leave the rest. What it changes is certain when `*more` is
 * false. PostgreSQL's rows are all in memory: an operation that may give many
 * has a LIMIT. The values are borrowed until the end.
 */
enum hf_err hf_store_start(struct hf_store *store, size_t operation,
                           const struct hf_store_value *values, size_t count,
                           struct hf_why *why);
enum hf_err hf_store_next(struct hf_store *store, size_t operation, bool *more,
                          struct hf_why *why);
void hf_store_end(struct hf_store *store, size_t operation);

/* Run one that gives a row at most: the number in its first column, or 0. What
 * it changed is certain. Fails: as hf_store_run(). */
enum hf_err hf_store_ask(struct hf_store *store, size_t operation,
                         const struct hf_store_value *values, size_t count,
                         int64_t *out, struct hf_why *why);

/* Columns of the row, from 0. Text and octets are borrowed until the next row;
 * NULL is empty, and 0. */
int64_t hf_store_get_number(const struct hf_store *store, size_t operation,
                            int column);
struct hf_span hf_store_get_text(const struct hf_store *store, size_t operation,
                                 int column);
bool hf_store_is_null(const struct hf_store *store, size_t operation,
                      int column);

/* ---- copies ---- */

/*
 * Write a copy as of now to the file `path`, which may not exist yet, mode
 * 0600; others go on writing meanwhile. It was read back, and nothing was
 * missing, before it got its name. To restore it, put it in the place of the
 * file, and remove the -wal and -shm beside that.
 *
 * Fails: as hf_store_open(); HF_EINVAL (there is such a file; PostgreSQL, whose
 *        own pg_dump does this). Nothing of that name is there then.
 */
enum hf_err hf_store_backup(struct hf_store *store, const char *path,
                            struct hf_why *why);

/* Read all of it: is every page and every reference whole? Fails:
 * HF_ESYNTAX (no), HF_EINVAL (PostgreSQL), HF_ESYSTEM. */
enum hf_err hf_store_check(struct hf_store *store, struct hf_why *why);

/* What keeps them, for people. */
struct hf_store_about {
    char engine[64];   /* "SQLite 3.40.1", "PostgreSQL 15.8" */
    int64_t octets;    /* that all of it takes */
    int64_t unused;    /* octets of these in which nothing is */
    const char *fault; /* why it may lose or mix up what it was told, a sentence
                          about a setting; NULL: it does not */
};

/* Fails: as hf_store_run(). */
enum hf_err hf_store_about(struct hf_store *store, struct hf_store_about *out,
                           struct hf_why *why);
