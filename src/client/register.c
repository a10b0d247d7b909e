/* SPDX-License-Identifier: Apache-2.0 */
#include "client/register.h"

#include <limits.h>
#include <stdio.h>

#include "base/alloc.h"
#include "os/folder.h"

struct hf_register {
    struct hf_store *store;
    struct hf_register_filter filter;
    size_t listing; /* the operation that gives rows now */
    char path[PATH_MAX];
};

/* ---- the tables ---- */

static const char *const steps[] = {
    "CREATE TABLE record ("
    " id INTEGER PRIMARY KEY AUTOINCREMENT,"
    " name TEXT NOT NULL,"
    " owner TEXT NOT NULL,"
    " value TEXT NOT NULL,"
    " issuer TEXT NOT NULL,"
    " ca TEXT NOT NULL,"
    " account_url TEXT NOT NULL,"
    " thumbprint TEXT NOT NULL,"
    " draft TEXT NOT NULL,"
    " wildcard INTEGER NOT NULL CHECK (wildcard IN (0, 1)),"
    " until_at INTEGER,"
    " ttl_s INTEGER NOT NULL,"
    " zone TEXT NOT NULL,"
    " server TEXT NOT NULL,"
    " publisher TEXT NOT NULL,"
    " person TEXT NOT NULL,"
    " ticket TEXT NOT NULL,"
    " note TEXT NOT NULL,"
    " state TEXT NOT NULL"
    "  CHECK (state IN ('planned', 'published', 'removed')),"
    " planned_at INTEGER NOT NULL,"
    " published_at INTEGER,"
    " verified_at INTEGER,"
    " removed_at INTEGER,"
    " replaced_by INTEGER REFERENCES record(id)"
    ") STRICT;"
    /* What stands in DNS stands there once. */
    "CREATE UNIQUE INDEX record_standing ON record(owner, value)"
    " WHERE state <> 'removed';"
    "CREATE INDEX record_name ON record(name);",
};

enum operation { PLAN, PUBLISH, VERIFY, REMOVE, LIST, LIST_NAME, LIST_ID };

#define COLUMNS                                                                \
    "SELECT id, name, owner, value, issuer, ca, account_url, thumbprint,"      \
    " draft, wildcard, until_at, ttl_s, zone, server, publisher, person,"      \
    " ticket, note, state, planned_at, published_at, verified_at, removed_at," \
    " replaced_by FROM record "
#define FILTER                                                                 \
    " ($2 = '' OR issuer = $2) AND ($3 = '' OR account_url = $3)"              \
    " AND ($4 <> 0 OR state <> 'removed') ORDER BY name, id"

static const char *const operations[] = {
    [PLAN] = "INSERT INTO record (name, owner, value, issuer, ca, account_url,"
             " thumbprint, draft, wildcard, until_at, ttl_s, zone, server,"
             " publisher, person, ticket, note, state, planned_at)"
             " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13,"
             " $14, $15, $16, $17, 'planned', $18)"
             " ON CONFLICT (owner, value) WHERE state <> 'removed' DO UPDATE"
             " SET ca = $5, account_url = $6, thumbprint = $7, draft = $8,"
             " server = $13, publisher = $14,"
             " person = CASE $15 WHEN '' THEN record.person ELSE $15 END,"
             " ticket = CASE $16 WHEN '' THEN record.ticket ELSE $16 END"
             " RETURNING id",
    [PUBLISH] = "UPDATE record SET state = 'published',"
                " published_at = coalesce(published_at, $2), ttl_s = $3,"
                " zone = CASE $4 WHEN '' THEN zone ELSE $4 END,"
                " note = CASE $5 WHEN '' THEN note ELSE $5 END"
                " WHERE id = $1 AND state <> 'removed'",
    [VERIFY] = "UPDATE record SET verified_at = $2"
               " WHERE id = $1 AND state <> 'removed'",
    [REMOVE] = "UPDATE record SET state = 'removed', removed_at = $2,"
               " replaced_by = $3 WHERE id = $1 AND state <> 'removed'",
    [LIST] = COLUMNS "WHERE ($1 = '' OR name = $1) AND" FILTER,
    [LIST_NAME] = COLUMNS "WHERE name = $1 AND" FILTER,
    [LIST_ID] = COLUMNS "WHERE id = $1",
};

