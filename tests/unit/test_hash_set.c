/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "base/alloc.h"
#include "base/hash_set.h"
#include "tests/unit/unit.h"

static struct hf_span name_of(unsigned i, char *room)
{
    int n = snprintf(room, 32, "name%u.example", i);

    return (struct hf_span){room, (size_t)n};
}

/* What was put in is there, with its marks, and nothing else is. */
static void remembers(void **state)
{
    struct hf_hash_set set;
    char room[32];

    (void)state;
    hf_hash_set_init(&set, 100000, 7);
    assert_int_equal(hf_hash_set_get(&set, HF_SPAN("a")), 0);
    for (unsigned i = 0; i < 20000; i++) {
        unsigned before = 99;

        assert_int_equal(
            hf_hash_set_mark(&set, name_of(i, room), 1 + i % 31, &before, NULL),
            HF_OK);
        assert_int_equal(before, 0);
    }
    for (unsigned i = 0; i < 20000; i++) {
        unsigned before = 99;

        assert_int_equal(hf_hash_set_get(&set, name_of(i, room)), 1 + i % 31);
        assert_int_equal(
            hf_hash_set_mark(&set, name_of(i, room), 16, &before, NULL), HF_OK);
        assert_int_equal(before, 1 + i % 31);
        assert_int_equal(hf_hash_set_get(&set, name_of(i, room)),
                         16 | (1 + i % 31));
        assert_int_equal(hf_hash_set_get(&set, name_of(i + 20000, room)), 0);
    }
    assert_int_equal(set.used, 20000);
    hf_hash_set_clear(&set);
    hf_hash_set_clear(&set);
}

static void has_a_limit(void **state)
{
    struct hf_hash_set set;
    unsigned before;

    (void)state;
    hf_hash_set_init(&set, 1, 0);
    assert_int_equal(hf_hash_set_mark(&set, HF_SPAN("a"), 1, &before, NULL),
                     HF_OK);
    assert_int_equal(hf_hash_set_mark(&set, HF_SPAN("b"), 1, &before, NULL),
                     HF_ELIMIT);
    assert_int_equal(hf_hash_set_mark(&set, HF_SPAN("a"), 2, &before, NULL),
                     HF_OK);
    assert_int_equal(before, 1);
    hf_hash_set_clear(&set);
    hf_hash_set_init(&set, 1, 0);
    hf_alloc_fail_after(0, false);
    assert_int_equal(hf_hash_set_mark(&set, HF_SPAN("a"), 1, &before, NULL),
                     HF_ENOMEM);
    hf_alloc_fail_after(-1, false);
    assert_int_equal(hf_hash_set_get(&set, HF_SPAN("a")), 0);
    hf_hash_set_clear(&set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(remembers),
        cmocka_unit_test(has_a_limit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
