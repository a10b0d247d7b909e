/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a store makes of a PostgreSQL server that refuses, breaks off, or does
 * not say whether it kept a change. STORE_URL and STORE_SQL as in
 * tests/unit/store_fixture.h; STORE_URL_STRICT does not say that the server
 * needs no certificate; behind STORE_URL_ALONE is the same database, where a
 * change is kept when a standby has it, and there is none.
 */
#include "tests/unit/store_fixture.h"

static const char *const steps[] = {
    "CREATE TABLE thing (id INTEGER PRIMARY KEY, number INTEGER NOT NULL)"
    " STRICT",
};

enum operation { PUT, GET, SET, COUNT };

static const char *const operations[] = {
    [PUT] = "INSERT INTO thing (id, number) VALUES ($1, 0)",
    [GET] = "SELECT number FROM thing WHERE id = $1",
    [SET] = "UPDATE thing SET number = $2 WHERE id = $1",
    [COUNT] = "SELECT count(*) FROM thing",
};

static const struct hf_store_plan plan = {
    .steps = steps,
    .step_count = COUNT_OF(steps),
    .operations = operations,
    .operation_count = COUNT_OF(operations),
};

/* The server's side of every connection of ours; it is waited for its end. */
#define OURS      " FROM pg_stat_activity WHERE application_name = 'holdfast'"
#define BREAK_OFF "SELECT pg_terminate_backend(pid, 30000)" OURS

static enum hf_err put(struct hf_store *store, int64_t id, struct hf_why *why)
{
    const struct hf_store_value value = hf_store_number(id);

    return hf_store_run(store, PUT, &value, 1, why);
}

static enum hf_err read_one(struct hf_store *store, size_t operation,
                            int64_t id, int64_t *out, struct hf_why *why)
{
    const struct hf_store_value value = hf_store_number(id);
    bool more = false;
    enum hf_err err =
        hf_store_start(store, operation, &value, operation == GET, why);

    if (err != HF_OK)
        return err;
    err = hf_store_next(store, operation, &more, why);
    if (err == HF_OK && more)
        *out = hf_store_get_number(store, operation, 0);
    hf_store_end(store, operation);
    return err;
}

static enum hf_err set(struct hf_store *store, int64_t id, int64_t number,
                       struct hf_why *why)
{
    const struct hf_store_value values[] = {hf_store_number(id),
                                            hf_store_number(number)};

    return hf_store_run(store, SET, values, 2, why);
}

static int64_t count(struct hf_store *store)
{
    struct hf_why why = {0};
    int64_t number = -1;

    place_want(read_one(store, COUNT, 0, &number, &why), why);
    return number;
}

/* ---- opening ---- */

static enum hf_err try_open(const char *url, struct hf_why *why)
{
    struct hf_store *store = NULL;
    enum hf_err err = hf_store_open(url, &plan, false, &store, why);

    hf_store_close(store);
    return err;
}

static void who_is_not_let_in(void **state)
{
    struct hf_why why = {.text = ""};

    (void)state;
    assert_int_equal(try_open(getenv("STORE_URL_STRICT"), &why), HF_EPEER);
    assert_non_null(strstr(why.text, "none of its servers"));
    assert_int_equal(try_open("postgresql://u@127.0.0.1:1/x", &why), HF_EPEER);
    assert_int_equal(try_open("postgresql://u:s%zz@127.0.0.1/x", &why),
                     HF_ESYNTAX);
    assert_null(strstr(why.text, "zz"));
    assert_int_equal(try_open("postgresql://h/x?nonsense=1", &why), HF_ESYNTAX);
}

/* ---- in each other's way ---- */

static void same_row_at_once(void **state)
{
    struct hf_store *a = place_open(*state, &plan);
    struct hf_store *b = place_open(*state, &plan);
    struct hf_why why = {0};
    int64_t number = 0;

    place_want(put(a, 1, &why), why);
    place_want(hf_store_begin(a, &why), why);
    place_want(read_one(a, GET, 1, &number, &why), why);
    place_want(set(b, 1, number + 1, &why), why);
    assert_int_equal(set(a, 1, number + 1, &why), HF_EPEER);
    assert_true(hf_store_should_retry(a));
    assert_false(hf_store_is_unknown(a));
    hf_store_undo(a);
    assert_true(hf_store_should_retry(a));
    hf_store_close(a);
    hf_store_close(b);
}

/* Each sees that the other one is there, and leaves: one of them must stay. */
static void skewed_writes(void **state)
{
    struct hf_store *stores[2];
    struct hf_why why = {0};
    int64_t seen[2] = {0};
    enum hf_err err;

    for (int i = 0; i < 2; i++)
        stores[i] = place_open(*state, &plan);
    place_want(put(stores[0], 0, &why), why);
    place_want(put(stores[0], 1, &why), why);
    for (int i = 0; i < 2; i++) {
        place_want(hf_store_begin(stores[i], &why), why);
        place_want(read_one(stores[i], GET, 1 - i, &seen[i], &why), why);
        place_want(set(stores[i], i, 1, &why), why);
    }
    place_want(hf_store_commit(stores[0], &why), why);
    err = hf_store_commit(stores[1], &why);
    assert_int_equal(err, HF_EPEER);
    assert_true(hf_store_should_retry(stores[1]));
    for (int i = 0; i < 2; i++)
        hf_store_close(stores[i]);
}

