/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/nonce.h"
#include "tests/unit/unit.h"

static struct hf_nonces *nonces;

static int set_up(void **state)
{
    (void)state;
    return hf_nonces_new(&nonces, NULL) == HF_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    hf_nonces_free(nonces);
    return 0;
}

static struct hf_span make(char *room)
{
    assert_int_equal(hf_nonces_make(nonces, room, NULL), HF_OK);
    return (struct hf_span){room, HF_NONCE_LEN};
}

static void test_each_is_good_once(void **state)
{
    char rooms[100][HF_NONCE_LEN];

    (void)state;
    for (int i = 0; i < 100; i++)
        (void)make(rooms[i]);
    for (int i = 99; i >= 0; i--) {
        struct hf_span nonce = {rooms[i], HF_NONCE_LEN};

        assert_true(hf_nonces_use(nonces, nonce));
        assert_false(hf_nonces_use(nonces, nonce));
    }
}

static void test_a_changed_character_is_refused(void **state)
{
    char room[HF_NONCE_LEN];
    struct hf_span nonce = make(room);

    (void)state;
    for (size_t i = 0; i < HF_NONCE_LEN; i++) {
        char was = room[i];

        room[i] = was == 'A' ? 'B' : 'A';
        assert_false(hf_nonces_use(nonces, nonce));
        room[i] = was;
    }
    assert_false(hf_nonces_use(nonces, (struct hf_span){room, 31}));
    assert_false(hf_nonces_use(nonces, (struct hf_span){0}));
    assert_true(hf_nonces_use(nonces, nonce));
}

static void test_those_of_another_process_are_refused(void **state)
{
    struct hf_nonces *others;
    char room[HF_NONCE_LEN];

    (void)state;
    (void)make(room); /* the same number as theirs */
    assert_int_equal(hf_nonces_new(&others, NULL), HF_OK);
    assert_int_equal(hf_nonces_make(others, room, NULL), HF_OK);
    assert_false(hf_nonces_use(nonces, (struct hf_span){room, HF_NONCE_LEN}));
    assert_true(hf_nonces_use(others, (struct hf_span){room, HF_NONCE_LEN}));
    hf_nonces_free(others);
}

/* A number that left the window is refused, used or not, and the place that
 * it had in the memory serves its successor. */
static void test_the_window_moves(void **state)
{
    char first[HF_NONCE_LEN];
    char second[HF_NONCE_LEN];
    char last[HF_NONCE_LEN];

    (void)state;
    (void)make(first);
    (void)make(second);
    assert_true(hf_nonces_use(nonces, (struct hf_span){first, HF_NONCE_LEN}));
    for (uint64_t i = 2; i <= HF_NONCE_WINDOW; i++)
        (void)make(last);
    assert_false(hf_nonces_use(nonces, (struct hf_span){first, HF_NONCE_LEN}));
    assert_true(hf_nonces_use(nonces, (struct hf_span){last, HF_NONCE_LEN}));
    assert_true(hf_nonces_use(nonces, (struct hf_span){second, HF_NONCE_LEN}));
    assert_int_equal(hf_nonces_make(nonces, last, NULL), HF_OK);
    assert_false(hf_nonces_use(nonces, (struct hf_span){second, HF_NONCE_LEN}));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_each_is_good_once, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_a_changed_character_is_refused,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            test_those_of_another_process_are_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_the_window_moves, set_up,
                                        tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
