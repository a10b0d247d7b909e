/* SPDX-License-Identifier: Apache-2.0 */
/* Several that serve from the same tables, on either engine: see
 * store_fixture.h. */
#include "ca/seat.h"
#include "tests/unit/store_fixture.h"

#define NOW 1790000000
#define A   HF_SPAN("one.example:/var/lib/holdfast/ca")
#define B   HF_SPAN("two.example:/var/lib/holdfast/ca")

static struct hf_seat *sit(struct hf_store *store, struct hf_span name,
                           int64_t now_at)
{
    struct hf_seat *seat = NULL;
    struct hf_why why = {0};

    place_want(hf_seat_new(store, name, now_at, &seat, &why), why);
    return seat;
}

static void renew(struct hf_seat *seat, int64_t now_at)
{
    struct hf_why why = {0};

    place_want(hf_seat_renew(seat, now_at, &why), why);
}

static bool has_chores(const struct hf_seat *seat, int64_t now_at)
{
    struct hf_why why = {0};
    bool held = false;

    place_want(hf_seat_check_chores(seat, &held, &why), why);
    /* Who thinks that it has them may be wrong, but never the other way. */
    assert_true(!held || hf_seat_has_chores(seat, now_at));
    return held;
}

static void alone_for_good(void **state)
{
    struct hf_store *store = place_open(*state, &hf_ca_plan);
    struct hf_seat *seat = sit(store, HF_SPAN(""), NOW);

    assert_true(hf_seat_id(seat) > 0);
    assert_true(hf_seat_is_alone(seat));
    assert_true(hf_seat_knows_others(seat, NOW));
    assert_true(has_chores(seat, NOW));
    assert_int_equal(hf_seat_nonce_key(seat).len, 0);
    renew(seat, NOW + 86400);
    assert_true(has_chores(seat, NOW + 86400));
    hf_seat_leave(seat);
    hf_seat_free(seat);
    hf_store_close(store);
}

static void two_see_one_another(void **state)
{
    struct hf_store *store = place_open(*state, &hf_ca_plan);
    struct hf_seat *a = sit(store, A, NOW);
    struct hf_seat *b;

    assert_false(hf_seat_is_alone(a)); /* it has not looked yet */
    renew(a, NOW);
    assert_true(hf_seat_is_alone(a));
    assert_true(has_chores(a, NOW));

    b = sit(store, B, NOW + 1);
    assert_int_not_equal(hf_seat_id(a), hf_seat_id(b));
    assert_span_equal(hf_seat_nonce_key(a), hf_seat_nonce_key(b));
    renew(b, NOW + 1);
    assert_false(hf_seat_is_alone(b));
    assert_false(has_chores(b, NOW + 1));
    renew(a, NOW + 9); /* it is not time yet */
    assert_true(hf_seat_is_alone(a));
    renew(a, NOW + 10);
    assert_false(hf_seat_is_alone(a));
    assert_true(has_chores(a, NOW + 10));

    /* One leaves, and the other has all. */
    hf_seat_leave(a);
    renew(b, NOW + 11);
    assert_true(hf_seat_is_alone(b));
    assert_true(has_chores(b, NOW + 11));
    assert_false(has_chores(a, NOW + 11));
    hf_seat_free(a);
    hf_seat_free(b);
    hf_store_close(store);
}

/* The other one is not heard of: a crash. When it comes back late, it learns
 * that chores are not its own any more. */
