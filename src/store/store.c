/* SPDX-License-Identifier: Apache-2.0 */
#include "store/store.h"

#include <assert.h>

#include "base/alloc.h"
#include "holdfast/buf.h"
#include "os/clock.h"
#include "os/plugin.h"
#include "os/random.h"
#include "os/signals.h"
#include "store/engine.h"

#define PAUSE_MIN_MS 1
#define PAUSE_MAX_MS 256

/* ---- where it is ---- */

/* Cut off what says that this is libpq's; false when it is a path. */
static bool take_scheme(struct hf_span *location)
{
    static const struct hf_span schemes[] = {HF_SPAN_INIT("postgresql://"),
                                             HF_SPAN_INIT("postgres://")};

    for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
        if (!hf_span_starts(*location, schemes[i]))
            continue;
        (void)hf_span_cut(location, schemes[i].len);
        return true;
    }
    return false;
}

/* In names of hosts and databases, and not between them and options. */
static bool may_be_shown(char c)
{
    return hf_is_digit(c) || (hf_lower(c) >= 'a' && hf_lower(c) <= 'z') ||
           hf_span_find(HF_SPAN("._,:/%[]-"), c) < 9;
}

const char *hf_store_name(const char *location, char *room)
{
    struct hf_span rest = hf_span_str(location);
    struct hf_buf out;
    size_t at;

    hf_buf_init(&out, room, HF_STORE_NAME_MAX - 1);
    if (take_scheme(&rest)) {
        hf_buf_puts(&out, "postgresql://");
        /* A password may have whatever in it; so the last one counts. */
        while ((at = hf_span_find(rest, '@')) < rest.len)
            (void)hf_span_cut(&rest, at + 1);
        for (size_t i = 0; i < rest.len && may_be_shown(rest.ptr[i]); i++)
            hf_buf_putc(&out, rest.ptr[i]);
    } else {
        for (size_t i = 0; i < rest.len; i++)
            hf_buf_putc(&out, rest.ptr[i]);
    }
    room[out.len] = '\0';
    return room;
}

/* ---- opening ---- */

static enum hf_err choose(const char *location, const struct hf_engine **out,
                          struct hf_why *why)
{
    struct hf_span rest = hf_span_str(location);
    const struct hf_engine *engine = &hf_engine_sqlite;

    if (take_scheme(&rest))
        engine = hf_plugin_find(HF_ENGINE_POSTGRESQL_FILE,
                                HF_ENGINE_POSTGRESQL_SYMBOL);
    if (engine == NULL)
        return hf_fail(why, HF_ESYSTEM, 0,
                       "it wants the part of holdfast for PostgreSQL, and that "
                       "(" HF_ENGINE_POSTGRESQL_FILE ") is not installed here");
    *out = engine;
    return HF_OK;
}

static enum hf_err take_steps(struct hf_store *store, void *of,
                              struct hf_why *why)
{
    const struct hf_store_plan *plan = store->plan;
    int64_t version = 0;
    enum hf_err err = store->engine->version(store, true, &version, why);

    (void)of;
    for (int64_t i = version; i < plan->step_count && err == HF_OK; i++)
        err = store->engine->sql(store, plan->steps[i], why);
    if (err == HF_OK && version < plan->step_count)
        err = store->engine->set_version(store, plan->step_count, why);
    return err;
}

/* All steps that are missing, in one transaction. */
static enum hf_err migrate(struct hf_store *store, bool must_exist,
                           struct hf_why *why)
{
    int64_t version = 0;
    enum hf_err err = store->engine->version(store, false, &version, why);

    if (err != HF_OK || version == store->plan->step_count)
        return err;
    if (version > store->plan->step_count)
        return hf_fail(why, HF_EINVAL, 0,
                       "a newer holdfast wrote it; use that one");
    if (version == 0 && must_exist)
        return hf_fail(why, HF_ENOTFOUND, 0, "it has no tables yet");
    return hf_store_transact(store, take_steps, NULL, why);
}

enum hf_err hf_store_open(const char *location,
                          const struct hf_store_plan *plan, bool must_exist,
                          struct hf_store **out, struct hf_why *why)
{
    const struct hf_engine *engine = NULL;
    struct hf_store *store;
    enum hf_err err = choose(location, &engine, why);