/* ---- connections that break ---- */

static void idle_ones_are_made_again(void **state)
{
    struct hf_store *store = place_open(*state, &plan);
    struct hf_why why = {0};

    place_want(put(store, 1, &why), why);
    place_sql(BREAK_OFF);
    place_want(put(store, 2, &why), why);
    place_sql(BREAK_OFF);
    place_want(hf_store_begin(store, &why), why);
    place_want(put(store, 3, &why), why);
    place_want(hf_store_commit(store, &why), why);
    assert_int_equal(count(store), 3);
    hf_store_close(store);
}

static void transactions_must_run_again(void **state)
{
    struct hf_store *store = place_open(*state, &plan);
    struct hf_why why = {.text = ""};

    place_want(hf_store_begin(store, &why), why);
    place_want(put(store, 1, &why), why);
    place_want(hf_store_mark(store, &why), why);
    place_sql(BREAK_OFF);
    assert_int_equal(put(store, 2, &why), HF_EPEER);
    assert_non_null(strstr(why.text, "connection"));
    assert_true(hf_store_should_retry(store));
    assert_int_equal(hf_store_back_to_mark(store, &why), HF_EPEER);
    assert_int_equal(hf_store_commit(store, &why), HF_EINVAL);
    assert_int_equal(count(store), 0);
    hf_store_close(store);
}

/* What is broken off the first time, and well the second. */
static enum hf_err put_at_second_try(struct hf_store *store, void *of,
                                     struct hf_why *why)
{
    int *attempts = of;
    enum hf_err err = put(store, 7, why);

    if (err == HF_OK && (*attempts)++ == 0) {
        place_sql(BREAK_OFF);
        err = put(store, 8, why);
    }
    return err;
}

static void trying_again_helps(void **state)
{
    struct hf_store *store = place_open(*state, &plan);
    struct hf_why why = {.text = ""};
    int attempts = 0;

    place_want(hf_store_transact(store, put_at_second_try, &attempts, &why),
               why);
    assert_int_equal(attempts, 2);
    assert_int_equal(count(store), 1);
    hf_store_close(store);
}

/*
 * The change is kept here and waits for a standby that never comes; then the
 * server breaks off. Nobody told us, so we do not claim either.
 */
#define WAITS OURS " AND wait_event = 'SyncRep'"

#define TO_WHO_WAITS(call)                                                     \
    "DO \\$\\$ BEGIN FOR i IN 1..3000 LOOP EXIT WHEN EXISTS (SELECT" WAITS     \
    "); PERFORM pg_sleep(0.01), pg_stat_clear_snapshot(); END LOOP; "          \
    "PERFORM " call WAITS "; END \\$\\$"

static int break_off_who_waits(const struct place *place)
{
    (void)place;
    place_sql(TO_WHO_WAITS("pg_terminate_backend(pid)"));
    return 0;
}

/* An administrator does not want to wait; the server says that it is kept. */
static int cut_the_wait_short(const struct place *place)
{
    (void)place;
    place_sql(TO_WHO_WAITS("pg_cancel_backend(pid)"));
    return 0;
}

static void want_unknown(void **state, int (*disturb)(const struct place *),
                         const char *says)
{
    const struct place alone = {.location = getenv("STORE_URL_ALONE")};
    struct hf_store *store;
    struct hf_why why = {.text = ""};

    hf_store_close(place_open(*state, &plan));
    store = place_open(&alone, &plan);
    place_want(hf_store_begin(store, &why), why);
    place_want(put(store, 1, &why), why);
    (void)place_fork(disturb, *state);
    assert_int_equal(hf_store_commit(store, &why), HF_EPEER);
    place_wait(1);
    assert_true(hf_store_is_unknown(store));
    assert_false(hf_store_should_retry(store));
    assert_non_null(strstr(why.text, says));
    assert_int_equal(count(store), 1);
    hf_store_close(store);
}

static void lost_answer_is_unknown(void **state)
{
    want_unknown(state, break_off_who_waits, "may have been kept");
}

static void short_wait_is_unknown(void **state)
{
    want_unknown(state, cut_the_wait_short, "lost with the server");
}

int main(void)
{
#define CASE(name)                                                             \
    cmocka_unit_test_setup_teardown(name, place_enter, place_leave)
    const struct CMUnitTest tests[] = {
        CASE(who_is_not_let_in),
        CASE(same_row_at_once),
        CASE(skewed_writes),
        CASE(idle_ones_are_made_again),
        CASE(transactions_must_run_again),
        CASE(trying_again_helps),
        CASE(lost_answer_is_unknown),
        CASE(short_wait_is_unknown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
