/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a store promises, the same for both engines: see store_fixture.h. What
 * the kernel does to SQLite's file in between is in test_register.c.
 */
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "tests/unit/store_fixture.h"

#define S HF_SPAN_INIT

/* ---- the tables ---- */

static const char *const steps[] = {
    "CREATE TABLE thing ("
    " id INTEGER PRIMARY KEY,"
    " number INTEGER,"
    " text TEXT,"
    " octets BLOB,"
    " CHECK (number <> 13)"
    ") STRICT;"
    "CREATE UNIQUE INDEX thing_text ON thing(text)",
    "CREATE TABLE pair ("
    " word TEXT NOT NULL,"
    " place INTEGER NOT NULL,"
    " PRIMARY KEY (word, place)"
    ") STRICT, WITHOUT ROWID;"
    "CREATE TABLE counted (id INTEGER PRIMARY KEY AUTOINCREMENT,"
    " word TEXT NOT NULL DEFAULT 'a TEXT') STRICT",
};

enum operation { PUT, GET, LIST, SET, PUT_OR_SET, ADD, NEXT_ID, SUM, MIXED };

static const char *const operations[] = {
    [PUT] = "INSERT INTO thing (id, number, text, octets)"
            " VALUES ($1, $2, $3, $4)",
    [GET] = "SELECT number, text, octets FROM thing WHERE id = $1",
    [LIST] = "SELECT text FROM thing WHERE $1 <> 0 ORDER BY text",
    [SET] = "UPDATE thing SET number = $2 WHERE id = $1",
    [PUT_OR_SET] = "INSERT INTO thing (id, number, text) VALUES ($1, $2, $3)"
                   " ON CONFLICT (text) DO UPDATE SET number ="
                   " coalesce($2, thing.number) RETURNING id, number",
    [ADD] = "UPDATE thing SET number = number + $1",
    [NEXT_ID] = "INSERT INTO counted (word) VALUES ($1) RETURNING id, word",
    [SUM] = "SELECT CAST(sum(number) AS INTEGER), count(*), 7 FROM thing",
    /* Places out of order, and one of them twice. */
    [MIXED] = "SELECT $2 || '$1' || $1 || $2 FROM thing WHERE id = $3",
};

static const struct hf_store_plan plan = {
    .steps = steps,
    .step_count = COUNT_OF(steps),
    .operations = operations,
    .operation_count = COUNT_OF(operations),
};

/* ---- helpers ---- */

static struct hf_store_value null(void)
{
    return (struct hf_store_value){0};
}

static enum hf_err put(struct hf_store *store, int64_t id, int64_t number,
                       const char *text, struct hf_why *why)
{
    const struct hf_store_value values[] = {
        hf_store_number(id), hf_store_number(number),
        hf_store_text(hf_span_str(text)), null()};

    return hf_store_run(store, PUT, values, 4, why);
}

static void want_put(struct hf_store *store, int64_t id, const char *text)
{
    struct hf_why why = {0};

    place_want(put(store, id, 1000 + id, text, &why), why);
}

static enum hf_err set(struct hf_store *store, int64_t id, int64_t number,
                       struct hf_why *why)
{
    const struct hf_store_value values[] = {hf_store_number(id),
                                            hf_store_number(number)};

    return hf_store_run(store, SET, values, 2, why);
}

static enum hf_err get_number(struct hf_store *store, int64_t id, int64_t *out,
                              struct hf_why *why)
{
    const struct hf_store_value values[] = {hf_store_number(id)};
    bool more = false;
    enum hf_err err = hf_store_start(store, GET, values, 1, why);

    if (err == HF_OK)
        err = hf_store_next(store, GET, &more, why);
    if (err == HF_OK && more) {
        *out = hf_store_get_number(store, GET, 0);
        hf_store_end(store, GET);
    }
    return err;
}