static void one_is_silent(void **state)
{
    struct hf_store *store = place_open(*state, &hf_ca_plan);
    struct hf_seat *a = sit(store, A, NOW);
    struct hf_seat *b = sit(store, B, NOW);

    renew(a, NOW);
    for (int64_t now_at = NOW; now_at < NOW + 30; now_at += 10) {
        renew(b, now_at);
        assert_false(hf_seat_knows_others(b, now_at));
        assert_false(hf_seat_is_alone(b));
        assert_false(has_chores(b, now_at));
    }
    renew(b, NOW + 30);
    assert_true(hf_seat_knows_others(b, NOW + 30));
    assert_true(hf_seat_is_alone(b));
    assert_true(has_chores(b, NOW + 30));
    assert_false(hf_seat_has_chores(a, NOW + 30));
    renew(a, NOW + 31);
    assert_false(has_chores(a, NOW + 31));
    /* After a silence of our own nothing can be said of others for a while. */
    renew(b, NOW + 100);
    assert_false(hf_seat_knows_others(b, NOW + 100));
    hf_seat_free(a);
    hf_seat_free(b);
    hf_store_close(store);
}

static void a_name_has_one_life(void **state)
{
    struct hf_store *store = place_open(*state, &hf_ca_plan);
    struct hf_seat *before = sit(store, A, NOW);
    struct hf_seat *after;

    renew(before, NOW);
    assert_int_equal(hf_seat_predecessor(before), 0);
    after = sit(store, A, NOW + 1);
    assert_int_equal(hf_seat_predecessor(after), hf_seat_id(before));
    renew(after, NOW + 1);
    assert_int_equal(hf_seat_renew(before, NOW + 10, NULL), HF_EPEER);
    hf_seat_leave(before); /* what is another's stays */
    renew(after, NOW + 11);
    hf_seat_free(before);
    hf_seat_free(after);
    hf_store_close(store);
}

static void fill(struct hf_store *store, int64_t key, int64_t now_at)
{
    const struct hf_store_value values[] = {
        hf_store_number(key), hf_store_number(now_at), hf_store_number(60)};
    struct hf_why why = {0};

    place_want(hf_store_begin(store, &why), why);
    place_want(hf_store_run(store, HF_CA_BUCKET_FILL, values, 3, &why), why);
    place_want(hf_store_commit(store, &why), why);
}

/* When it is empty, or 0: it is not there. */
static int64_t dry_at(struct hf_store *store, int64_t key)
{
    const struct hf_store_value value = hf_store_number(key);
    struct hf_why why = {0};
    int64_t at = 0;
    bool found;

    place_want(hf_store_begin(store, &why), why);
    place_want(hf_store_start(store, HF_CA_BUCKET_GET, &value, 1, &why), why);
    place_want(hf_store_next(store, HF_CA_BUCKET_GET, &found, &why), why);
    if (found)
        at = hf_store_get_number(store, HF_CA_BUCKET_GET, 0);
    hf_store_end(store, HF_CA_BUCKET_GET);
    hf_store_undo(store);
    return at;
}

/* Buckets (ca/often.h) leak down to nothing, no further, and then go. */
static void buckets_run_dry(void **state)
{
    struct hf_store *store = place_open(*state, &hf_ca_plan);
    struct hf_seat *seat = sit(store, A, NOW);

    fill(store, 1, NOW - 100);
    assert_int_equal(dry_at(store, 1), NOW - 40);
    fill(store, 2, NOW - 100);
    fill(store, 2, NOW);
    assert_int_equal(dry_at(store, 2), NOW + 60);
    fill(store, 2, NOW);
    assert_int_equal(dry_at(store, 2), NOW + 120);
    renew(seat, NOW);
    assert_true(has_chores(seat, NOW));
    assert_int_equal(dry_at(store, 1), 0);
    assert_int_equal(dry_at(store, 2), NOW + 120);
    hf_seat_free(seat);
    hf_store_close(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(alone_for_good, place_enter,
                                        place_leave),
        cmocka_unit_test_setup_teardown(two_see_one_another, place_enter,
                                        place_leave),
        cmocka_unit_test_setup_teardown(one_is_silent, place_enter,
                                        place_leave),
        cmocka_unit_test_setup_teardown(a_name_has_one_life, place_enter,
                                        place_leave),
        cmocka_unit_test_setup_teardown(buckets_run_dry, place_enter,
                                        place_leave),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
