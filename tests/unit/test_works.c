/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/works.h"
#include "tests/unit/unit.h"

static struct hf_works works;

static int empty(void **state)
{
    (void)state;
    works = (struct hf_works){0};
    return 0;
}

static void a_late_answer_is_nobodys(void **state)
{
    const struct hf_job job = {HF_JOB_CHALLENGE, 7};
    const struct hf_job other = {HF_JOB_CHALLENGE, 8};
    uint64_t ticket;

    (void)state;
    assert_true(hf_works_add(&works, &job, 1, NULL));
    assert_true(hf_works_has(&works, &job));
    assert_false(hf_works_has(&works, &other));
    assert_false(hf_works_has(&works, &(struct hf_job){HF_JOB_SIGN, 7}));
    ticket = hf_works_ticket(&works, &works.places[0]);
    assert_ptr_equal(hf_works_find(&works, ticket), &works.places[0]);

    hf_works_end(&works, &works.places[0]);
    assert_null(hf_works_find(&works, ticket));
    assert_true(hf_works_add(&works, &other, 1, NULL));
    assert_null(hf_works_find(&works, ticket));
    assert_int_equal(works.count, 1);
}

/* However many an account has, and of however many accounts. */
static void there_is_always_a_place_left(void **state)
{
    const struct hf_job job = {HF_JOB_CHALLENGE, 1};
    size_t count = 0;

    (void)state;
    while (hf_works_add(&works, &job, 1, NULL))
        count++;
    assert_true(count > HF_WORKS_MAX / 8 && count < HF_WORKS_MAX / 4);
    for (int64_t account = 2; account < 20; account++)
        while (hf_works_add(&works, &job, account, NULL))
            continue;
    assert_true(works.count < HF_WORKS_MAX);
    assert_true(hf_works_add(&works, &job, 20, NULL));
}

/* The account that has many waits, and not for ever. */
static void accounts_take_turns(void **state)
{
    const struct hf_job job = {HF_JOB_CHALLENGE, 1};
    struct hf_work *work;
    int64_t account = 100;
    size_t before = 0;

    (void)state;
    for (int i = 0; i < 500; i++)
        assert_true(hf_works_add(&works, &job, 1, NULL));
    assert_true(
        hf_works_add(&works, &(struct hf_job){HF_JOB_SIGN, 2}, 2, NULL));
    assert_true(hf_works_add(&works, &job, 2, NULL));
    for (work = hf_works_next(&works); work->account == 1;
         work = hf_works_next(&works)) {
        work->submitted = true;
        before++;
    }
    assert_true(before < 16);
    /* Of those that come all the time none is before it in the end. */
    hf_works_end(&works, work);
    do {
        assert_true(hf_works_add(&works, &job, account++, NULL));
        work = hf_works_next(&works);
        hf_works_end(&works, work);
    } while (work->account != 1 && account < 10000);
    assert_int_equal(work->account, 1);
}

static void what_was_submitted_is_looked_at_again(void **state)
{
    (void)state;
    assert_true(hf_works_add(&works, &(struct hf_job){HF_JOB_CAA, 1}, 1, NULL));
    assert_int_equal(hf_works_waiting(&works), 1);
    assert_false(hf_works_want_key(&works));
    assert_true(
        hf_works_add(&works, &(struct hf_job){HF_JOB_SIGN, 1}, 1, NULL));
    assert_true(hf_works_want_key(&works));

    works.places[0].submitted = works.places[1].submitted = true;
    assert_int_equal(hf_works_waiting(&works), 0);
    hf_works_look_again(&works);
    assert_int_equal(hf_works_waiting(&works), 1);
    assert_false(hf_works_want_key(&works)); /* it is signed as it was asked */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_late_answer_is_nobodys, empty),
        cmocka_unit_test_setup(there_is_always_a_place_left, empty),
        cmocka_unit_test_setup(accounts_take_turns, empty),
        cmocka_unit_test_setup(what_was_submitted_is_looked_at_again, empty),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