static const struct hf_store_plan plan = {
    .steps = steps,
    .step_count = sizeof(steps) / sizeof(steps[0]),
    .operations = operations,
    .operation_count = sizeof(operations) / sizeof(operations[0]),
};

/* ---- states ---- */

static const char *const state_words[] = {
    [HF_RECORD_PLANNED] = "planned",
    [HF_RECORD_PUBLISHED] = "published",
    [HF_RECORD_REMOVED] = "removed",
};

const char *hf_record_state_word(enum hf_record_state state)
{
    return state_words[state];
}

static enum hf_record_state state_of(struct hf_span word)
{
    if (hf_span_eq(word, HF_SPAN("planned")))
        return HF_RECORD_PLANNED;
    return hf_span_eq(word, HF_SPAN("published")) ? HF_RECORD_PUBLISHED
                                                  : HF_RECORD_REMOVED;
}

/* ---- opening ---- */

enum hf_err hf_register_open(const char *folder, bool must_exist,
                             struct hf_register **out, struct hf_why *why)
{
    struct hf_register *reg = hf_alloc(1, sizeof(*reg));
    enum hf_err err = HF_OK;
    int n;

    if (reg == NULL)
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    n = snprintf(reg->path, sizeof(reg->path), "%s/%s", folder,
                 HF_REGISTER_FILE);
    if (n < 0 || (size_t)n >= sizeof(reg->path))
        err = hf_fail(why, HF_ELIMIT, 0, "path too long");
    if (err == HF_OK && !must_exist)
        err = hf_folder_make(folder, why);
    if (err == HF_OK)
        err = hf_store_open(reg->path, &plan, must_exist, &reg->store, why);
    if (err != HF_OK)
        hf_free(reg);
    else
        *out = reg;
    return err;
}

void hf_register_close(struct hf_register *reg)
{
    if (reg == NULL)
        return;
    hf_store_close(reg->store);
    hf_free(reg);
}

struct hf_span hf_register_path(const struct hf_register *reg)
{
    return hf_span_str(reg->path);
}

/* ---- writing ---- */

static struct hf_store_value number_or_null(bool has, int64_t number)
{
    return has ? hf_store_number(number) : (struct hf_store_value){0};
}

enum hf_err hf_register_plan(struct hf_register *reg,
                             const struct hf_entry *entry, int64_t now_s,
                             int64_t *id, struct hf_why *why)
{
    const struct hf_store_value values[] = {
        hf_store_text(entry->name),
        hf_store_text(entry->owner),
        hf_store_text(entry->value),
        hf_store_text(entry->issuer),
        hf_store_text(entry->ca),
        hf_store_text(entry->account_url),
        hf_store_text(entry->thumbprint),
        hf_store_text(entry->draft),
        hf_store_number(entry->wildcard),
        number_or_null(entry->has_until, entry->until_at),
        hf_store_number(entry->ttl_s),
        hf_store_text(entry->zone),
        hf_store_text(entry->server),
        hf_store_text(entry->publisher),
        hf_store_text(entry->person),
        hf_store_text(entry->ticket),
        hf_store_text(entry->note),
        hf_store_number(now_s),
    };

    /* The row is in place, and on disk, when the operation has ended. */
    return hf_store_ask(reg->store, PLAN, values,
                        sizeof(values) / sizeof(values[0]), id, why);
}