/* All texts, one behind the other. */
static const char *all(struct hf_store *store)
{
    static char text[512];
    const struct hf_store_value values[] = {hf_store_number(1)};
    struct hf_why why = {0};
    bool more = true;
    size_t n = 0;

    place_want(hf_store_start(store, LIST, values, 1, &why), why);
    while (more) {
        place_want(hf_store_next(store, LIST, &more, &why), why);
        if (more) {
            struct hf_span got = hf_store_get_text(store, LIST, 0);

            n += (size_t)snprintf(text + n, sizeof(text) - n, "%.*s ",
                                  (int)got.len, got.ptr);
        }
        assert_true(n < sizeof(text));
    }
    text[n > 0 ? n - 1 : 0] = '\0';
    return text;
}

/* ---- values ---- */

static const struct {
    struct hf_span text, octets;
    int64_t number;
} kept[] = {
    {S("a"), S("b"), 1},
    {S(""), S(""), 0},
    {S("\xc3\xa4 \xe2\x82\xac \\ ' \" $1"), S("\0\xff\0\\x00"), INT64_MAX},
    {S("4294967296"), S("\xc3\x28"), INT64_MIN},
};

static void values_come_back(void **state)
{
    struct hf_store *store = place_open(*state, &plan);
    struct hf_why why = {0};

    for (size_t i = 0; i < COUNT_OF(kept); i++) {
        const struct hf_store_value values[] = {
            hf_store_number((int64_t)i), hf_store_number(kept[i].number),
            hf_store_text(kept[i].text), hf_store_blob(kept[i].octets)};

        place_want(hf_store_run(store, PUT, values, 4, &why), why);
        assert_int_equal(hf_store_changed(store), 1);
    }
    for (size_t i = 0; i < COUNT_OF(kept); i++) {
        const struct hf_store_value id = hf_store_number((int64_t)i);
        bool more = false;

        place_want(hf_store_start(store, GET, &id, 1, &why), why);
        place_want(hf_store_next(store, GET, &more, &why), why);
        assert_true(more);
        assert_int_equal(hf_store_get_number(store, GET, 0), kept[i].number);
        assert_span_equal(hf_store_get_text(store, GET, 1), kept[i].text);
        assert_span_equal(hf_store_get_text(store, GET, 2), kept[i].octets);
        for (int column = 0; column < 3; column++)
            assert_false(hf_store_is_null(store, GET, column));
        place_want(hf_store_next(store, GET, &more, &why), why);
        assert_false(more);
        assert_int_equal(hf_store_changed(store), 0);
    }
    hf_store_close(store);
}

static void null_is_empty(void **state)
{
    struct hf_store *store = place_open(*state, &plan);
    const struct hf_store_value values[] = {hf_store_number(1), null(), null(),
                                            null()};
    struct hf_why why = {0};
    bool more = false;

    place_want(hf_store_run(store, PUT, values, 4, &why), why);
    place_want(hf_store_start(store, GET, values, 1, &why), why);
    place_want(hf_store_next(store, GET, &more, &why), why);
    assert_true(more);
    for (int column = 0; column < 3; column++)
        assert_true(hf_store_is_null(store, GET, column));
    assert_int_equal(hf_store_get_number(store, GET, 0), 0);
    assert_int_equal(hf_store_get_text(store, GET, 1).len, 0);
    assert_int_equal(hf_store_get_text(store, GET, 2).len, 0);
    hf_store_end(store, GET);
    /* What was NULL the first time need not be the next. */
    want_put(store, 2, "two");
    hf_store_close(store);
}

