/* SPDX-License-Identifier: Apache-2.0 */
/*
 * engine.h -- what store.h asks of an engine. The rules that are the same for
 * all (what may follow a failure, marks, steps, trying again) are in store.c;
 * an engine speaks to its library and says what a failure means.
 */
#pragma once

#include "store/store.h"

/* A plug-in's symbol: see postgresql.c. */
#define HF_ENGINE_POSTGRESQL_FILE   "holdfast-postgresql.so"
#define HF_ENGINE_POSTGRESQL_SYMBOL "hf_engine_postgresql_1"

/* The common part, with which every engine's own begins. */
struct hf_store {
    const struct hf_engine *engine;
    const struct hf_store_plan *plan;
    int64_t changed; /* by engine: see hf_store_changed() */
    bool should_retry;
    bool is_unknown;
    bool in_transaction;
    bool is_marked;
    bool is_spoiled; /* an operation of this transaction failed */
};

/*
 * What fails says in `should_retry` and `is_unknown` why, which are false
 * before each call. No call comes before open() or after it failed, but
 * close().
 */
struct hf_engine {
    size_t size; /* of its own, the common part included */

    enum hf_err (*open)(struct hf_store *store, const char *location,
                        bool must_exist, struct hf_why *why);
    void (*close)(struct hf_store *store);

    /* The version of the tables; 0: none are there yet. HF_EINVAL: they are
     * somebody else's. With `alone`, in a transaction, nobody else takes a
     * step before its end. */
    enum hf_err (*version)(struct hf_store *store, bool alone, int64_t *out,
                           struct hf_why *why);
    enum hf_err (*set_version)(struct hf_store *store, int64_t version,
                               struct hf_why *why);

    /* SQL of ours without parameters, of which the rows do not matter. */
    enum hf_err (*sql)(struct hf_store *store, const char *text,
                       struct hf_why *why);

    enum hf_err (*begin)(struct hf_store *store, struct hf_why *why);
    enum hf_err (*commit)(struct hf_store *store, struct hf_why *why);
    void (*undo)(struct hf_store *store);

    enum hf_err (*start)(struct hf_store *store, size_t operation,
                         const struct hf_store_value *values, size_t count,
                         struct hf_why *why);
    enum hf_err (*next)(struct hf_store *store, size_t operation, bool *more,
                        struct hf_why *why);
    void (*end)(struct hf_store *store, size_t operation);
    int64_t (*get_number)(const struct hf_store *store, size_t operation,
                          int column);
    struct hf_span (*get_text)(const struct hf_store *store, size_t operation,
                               int column);
    bool (*is_null)(const struct hf_store *store, size_t operation, int column);

    enum hf_err (*backup)(struct hf_store *store, const char *path,
                          struct hf_why *why);
    enum hf_err (*check)(struct hf_store *store, struct hf_why *why);
    enum hf_err (*about)(struct hf_store *store, struct hf_store_about *out,
                         struct hf_why *why);
};

/* SQLite, which is loaded when a file is opened. */
extern const struct hf_engine hf_engine_sqlite;