static enum hf_err mark_published(struct hf_register *reg,
                                  const struct hf_register_change *change,
                                  int64_t id, int64_t now_s, struct hf_why *why)
{
    const struct hf_store_value values[] = {
        hf_store_number(id), hf_store_number(now_s),
        hf_store_number(change->ttl_s), hf_store_text(change->zone),
        hf_store_text(change->note)};
    enum hf_err err = hf_store_run(reg->store, PUBLISH, values, 5, why);

    if (err == HF_OK && change->verified)
        err = hf_store_run(reg->store, VERIFY, values, 2, why);
    return err;
}

enum hf_err hf_register_change(struct hf_register *reg,
                               const struct hf_register_change *change,
                               int64_t now_s, struct hf_why *why)
{
    enum hf_err err = hf_store_begin(reg->store, why);

    for (size_t i = 0; i < change->published_count && err == HF_OK; i++)
        err = mark_published(reg, change, change->published[i], now_s, why);
    for (size_t i = 0; i < change->removed_count && err == HF_OK; i++) {
        const struct hf_store_value values[] = {
            hf_store_number(change->removed[i]), hf_store_number(now_s),
            number_or_null(change->replaced_by > 0, change->replaced_by)};

        err = hf_store_run(reg->store, REMOVE, values, 3, why);
    }
    if (err == HF_OK)
        return hf_store_commit(reg->store, why);
    hf_store_undo(reg->store);
    return err;
}

/* ---- reading ---- */

enum hf_err hf_register_list(struct hf_register *reg,
                             const struct hf_register_filter *filter,
                             struct hf_why *why)
{
    const struct hf_store_value values[] = {
        filter->id > 0 ? hf_store_number(filter->id)
                       : hf_store_text(filter->name),
        hf_store_text(filter->issuer), hf_store_text(filter->account_url),
        hf_store_number(filter->removed)};

    reg->listing = filter->name.len > 0 ? LIST_NAME : LIST;
    if (filter->id > 0)
        reg->listing = LIST_ID;
    return hf_store_start(reg->store, reg->listing, values,
                          filter->id > 0 ? 1 : 4, why);
}

enum hf_err hf_register_next(struct hf_register *reg, struct hf_entry *out,
                             bool *more, struct hf_why *why)
{
    const struct hf_store *store = reg->store;
    size_t op = reg->listing;
    enum hf_err err = hf_store_next(reg->store, op, more, why);

    if (err != HF_OK || !*more)
        return err;
    *out = (struct hf_entry){
        .id = hf_store_get_number(store, op, 0),
        .name = hf_store_get_text(store, op, 1),
        .owner = hf_store_get_text(store, op, 2),
        .value = hf_store_get_text(store, op, 3),
        .issuer = hf_store_get_text(store, op, 4),
        .ca = hf_store_get_text(store, op, 5),
        .account_url = hf_store_get_text(store, op, 6),
        .thumbprint = hf_store_get_text(store, op, 7),
        .draft = hf_store_get_text(store, op, 8),
        .wildcard = hf_store_get_number(store, op, 9) != 0,
        .has_until = !hf_store_is_null(store, op, 10),
        .until_at = hf_store_get_number(store, op, 10),
        .ttl_s = (uint32_t)hf_store_get_number(store, op, 11),
        .zone = hf_store_get_text(store, op, 12),
        .server = hf_store_get_text(store, op, 13),
        .publisher = hf_store_get_text(store, op, 14),
        .person = hf_store_get_text(store, op, 15),
        .ticket = hf_store_get_text(store, op, 16),
        .note = hf_store_get_text(store, op, 17),
        .state = state_of(hf_store_get_text(store, op, 18)),
        .planned_at = hf_store_get_number(store, op, 19),
        .published_at = hf_store_get_number(store, op, 20),
        .verified_at = hf_store_get_number(store, op, 21),
        .removed_at = hf_store_get_number(store, op, 22),
        .replaced_by = hf_store_get_number(store, op, 23),
    };
    return HF_OK;
}

void hf_register_end(struct hf_register *reg)
{
    hf_store_end(reg->store, reg->listing);
}