static void one_text_for_both(void **state)
{
    struct hf_store *store = place_open(*state, &plan);
    struct hf_store_value values[] = {hf_store_text(HF_SPAN("one")),
                                      hf_store_text(HF_SPAN("two")),
                                      hf_store_number(1)};
    struct hf_why why = {0};
    bool more = false;

    want_put(store, 1, "x");
    place_want(hf_store_start(store, MIXED, values, 3, &why), why);
    place_want(hf_store_next(store, MIXED, &more, &why), why);
    assert_span_equal(hf_store_get_text(store, MIXED, 0),
                      HF_SPAN("two$1onetwo"));
    hf_store_end(store, MIXED);

    values[0] = hf_store_number(2);
    values[1] = hf_store_number(20);
    values[2] = hf_store_text(HF_SPAN("x"));
    place_want(hf_store_start(store, PUT_OR_SET, values, 3, &why), why);
    place_want(hf_store_next(store, PUT_OR_SET, &more, &why), why);
    assert_int_equal(hf_store_get_number(store, PUT_OR_SET, 0), 1);
    assert_int_equal(hf_store_get_number(store, PUT_OR_SET, 1), 20);
    place_want(hf_store_next(store, PUT_OR_SET, &more, &why), why);
    assert_false(more);
    assert_int_equal(hf_store_changed(store), 1);

    want_put(store, 3, "y");
    place_want(hf_store_start(store, SUM, NULL, 0, &why), why);
    place_want(hf_store_next(store, SUM, &more, &why), why);
    assert_int_equal(hf_store_get_number(store, SUM, 0), 1023);
    assert_int_equal(hf_store_get_number(store, SUM, 1), 2);
    assert_int_equal(hf_store_get_number(store, SUM, 2), 7);
    hf_store_end(store, SUM);

    values[0] = hf_store_text(HF_SPAN("word"));
    for (int64_t id = 1; id <= 2; id++) {
        place_want(hf_store_start(store, NEXT_ID, values, 1, &why), why);
        place_want(hf_store_next(store, NEXT_ID, &more, &why), why);
        assert_int_equal(hf_store_get_number(store, NEXT_ID, 0), id);
        place_want(hf_store_next(store, NEXT_ID, &more, &why), why);
    }
    hf_store_close(store);
}

static void order_is_of_octets(void **state)
{
    struct hf_store *store = place_open(*state, &plan);

    want_put(store, 1, "b");
    want_put(store, 2, "B");
    want_put(store, 3, "a");
    want_put(store, 4, "\xc3\xa4");
    want_put(store, 5, "_");
    want_put(store, 6, "ab");
    assert_string_equal(all(store), "B _ a ab b \xc3\xa4");
    hf_store_close(store);
}

static void rows_that_changed(void **state)
{
    struct hf_store *store = place_open(*state, &plan);
    const struct hf_store_value ten = hf_store_number(10);
    struct hf_why why = {0};

    want_put(store, 1, "a");
    want_put(store, 2, "b");
    place_want(hf_store_run(store, ADD, &ten, 1, &why), why);
    assert_int_equal(hf_store_changed(store), 2);
    place_want(set(store, 7, 1, &why), why);
    assert_int_equal(hf_store_changed(store), 0);
    place_want(set(store, 1, 11, &why), why);
    assert_int_equal(hf_store_changed(store), 1);
    assert_string_equal(all(store), "a b");
    assert_int_equal(hf_store_changed(store), 0);
    hf_store_close(store);
}

/* Two lists at once, and changes meanwhile. */
static void walks_do_not_disturb(void **state)
{
    struct hf_store *store = place_open(*state, &plan);
    const struct hf_store_value any = hf_store_number(1);
    struct hf_why why = {0};
    int64_t number = 0;
    bool more = false;

    want_put(store, 1, "a");
    want_put(store, 2, "b");
    place_want(hf_store_start(store, LIST, &any, 1, &why), why);
    place_want(hf_store_next(store, LIST, &more, &why), why);
    place_want(get_number(store, 2, &number, &why), why);
    assert_int_equal(number, 1002);
    assert_span_equal(hf_store_get_text(store, LIST, 0), HF_SPAN("a"));
    place_want(hf_store_next(store, LIST, &more, &why), why);
    assert_span_equal(hf_store_get_text(store, LIST, 0), HF_SPAN("b"));
    place_want(hf_store_next(store, LIST, &more, &why), why);
    assert_false(more);
    hf_store_close(store);
}

/* ---- what is refused ---- */