    assert(plan->operation_count <= HF_STORE_OPERATIONS_MAX);
    if (err != HF_OK)
        return err;
    store = hf_alloc(1, engine->size);
    if (store == NULL)
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    store->engine = engine;
    store->plan = plan;
    err = engine->open(store, location, must_exist, why);
    if (err == HF_OK)
        err = migrate(store, must_exist, why);
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
    store->engine->close(store);
    hf_free(store);
}

/* ---- transactions ---- */

/* What was said of the failure before this one is over. */
static void forget_failure(struct hf_store *store)
{
    store->should_retry = false;
    store->is_unknown = false;
}

/* Behind a failure one engine goes on and the other does not; here neither. */
static enum hf_err may_go_on(const struct hf_store *store, struct hf_why *why)
{
    if (!store->is_spoiled)
        return HF_OK;
    return hf_fail(why, HF_EINVAL, 0,
                   "a step of this change failed before; it must be undone");
}

static enum hf_err note(struct hf_store *store, enum hf_err err)
{
    if (err != HF_OK && store->in_transaction)
        store->is_spoiled = true;
    return err;
}

static void end_transaction(struct hf_store *store)
{
    store->in_transaction = false;
    store->is_marked = false;
    store->is_spoiled = false;
}

enum hf_err hf_store_begin(struct hf_store *store, struct hf_why *why)
{
    enum hf_err err;

    assert(!store->in_transaction);
    forget_failure(store);
    err = store->engine->begin(store, why);
    store->in_transaction = err == HF_OK;
    return err;
}

enum hf_err hf_store_commit(struct hf_store *store, struct hf_why *why)
{
    enum hf_err err = may_go_on(store, why);

    if (err != HF_OK) {
        hf_store_undo(store);
        return err;
    }
    forget_failure(store);
    err = store->engine->commit(store, why);
    if (err != HF_OK)
        hf_store_undo(store);
    end_transaction(store);
    return err;
}

void hf_store_undo(struct hf_store *store)
{
    if (store->in_transaction)
        store->engine->undo(store);
    end_transaction(store);
}

enum hf_err hf_store_mark(struct hf_store *store, struct hf_why *why)
{
    const char *text = store->is_marked ? "RELEASE SAVEPOINT mark;"
                                          "SAVEPOINT mark"
                                        : "SAVEPOINT mark";
    enum hf_err err = may_go_on(store, why);

    assert(store->in_transaction);
    if (err != HF_OK)
        return err;
    forget_failure(store);
    err = note(store, store->engine->sql(store, text, why));
    store->is_marked = err == HF_OK;
    return err;
}

enum hf_err hf_store_back_to_mark(struct hf_store *store, struct hf_why *why)
{
    enum hf_err err;

    assert(store->in_transaction && store->is_marked);
    forget_failure(store);
    err = store->engine->sql(store, "ROLLBACK TO SAVEPOINT mark", why);
    store->is_spoiled = err != HF_OK;
    return err;
}

bool hf_store_should_retry(const struct hf_store *store)
{
    return store->should_retry;
}

bool hf_store_is_unknown(const struct hf_store *store)
{
    return store->is_unknown;
}

static enum hf_err try_once(struct hf_store *store, hf_store_work_fn work,
                            void *of, struct hf_why *why)
{
    enum hf_err err = hf_store_begin(store, why);

    if (err != HF_OK)
        return err;
    err = work(store, of, why);
    if (err == HF_OK)
        return hf_store_commit(store, why);
    hf_store_undo(store);
    return err;
}

/* Who was in each other's way must not meet again. */
static void pause_before(int attempt)
{
    int64_t most = PAUSE_MIN_MS;
    unsigned char random = 0;

    for (int i = 0; i < attempt && most < PAUSE_MAX_MS; i++)
        most *= 2;
    (void)hf_random_fill(&random, sizeof(random), NULL);
    hf_clock_wait(1 + most * random / 256);
}

/* After a failure: may it be done once more, and is there time? */
static bool may_repeat(const struct hf_store *store, int attempt,
                       int64_t until_ms)
{
    if (!store->should_retry || hf_clock_ms() > until_ms ||
        hf_signals_stop_wanted())
        return false;
    pause_before(attempt);
    return true;
}

