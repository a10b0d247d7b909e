/* SPDX-License-Identifier: Apache-2.0 */
/* Leases, on either engine: see store_fixture.h. */
#include "store/lease.h"
#include "tests/unit/store_fixture.h"

static const char *const steps[] = {
    HF_LEASE_STEP, "CREATE TABLE work (done_by TEXT NOT NULL) STRICT"};

enum operation { LEASE, WORK = LEASE + HF_LEASE_OPERATION_COUNT, COUNT };

static const char *const operations[] = {
    HF_LEASE_OPERATIONS,
    [WORK] = "INSERT INTO work (done_by) VALUES ($1)",
    [COUNT] = "SELECT count(*) FROM work",
};

static const struct hf_store_plan plan = {
    .steps = steps,
    .step_count = COUNT_OF(steps),
    .operations = operations,
    .operation_count = COUNT_OF(operations),
};

static struct hf_lease lease_of(const char *owner)
{
    return (struct hf_lease){.operation = LEASE,
                             .name = HF_SPAN("sweeper"),
                             .owner = hf_span_str(owner)};
}

static int64_t take(struct hf_store *store, struct hf_lease *lease,
                    int64_t now_s, int64_t expires_at)
{
    struct hf_why why = {0};

    place_want(hf_lease_take(store, lease, now_s, expires_at, &why), why);
    return lease->fence;
}

static int64_t renew(struct hf_store *store, struct hf_lease *lease,
                     int64_t expires_at)
{
    struct hf_why why = {0};

    place_want(hf_lease_renew(store, lease, expires_at, &why), why);
    return lease->fence;
}

static bool holds(struct hf_store *store, const struct hf_lease *lease)
{
    struct hf_why why = {0};
    bool held = false;

    place_want(hf_lease_check(store, lease, &held, &why), why);
    return held;
}

static void one_at_a_time(void **state)
{
    struct hf_store *store = place_open(*state, &plan);
    struct hf_lease a = lease_of("a");
    struct hf_lease b = lease_of("b");
    struct hf_lease other = lease_of("b");

    other.name = HF_SPAN("crl-signer");
    assert_int_equal(take(store, &a, 100, 200), 1);
    assert_true(holds(store, &a));
    assert_int_equal(take(store, &b, 199, 299), 0);
    assert_false(holds(store, &b));
    assert_int_equal(take(store, &other, 199, 299), 1);
    /* At its end, not before it. */
    assert_int_equal(take(store, &b, 200, 300), 2);
    assert_true(holds(store, &b));
    assert_false(holds(store, &a));
    hf_store_close(store);
}

static void who_slept_learns_it(void **state)
{
    struct hf_store *store = place_open(*state, &plan);
    struct hf_lease a = lease_of("a");
    struct hf_lease b = lease_of("b");
    struct hf_why why = {0};

    assert_int_equal(take(store, &a, 100, 200), 1);
    assert_int_equal(renew(store, &a, 250), 1);
    assert_int_equal(take(store, &b, 249, 300), 0);
    /* Late, but nobody came. */
    assert_int_equal(renew(store, &a, 400), 1);
    assert_int_equal(take(store, &b, 400, 500), 2);
    a.fence = 1;
    assert_int_equal(renew(store, &a, 600), 0);
    assert_int_equal(renew(store, &b, 600), 2);
    /* What it had is gone, also with the same name. */
    a.fence = 1;
    place_want(hf_lease_release(store, &a, &why), why);
    assert_true(holds(store, &b));
    hf_store_close(store);
}

static void fence_goes_up(void **state)
{
    struct hf_store *store = place_open(*state, &plan);
    struct hf_lease before = lease_of("a");
    struct hf_lease after = lease_of("a");
    struct hf_lease b = lease_of("b");
    struct hf_why why = {0};

    assert_int_equal(take(store, &before, 100, 200), 1);
    /* A process that came back is another one. */
    assert_int_equal(take(store, &after, 101, 200), 2);
    assert_false(holds(store, &before));
    place_want(hf_lease_release(store, &after, &why), why);
    assert_int_equal(after.fence, 0);
    assert_int_equal(take(store, &b, 102, 200), 3);
    hf_store_close(store);
}

/* Of many that want it, one gets it. */
enum { MANY = 6 };

static int take_and_work(const struct place *place)
{
    struct hf_store *store = NULL;
    struct hf_why why = {0};
    char owner[16];
    struct hf_lease lease;
    enum hf_err err =
        hf_store_open(place->location, &plan, false, &store, &why);

    (void)snprintf(owner, sizeof(owner), "%d", (int)getpid());
    lease = lease_of(owner);
    if (err == HF_OK)
        err = hf_lease_take(store, &lease, 100, 200, &why);
    if (err == HF_OK && lease.fence != 0) {
        const struct hf_store_value who = hf_store_text(lease.owner);

        err = hf_store_run(store, WORK, &who, 1, &why);
    }
    if (err != HF_OK)
        (void)fprintf(stderr, "%s: %s\n", owner, why.text);
    hf_store_close(store);
    return err != HF_OK;
}

static void one_of_many(void **state)
{
    struct hf_store *store;
    struct hf_why why = {0};
    bool more = false;

    for (int i = 0; i < MANY; i++)
        (void)place_fork(take_and_work, *state);
    place_wait(MANY);
    store = place_open(*state, &plan);
    place_want(hf_store_start(store, COUNT, NULL, 0, &why), why);
    place_want(hf_store_next(store, COUNT, &more, &why), why);
    assert_int_equal(hf_store_get_number(store, COUNT, 0), 1);
    hf_store_close(store);
}

/*
 * Between the check and the commit the lease is somebody else's: what the old
 * holder wrote is not kept. (SQLite lets nobody in between.)
 */
static void late_write_is_refused(void **state)
{
    struct hf_store *store = place_open(*state, &plan);
    struct hf_store *next;
    struct hf_lease a = lease_of("a");
    struct hf_lease b = lease_of("b");
    const struct hf_store_value who = hf_store_text(a.owner);
    struct hf_why why = {0};

    if (!place_is_postgresql()) {
        hf_store_close(store);
        return;
    }
    next = place_open(*state, &plan);
    assert_int_equal(take(store, &a, 100, 200), 1);
    place_want(hf_store_begin(store, &why), why);
    assert_true(holds(store, &a));
    place_want(hf_store_run(store, WORK, &who, 1, &why), why);
    /* The next holder, which also looks at what was done. */
    place_want(hf_store_begin(next, &why), why);
    assert_int_equal(take(next, &b, 200, 300), 2);
    place_want(hf_store_start(next, COUNT, NULL, 0, &why), why);
    hf_store_end(next, COUNT);
    place_want(hf_store_commit(next, &why), why);
    assert_int_equal(hf_store_commit(store, &why), HF_EPEER);
    assert_true(hf_store_should_retry(store));
    assert_false(holds(store, &a));
    hf_store_close(next);
    hf_store_close(store);
}

int main(void)
{
#define CASE(name)                                                             \
    cmocka_unit_test_setup_teardown(name, place_enter, place_leave)
    const struct CMUnitTest tests[] = {
        CASE(one_at_a_time), CASE(who_slept_learns_it),   CASE(fence_goes_up),
        CASE(one_of_many),   CASE(late_write_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