static void rules_of_tables(void **state)
{
    struct hf_store *store = place_open(*state, &plan);
    const struct hf_store_value wrong[][4] = {
        {hf_store_number(1), null(), null(), null()},      /* is there */
        {null(), null(), hf_store_text(HF_SPAN("a"))},     /* so is this */
        {hf_store_number(2), hf_store_number(13), null()}, /* unlucky */
        {hf_store_number(2), hf_store_text(HF_SPAN("x")), null()},
        {hf_store_number(2), null(), hf_store_blob(HF_SPAN("x")), null()},
        {hf_store_number(2), null(), hf_store_text(HF_SPAN("a\0b")), null()},
    };

    want_put(store, 1, "a");
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        struct hf_why why = {.text = ""};

        /* An id that SQLite would make up is none of ours. */
        if (wrong[i][0].kind == HF_STORE_NULL && !place_is_postgresql())
            continue;
        if (hf_store_run(store, PUT, wrong[i], 4, &why) != HF_EINVAL)
            fail_msg("%zu: %s", i, why.text);
        assert_false(hf_store_should_retry(store));
        assert_false(hf_store_is_unknown(store));
    }
    want_put(store, 3, "b");
    assert_string_equal(all(store), "a b");
    hf_store_close(store);
}

/* ---- transactions ---- */

static void together_or_not(void **state)
{
    struct hf_store *store = place_open(*state, &plan);
    struct hf_why why = {0};

    place_want(hf_store_begin(store, &why), why);
    want_put(store, 1, "a");
    want_put(store, 2, "b");
    assert_string_equal(all(store), "a b");
    place_want(hf_store_commit(store, &why), why);
    place_want(hf_store_begin(store, &why), why);
    want_put(store, 3, "c");
    hf_store_undo(store);
    hf_store_undo(store);
    assert_string_equal(all(store), "a b");
    place_want(hf_store_begin(store, &why), why);
    want_put(store, 4, "d");
    hf_store_close(store);

    store = place_open(*state, &plan);
    assert_string_equal(all(store), "a b");
    hf_store_close(store);
}

/* Neither engine goes on as if nothing had happened. */
static void failure_spoils_it(void **state)
{
    struct hf_store *store = place_open(*state, &plan);
    struct hf_why why = {.text = ""};
    int64_t number;

    place_want(hf_store_begin(store, &why), why);
    want_put(store, 1, "a");
    assert_int_equal(put(store, 1, 1, "b", &why), HF_EINVAL);
    assert_int_equal(put(store, 2, 2, "c", &why), HF_EINVAL);
    assert_non_null(strstr(why.text, "must be undone"));
    assert_int_equal(get_number(store, 1, &number, &why), HF_EINVAL);
    assert_int_equal(hf_store_mark(store, &why), HF_EINVAL);
    assert_int_equal(hf_store_commit(store, &why), HF_EINVAL);
    assert_string_equal(all(store), "");

    place_want(hf_store_begin(store, &why), why);
    assert_int_equal(put(store, 1, 13, "b", &why), HF_EINVAL);
    hf_store_undo(store);
    want_put(store, 1, "d");
    assert_string_equal(all(store), "d");
    hf_store_close(store);
}

/* Of seven in a batch, two are bad, and one changes its mind. */
static void marks(void **state)
{
    struct hf_store *store = place_open(*state, &plan);
    static const struct {
        const char *text;
        int64_t number;
        bool back;
    } batch[] = {{"a", 1, false}, {"b", 13, true}, {"c", 3, false},
                 {"d", 4, true},  {"c", 5, true},  {"e", 6, false},
                 {"f", 7, false}};
    struct hf_why why = {0};

    place_want(hf_store_begin(store, &why), why);
    for (size_t i = 0; i < COUNT_OF(batch); i++) {
        place_want(hf_store_mark(store, &why), why);
        (void)put(store, (int64_t)i, batch[i].number, batch[i].text, &why);
        if (batch[i].back)
            place_want(hf_store_back_to_mark(store, &why), why);
    }
    place_want(hf_store_commit(store, &why), why);
    assert_string_equal(all(store), "a c e f");
    /* There is none left in the next. */
    place_want(hf_store_begin(store, &why), why);
    place_want(hf_store_mark(store, &why), why);
    want_put(store, 50, "g");
    place_want(hf_store_commit(store, &why), why);
    assert_string_equal(all(store), "a c e f g");
    hf_store_close(store);
}

/* ---- steps ---- */