enum hf_err hf_store_transact(struct hf_store *store, hf_store_work_fn work,
                              void *of, struct hf_why *why)
{
    int64_t until_ms = hf_clock_ms() + HF_STORE_BUSY_MS;
    enum hf_err err = try_once(store, work, of, why);

    for (int i = 0; err != HF_OK && may_repeat(store, i, until_ms); i++)
        err = try_once(store, work, of, why);
    return err;
}

/* ---- operations ---- */

static enum hf_err check_values(const struct hf_store_value *values,
                                size_t count, struct hf_why *why)
{
    assert(count <= HF_STORE_VALUES_MAX);
    for (size_t i = 0; i < count; i++)
        if (values[i].kind == HF_STORE_TEXT &&
            hf_span_find(values[i].text, '\0') < values[i].text.len)
            return hf_fail(why, HF_EINVAL, i, "text with a NUL in it");
    return HF_OK;
}

enum hf_err hf_store_start(struct hf_store *store, size_t operation,
                           const struct hf_store_value *values, size_t count,
                           struct hf_why *why)
{
    int64_t until_ms = hf_clock_ms() + HF_STORE_BUSY_MS;
    enum hf_err err = may_go_on(store, why);

    assert(operation < store->plan->operation_count);
    if (err == HF_OK)
        err = check_values(values, count, why);
    if (err != HF_OK)
        return note(store, err);
    forget_failure(store);
    err = store->engine->start(store, operation, values, count, why);
    for (int i = 0; err != HF_OK && !store->in_transaction &&
                    may_repeat(store, i, until_ms);
         i++) {
        forget_failure(store);
        err = store->engine->start(store, operation, values, count, why);
    }
    return note(store, err);
}

enum hf_err hf_store_next(struct hf_store *store, size_t operation, bool *more,
                          struct hf_why *why)
{
    forget_failure(store);
    return note(store, store->engine->next(store, operation, more, why));
}

void hf_store_end(struct hf_store *store, size_t operation)
{
    store->engine->end(store, operation);
}

enum hf_err hf_store_run(struct hf_store *store, size_t operation,
                         const struct hf_store_value *values, size_t count,
                         struct hf_why *why)
{
    enum hf_err err = hf_store_start(store, operation, values, count, why);
    bool more = true;

    /* What it changed is certain behind its last row. */
    while (err == HF_OK && more)
        err = hf_store_next(store, operation, &more, why);
    return err;
}

enum hf_err hf_store_ask(struct hf_store *store, size_t operation,
                         const struct hf_store_value *values, size_t count,
                         int64_t *out, struct hf_why *why)
{
    int64_t got = 0;
    bool more = false;
    enum hf_err err = hf_store_start(store, operation, values, count, why);

    if (err == HF_OK)
        err = hf_store_next(store, operation, &more, why);
    if (err == HF_OK && more) {
        got = hf_store_get_number(store, operation, 0);
        err = hf_store_next(store, operation, &more, why);
    }
    if (err == HF_OK)
        *out = got;
    return err;
}

int64_t hf_store_changed(const struct hf_store *store)
{
    return store->changed;
}

int64_t hf_store_get_number(const struct hf_store *store, size_t operation,
                            int column)
{
    return store->engine->get_number(store, operation, column);
}

struct hf_span hf_store_get_text(const struct hf_store *store, size_t operation,
                                 int column)
{
    return store->engine->get_text(store, operation, column);
}

bool hf_store_is_null(const struct hf_store *store, size_t operation,
                      int column)
{
    return store->engine->is_null(store, operation, column);
}

/* ---- copies ---- */

enum hf_err hf_store_backup(struct hf_store *store, const char *path,
                            struct hf_why *why)
{
    assert(!store->in_transaction);
    return store->engine->backup(store, path, why);
}

enum hf_err hf_store_check(struct hf_store *store, struct hf_why *why)
{
    return store->engine->check(store, why);
}

enum hf_err hf_store_about(struct hf_store *store, struct hf_store_about *out,
                           struct hf_why *why)
{
    struct hf_store_about about = {0};
    enum hf_err err;

    assert(!store->in_transaction);
    forget_failure(store);
    err = store->engine->about(store, &about, why);
    if (err == HF_OK)
        *out = about;
    return err;
}
