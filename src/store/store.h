/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store.h -- a file of tables that survives whatever happens to the process
 * or the machine: SQLite, with a write-ahead log and full syncing.
 *
 * The tables are made by numbered steps that only go forward; what may be
 * asked is a fixed list of prepared operations. Knows nothing of what is
 * stored. One thread, one store. Several processes may have the same file
 * open; a writer waits for another, for at most HF_STORE_BUSY_MS.
 *
 * A reason is a sentence about the file, to be printed behind its name.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "holdfast/err.h"
#include "holdfast/span.h"

#define HF_STORE_BUSY_MS        30000
#define HF_STORE_OPERATIONS_MAX 32

/* What is in the file, and what is asked of it. All of it static. */
struct hf_store_plan {
    const char *const *steps; /* SQL; step i makes version i + 1 */
    int step_count;
    const char *const *operations; /* SQL, by number */
    size_t operation_count;
};

struct hf_store;

/*
 * Open `path`, make it when there is none (mode 0600), and bring it to the
 * last version. Owns: hf_store_close(). With `must_exist` a missing file is
 * HF_ENOTFOUND.
 *
 * Fails: HF_ESYSTEM (kernel, full disk, no SQLite), HF_ENOTFOUND (folder),
 *        HF_ETIMEOUT (somebody keeps it busy), HF_ESYNTAX (not such a file, or
 *        damaged), HF_EINVAL (somebody else's tables, or those of a newer
 *        holdfast), HF_ENOMEM. The file is as it was, or new and empty.
 */
enum hf_err hf_store_open(const char *path, const struct hf_store_plan *plan,
                          bool must_exist, struct hf_store **out,
                          struct hf_why *why);
void hf_store_close(struct hf_store *store);

/* ---- transactions ---- */

/*
 * All that follows until the commit is done together, or not at all.
 * Nobody else writes meanwhile. Fails: as hf_store_run().
 */
enum hf_err hf_store_begin(struct hf_store *store, struct hf_why *why);

/* When it fails, everything since the beginning is undone. */
enum hf_err hf_store_commit(struct hf_store *store, struct hf_why *why);

/* Undo. Harmless when nothing was begun. */
void hf_store_undo(struct hf_store *store);

/* ---- operations ---- */

enum hf_store_kind { HF_STORE_NULL, HF_STORE_NUMBER, HF_STORE_TEXT };

struct hf_store_value {
    enum hf_store_kind kind;
    int64_t number;
    struct hf_span text; /* borrowed until the operation ends */
};

static inline struct hf_store_value hf_store_number(int64_t number)
{
    return (struct hf_store_value){HF_STORE_NUMBER, number, {0}};
}

static inline struct hf_store_value hf_store_text(struct hf_span text)
{
    return (struct hf_store_value){HF_STORE_TEXT, 0, text};
}

/*
 * Run an operation that gives no rows.
 * Fails: HF_ESYSTEM (kernel, full disk), HF_ETIMEOUT, HF_ESYNTAX (damaged),
 *        HF_EINVAL (a rule of the tables forbids it), HF_ENOMEM.
 */
enum hf_err hf_store_run(struct hf_store *store, size_t operation,
                         const struct hf_store_value *values, size_t count,
                         struct hf_why *why);

/* Start one that gives rows; then hf_store_next() until `*more` is false, or
 * hf_store_end() to leave the rest. */
enum hf_err hf_store_start(struct hf_store *store, size_t operation,
                           const struct hf_store_value *values, size_t count,
                           struct hf_why *why);
enum hf_err hf_store_next(struct hf_store *store, size_t operation, bool *more,
                          struct hf_why *why);
void hf_store_end(struct hf_store *store, size_t operation);

/* Columns of the row, from 0. Text is borrowed until the next row; NULL is
 * empty, and 0. */
int64_t hf_store_get_number(const struct hf_store *store, size_t operation,
                            int column);
struct hf_span hf_store_get_text(const struct hf_store *store, size_t operation,
                                 int column);
bool hf_store_is_null(const struct hf_store *store, size_t operation,
                      int column);

/* The number of the row that was inserted last. */
int64_t hf_store_last_id(const struct hf_store *store);