static enum hf_err open_with(const struct place *place, const char *const *sql,
                             int count, bool must_exist, struct hf_why *why)
{
    struct hf_store *store = NULL;
    struct hf_store_plan other = plan;
    enum hf_err err;

    other.steps = sql;
    other.step_count = count;
    *why = (struct hf_why){.text = ""};
    err = hf_store_open(place->location, &other, must_exist, &store, why);
    assert_int_equal(err == HF_OK, store != NULL);
    hf_store_close(store);
    return err;
}

static void steps_go_forward(void **state)
{
    static const char *const broken[] = {
        "CREATE TABLE early (a INTEGER) STRICT", "CREATE TABLE (", "SELECT 1"};
    struct hf_store *store;
    struct hf_why why;

    assert_int_equal(open_with(*state, steps, 2, true, &why), HF_ENOTFOUND);
    /* All that are missing, or none. */
    assert_int_not_equal(open_with(*state, broken, 3, false, &why), HF_OK);
    assert_int_equal(open_with(*state, broken, 1, false, &why), HF_OK);
    assert_int_equal(place_leave(state), 0);
    assert_int_equal(place_enter(state), 0);

    assert_int_equal(open_with(*state, steps, 1, false, &why), HF_OK);
    store = place_open(*state, &plan);
    want_put(store, 1, "a");
    hf_store_close(store);
    assert_int_equal(open_with(*state, steps, 2, true, &why), HF_OK);
    assert_int_equal(open_with(*state, steps, 1, true, &why), HF_EINVAL);
    assert_non_null(strstr(why.text, "newer holdfast"));
}

static void somebody_elses_tables(void **state)
{
    static const char *const others[] = {"CREATE TABLE other (a INTEGER)"};
    const struct place *place = *state;
    struct hf_why why;

    if (place_is_postgresql()) {
        place_sql("CREATE TABLE other (a int)");
        assert_int_equal(open_with(place, steps, 2, false, &why), HF_EINVAL);
        assert_non_null(strstr(why.text, "another program"));
        return;
    }
    /* Of SQLite's file test_register.c has more. */
    assert_int_equal(open_with(place, others, 1, false, &why), HF_OK);
    assert_int_equal(open_with(place, others, 0, false, &why), HF_EINVAL);
}

/* ---- several processes ---- */

enum { MANY = 8, TIMES = 12 };

static int open_and_put(const struct place *place)
{
    struct hf_store *store = NULL;
    char text[32];
    enum hf_err err =
        hf_store_open(place->location, &plan, false, &store, NULL);

    (void)snprintf(text, sizeof(text), "%d", (int)getpid());
    if (err == HF_OK)
        err = put(store, getpid(), 1, text, NULL);
    hf_store_close(store);
    return err != HF_OK;
}

static void many_make_it_at_once(void **state)
{
    struct hf_store *store;
    struct hf_why why = {0};
    bool more = false;

    for (int i = 0; i < MANY; i++)
        (void)place_fork(open_and_put, *state);
    place_wait(MANY);
    store = place_open(*state, &plan);
    place_want(hf_store_start(store, SUM, NULL, 0, &why), why);
    place_want(hf_store_next(store, SUM, &more, &why), why);
    assert_int_equal(hf_store_get_number(store, SUM, 0), MANY);
    hf_store_close(store);
}

/* Read, then write what was read plus one. */
static enum hf_err count_up(struct hf_store *store, void *of,
                            struct hf_why *why)
{
    int64_t number = 0;
    enum hf_err err = get_number(store, 1, &number, why);

    (void)of;
    return err == HF_OK ? set(store, 1, number + 1, why) : err;
}

static int count_up_often(const struct place *place)
{
    struct hf_store *store = NULL;
    enum hf_err err = hf_store_open(place->location, &plan, true, &store, NULL);

    for (int i = 0; i < TIMES && err == HF_OK; i++)
        err = hf_store_transact(store, count_up, NULL, NULL);
    hf_store_close(store);
    return err != HF_OK;
}

