/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/nonce.h"
#include "tests/unit/unit.h"

#define NOW 1790000000
#define KEY HF_SPAN("0123456789abcdef0123456789abcdef")

static struct hf_nonces *nonces;
static int64_t number; /* of the last one that was used */

static int set_up(void **state)
{
    (void)state;
    return hf_nonces_new((struct hf_span){0}, &nonces, NULL) == HF_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    hf_nonces_free(nonces);
    return 0;
}

static struct hf_span make_of(struct hf_nonces *of, int64_t now_at, char *room)
{
    assert_int_equal(hf_nonces_make(of, now_at, room, NULL), HF_OK);
    return (struct hf_span){room, HF_NONCE_LEN};
}

static struct hf_span make(char *room)
{
    return make_of(nonces, NOW, room);
}

static bool use(struct hf_span nonce)
{
    return hf_nonces_use(nonces, nonce, NOW, &number);
}

static void test_each_is_good_once(void **state)
{
    char rooms[100][HF_NONCE_LEN];

    (void)state;
    for (int i = 0; i < 100; i++)
        (void)make(rooms[i]);
    for (int i = 99; i >= 0; i--) {
        struct hf_span nonce = {rooms[i], HF_NONCE_LEN};

        assert_true(use(nonce));
        assert_false(use(nonce));
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
        assert_false(use(nonce));
        room[i] = was;
    }
    assert_false(use((struct hf_span){room, 31}));
    assert_false(use((struct hf_span){0}));
    assert_true(use(nonce));
}

static void test_those_of_another_process_are_refused(void **state)
{
    struct hf_nonces *others;
    char room[HF_NONCE_LEN];

    (void)state;
    (void)make(room); /* the same number as theirs */
    assert_int_equal(hf_nonces_new((struct hf_span){0}, &others, NULL), HF_OK);
    (void)make_of(others, NOW, room);
    assert_false(use((struct hf_span){room, HF_NONCE_LEN}));
    assert_true(hf_nonces_use(others, (struct hf_span){room, HF_NONCE_LEN}, NOW,
                              &number));
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
    assert_true(use((struct hf_span){first, HF_NONCE_LEN}));
    for (uint64_t i = 2; i <= HF_NONCE_WINDOW; i++)
        (void)make(last);
    assert_false(use((struct hf_span){first, HF_NONCE_LEN}));
    assert_true(use((struct hf_span){last, HF_NONCE_LEN}));
    assert_true(use((struct hf_span){second, HF_NONCE_LEN}));
    (void)make(last);
    assert_false(use((struct hf_span){second, HF_NONCE_LEN}));
}

/* ---- common ones ---- */

static struct hf_nonces *common(void)
{
    struct hf_nonces *made = NULL;

    assert_int_equal(hf_nonces_new(KEY, &made, NULL), HF_OK);
    hf_nonces_share(made, true);
    return made;
}

/* Whether it was used is for the tables, under one number everywhere. */
static void test_a_common_one_is_good_at_all(void **state)
{
    struct hf_nonces *a = common();
    struct hf_nonces *b = common();
    char room[HF_NONCE_LEN];
    char other[HF_NONCE_LEN];
    int64_t first;
    struct hf_span nonce = make_of(a, NOW, room);

    (void)state;
    assert_true(hf_nonces_use(b, nonce, NOW, &first));
    assert_true(first > hf_nonces_forgotten(NOW));
    assert_true(hf_nonces_use(a, nonce, NOW, &number));
    assert_int_equal(number, first);
    assert_true(hf_nonces_use(b, make_of(a, NOW, other), NOW, &number));
    assert_int_not_equal(number, first);
    hf_nonces_share(b, false); /* it makes its own, and takes both */
    assert_true(hf_nonces_use(b, make_of(b, NOW, other), NOW, &number));
    assert_int_equal(number, 0);
    assert_true(hf_nonces_use(b, nonce, NOW, &number));
    hf_nonces_free(a);
    hf_nonces_free(b);
}

static void test_a_common_one_grows_old(void **state)
{
    struct hf_nonces *a = common();
    char room[HF_NONCE_LEN];
    struct hf_span nonce = make_of(a, NOW, room);
    static const struct {
        int64_t now_at;
        bool good;
    } cases[] = {
        {NOW - 61, false},
        {NOW - 60, true}, /* another's clock */
        {NOW + HF_NONCE_LIFE_S - 1, true},
        {NOW + HF_NONCE_LIFE_S, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_int_equal(hf_nonces_use(a, nonce, cases[i].now_at, &number),
                         cases[i].good);
    /* Nobody forgets it while it is good for anybody. */
    assert_true(number >= hf_nonces_forgotten(NOW + 2 * HF_NONCE_LIFE_S - 1));
    assert_true(number < hf_nonces_forgotten(NOW + 2 * HF_NONCE_LIFE_S + 1));
    hf_nonces_free(a);
}

static void test_a_common_one_without_the_key(void **state)
{
    struct hf_nonces *a = common();
    char room[HF_NONCE_LEN];
    struct hf_span nonce = make_of(a, NOW, room);

    (void)state;
    assert_false(use(nonce));
    hf_nonces_share(nonces, true); /* it has no key: it cannot */
    assert_true(use(make(room)));
    assert_int_equal(number, 0);
    nonce = make_of(a, NOW, room);
    for (size_t i = 0; i < HF_NONCE_LEN; i++) {
        char was = room[i];

        room[i] = was == 'A' ? 'B' : 'A';
        assert_false(hf_nonces_use(a, nonce, NOW, &number));
        room[i] = was;
    }
    hf_nonces_free(a);
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
        cmocka_unit_test(test_a_common_one_is_good_at_all),
        cmocka_unit_test(test_a_common_one_grows_old),
        cmocka_unit_test_setup_teardown(test_a_common_one_without_the_key,
                                        set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
