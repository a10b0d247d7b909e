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
    assert_true(hf_works_add(&works, &job, NULL));
    assert_true(hf_works_has(&works, &job));
    assert_false(hf_works_has(&works, &other));
    assert_false(hf_works_has(&works, &(struct hf_job){HF_JOB_SIGN, 7}));
    ticket = hf_works_ticket(&works, &works.places[0]);
    assert_ptr_equal(hf_works_find(&works, ticket), &works.places[0]);

    hf_works_end(&works, &works.places[0]);
    assert_null(hf_works_find(&works, ticket));
    assert_true(hf_works_add(&works, &other, NULL));
    assert_null(hf_works_find(&works, ticket));
    assert_int_equal(works.count, 1);
}

static void there_is_an_end_of_places(void **state)
{
    const struct hf_job job = {HF_JOB_LOOK, 1};

    (void)state;
    for (size_t i = 0; i < HF_WORKS_MAX; i++)
        assert_true(hf_works_add(&works, &job, NULL));
    assert_false(hf_works_add(&works, &job, NULL));
    hf_works_end(&works, &works.places[100]);
    assert_true(hf_works_add(&works, &job, NULL));
}

static void what_was_submitted_is_looked_at_again(void **state)
{
    (void)state;
    assert_true(hf_works_add(&works, &(struct hf_job){HF_JOB_CAA, 1}, NULL));
    assert_int_equal(hf_works_waiting(&works), 1);
    assert_false(hf_works_want_key(&works));
    assert_true(hf_works_add(&works, &(struct hf_job){HF_JOB_SIGN, 1}, NULL));
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
        cmocka_unit_test_setup(there_is_an_end_of_places, empty),
        cmocka_unit_test_setup(what_was_submitted_is_looked_at_again, empty),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