static void no_update_is_lost(void **state)
{
    struct hf_store *store = place_open(*state, &plan);
    struct hf_why why = {0};
    int64_t number = 0;

    place_want(put(store, 1, 1000, "a", &why), why);
    for (int i = 0; i < 4; i++)
        (void)place_fork(count_up_often, *state);
    place_wait(4);
    place_want(get_number(store, 1, &number, &why), why);
    assert_int_equal(number, 1000 + 4 * TIMES);
    hf_store_close(store);
}

/* ---- the end of a process ---- */

/* A transaction of several statements, killed at number `end`. */
static void write_and_die(const struct place *place, int end)
{
    struct hf_store *store = NULL;
    struct hf_why why = {0};
    int at = 0;

#define MAY_DIE                                                                \
    if (at++ == end)                                                           \
    (void)kill(getpid(), SIGKILL)
    MAY_DIE;
    place_want(hf_store_open(place->location, &plan, false, &store, &why), why);
    MAY_DIE;
    place_want(hf_store_begin(store, &why), why);
    MAY_DIE;
    want_put(store, 1, "a");
    MAY_DIE;
    place_want(hf_store_mark(store, &why), why);
    MAY_DIE;
    want_put(store, 2, "b");
    MAY_DIE;
    place_want(set(store, 0, 9, &why), why);
    MAY_DIE;
    place_want(hf_store_commit(store, &why), why);
    MAY_DIE;
    hf_store_close(store);
#undef MAY_DIE
}

static void killed_anywhere(void **state)
{
    bool is_over = false;

    for (int end = 0; !is_over; end++) {
        struct hf_store *store;
        int status = 0;
        pid_t pid;

        assert_int_equal(place_leave(state), 0);
        assert_int_equal(place_enter(state), 0);
        store = place_open(*state, &plan);
        want_put(store, 0, "0");
        hf_store_close(store);
        pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
            write_and_die(*state, end);
            _exit(0);
        }
        assert_int_equal(waitpid(pid, &status, 0), pid);
        is_over = !WIFSIGNALED(status);
        store = place_open(*state, &plan);
        assert_string_equal(all(store), end < 7 ? "0" : "0 a b");
        want_put(store, 5, "5");
        hf_store_close(store);
        assert_int_equal(end == 8, is_over);
    }
}

/* ---- memory ---- */

static void no_memory(void **state)
{
    const struct place *place = *state;
    struct hf_store *store = NULL;
    struct hf_why why = {0};

    hf_alloc_fail_after(0, false);
    assert_int_equal(hf_store_open(place->location, &plan, false, &store, NULL),
                     HF_ENOMEM);
    hf_alloc_fail_after(-1, false);
    if (place_is_postgresql()) /* whose own allocations are its plug-in's */
        return;
    store = place_open(place, &plan);
    hf_alloc_fail_after(0, false);
    assert_int_equal(put(store, 1, 1, "a", NULL), HF_ENOMEM);
    hf_alloc_fail_after(-1, false);
    place_want(put(store, 1, 1, "a", &why), why);
    hf_store_close(store);
}

/* ---- names ---- */

static const struct {
    const char *location;
    const char *shown;
} names[] = {
    {"/var/lib/x.db", "/var/lib/x.db"},
    {"a@b?c", "a@b?c"},
    {"postgresql://db/x", "postgresql://db/x"},
    {"postgres://u@db/x", "postgresql://db/x"},
    {"postgresql://u:secret@a:1,[::1]:2/x?sslmode=require",
     "postgresql://a:1,[::1]:2/x"},
    {"postgresql://u:s@cr/e?t@db/x", "postgresql://db/x"},
    {"postgresql://db/x?password=secret", "postgresql://db/x"},
    {"postgresql://db/x?options=a@b&password=secret", "postgresql://b"},
    {"postgresql://db/x\nsecret", "postgresql://db/x"},
    {"postgresql:///x?host=/run/p", "postgresql:///x"},
};

static void names_hide_passwords(void **state)
{
    char room[HF_STORE_NAME_MAX];
    char path[HF_STORE_NAME_MAX + 10];

    (void)state;
    for (size_t i = 0; i < COUNT_OF(names); i++)
        assert_string_equal(hf_store_name(names[i].location, room),
                            names[i].shown);
    memset(path, 'a', sizeof(path));
    path[sizeof(path) - 1] = '\0';
    assert_int_equal(strlen(hf_store_name(path, room)), sizeof(room) - 1);
}

/* ---- copies of SQLite's file ---- */

static void put_octets(const char *path, off_t at)
{
    int fd = open(path, O_WRONLY);

    assert_true(fd >= 0);
    for (int i = 0; i < 64; i++)
        assert_int_equal(
            pwrite(fd, "damagedamagedamagedamagedamagedamage", 32, at + 32 * i),
            32);
    (void)close(fd);
}

static void copy_is_whole(void **state)
{
    const struct place *place = *state;
    struct hf_store *store = place_open(place, &plan);
    struct place copied = *place;
    struct hf_why why = {.text = ""};
    struct stat about;
    char text[256];

    (void)snprintf(copied.path, sizeof(copied.path), "%s/copy", place->folder);
    copied.location = copied.path;
    memset(text, 'x', sizeof(text));
    text[sizeof(text) - 1] = '\0';
    for (int i = 0; i < 200; i++) {
        text[0] = (char)('A' + i % 50);
        text[1] = (char)('A' + i / 50);
        want_put(store, i, text);
    }
    place_want(hf_store_backup(store, copied.path, &why), why);
    assert_int_equal(stat(copied.path, &about), 0);
    assert_int_equal(about.st_mode & 0777, 0600);
    place_want(put(store, 500, 1, "later", &why), why);

    assert_int_equal(hf_store_backup(store, copied.path, &why), HF_EINVAL);
    place_want(hf_store_check(store, &why), why);
    hf_store_close(store);

    store = place_open(&copied, &plan);
    place_want(hf_store_check(store, &why), why);
    {
        int64_t number = -1;

        place_want(get_number(store, 199, &number, &why), why);
        assert_int_equal(number, 1199);
        number = -1;
        place_want(get_number(store, 500, &number, &why), why);
        assert_int_equal(number, -1);
    }
    hf_store_close(store);
}

static void damage_is_found(void **state)
{
    const struct place *place = *state;
    struct hf_store *store = place_open(place, &plan);
    struct hf_why why = {.text = ""};
    char copy[SCRATCH_MAX + 16];
    struct stat about;
    char text[1024];

    (void)snprintf(copy, sizeof(copy), "%s/copy", place->folder);
    memset(text, 'x', sizeof(text));
    text[sizeof(text) - 1] = '\0';
    for (int i = 0; i < 100; i++) {
        text[0] = (char)('A' + i % 50);
        text[1] = (char)('A' + i / 50);
        want_put(store, i, text);
    }
    hf_store_close(store);
    put_octets(place->path, 40960);
    store = place_open(place, &plan);
    assert_int_equal(hf_store_check(store, &why), HF_ESYNTAX);
    assert_non_null(strstr(why.text, "damaged"));
    assert_int_equal(hf_store_backup(store, copy, &why), HF_ESYNTAX);
    assert_int_equal(stat(copy, &about), -1);
    hf_store_close(store);
}

int main(void)
{
#define CASE(name)                                                             \
    cmocka_unit_test_setup_teardown(name, place_enter, place_leave)
    const struct CMUnitTest both[] = {
        CASE(values_come_back),     CASE(null_is_empty),
        CASE(one_text_for_both),    CASE(order_is_of_octets),
        CASE(rows_that_changed),    CASE(walks_do_not_disturb),
        CASE(rules_of_tables),      CASE(together_or_not),
        CASE(failure_spoils_it),    CASE(marks),
        CASE(steps_go_forward),     CASE(somebody_elses_tables),
        CASE(many_make_it_at_once), CASE(no_update_is_lost),
        CASE(killed_anywhere),      CASE(no_memory),
        CASE(names_hide_passwords),
    };
    const struct CMUnitTest lite[] = {
        CASE(copy_is_whole),
        CASE(damage_is_found),
    };
    int failed = cmocka_run_group_tests(both, NULL, NULL);

    if (!place_is_postgresql())
        failed += cmocka_run_group_tests(lite, NULL, NULL);
    return failed;
}
