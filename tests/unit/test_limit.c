/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "base/alloc.h"
#include "ca/limit.h"
#include "tests/unit/unit.h"

#define NOW 1790000000

static struct hf_limit *make(size_t keys)
{
    const struct hf_limit_config config = {
        .keys = keys, .burst = 3, .period_s = 60, .secret = HF_SPAN("secret")};
    struct hf_limit *limit = NULL;

    assert_int_equal(hf_limit_new(&config, &limit, NULL), HF_OK);
    return limit;
}

/* REQ VAL-14, VAL-28, JIT-04 */
static void a_burst_and_then_one_a_minute(void **state)
{
    struct hf_limit *limit = make(100);
    const struct hf_span a = HF_SPAN("acct/1");
    const struct hf_span b = HF_SPAN("example.com");

    (void)state;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(hf_limit_wait_s(limit, a, b, NOW), 0);
        hf_limit_count(limit, a, b, NOW);
    }
    assert_int_equal(hf_limit_wait_s(limit, a, b, NOW), 60);
    assert_int_equal(hf_limit_wait_s(limit, a, b, NOW + 59), 1);
    assert_int_equal(hf_limit_wait_s(limit, a, b, NOW + 60), 0);
    hf_limit_count(limit, a, b, NOW + 60);
    assert_int_equal(hf_limit_wait_s(limit, a, b, NOW + 60), 60);
    /* All of it is there again after a while. */
    for (int i = 0; i < 3; i++) {
        assert_int_equal(hf_limit_wait_s(limit, a, b, NOW + 10000), 0);
        hf_limit_count(limit, a, b, NOW + 10000);
    }
    assert_int_equal(hf_limit_wait_s(limit, a, b, NOW + 10000), 60);
    hf_limit_free(limit);
}

static void keys_are_told_apart(void **state)
{
    struct hf_limit *limit = make(100);

    (void)state;
    for (int i = 0; i < 3; i++)
        hf_limit_count(limit, HF_SPAN("ab"), HF_SPAN("c"), NOW);
    assert_int_equal(hf_limit_wait_s(limit, HF_SPAN("ab"), HF_SPAN("c"), NOW),
                     60);
    assert_int_equal(hf_limit_wait_s(limit, HF_SPAN("a"), HF_SPAN("bc"), NOW),
                     0);
    assert_int_equal(hf_limit_wait_s(limit, HF_SPAN("ab"), HF_SPAN("d"), NOW),
                     0);
    assert_int_equal(hf_limit_wait_s(limit, HF_SPAN(""), HF_SPAN("abc"), NOW),
                     0);
    hf_limit_free(limit);
}

/* Who floods with names frees nobody who was stopped. */
static void a_flood_forgets_the_emptiest(void **state)
{
    struct hf_limit *limit = make(64);
    const struct hf_span a = HF_SPAN("acct/1");

    (void)state;
    for (int i = 0; i < 5; i++)
        hf_limit_count(limit, a, HF_SPAN("example.com"), NOW);
    for (int i = 0; i < 10000; i++) {
        char name[32];

        (void)snprintf(name, sizeof(name), "n%d.example", i);
        hf_limit_count(limit, a, hf_span_str(name), NOW);
    }
    assert_int_equal(hf_limit_wait_s(limit, a, HF_SPAN("example.com"), NOW),
                     180);
    hf_limit_free(limit);
}

static void what_is_no_limit(void **state)
{
    static const struct hf_limit_config configs[] = {
        {.keys = 1, .burst = 0, .period_s = 1},
        {.keys = 1, .burst = 1, .period_s = 0},
        {.keys = SIZE_MAX, .burst = 1, .period_s = 1},
        {.keys = 1, .burst = 2, .period_s = INT64_MAX / 2},
    };
    struct hf_limit *limit = NULL;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(configs); i++)
        assert_int_equal(hf_limit_new(&configs[i], &limit, NULL), HF_EINVAL);
    for (long n = 0; n < 2; n++) {
        hf_alloc_fail_after(n, false);
        assert_int_equal(
            hf_limit_new(&(struct hf_limit_config){.burst = 1, .period_s = 1},
                         &limit, NULL),
            HF_ENOMEM);
        hf_alloc_fail_after(-1, false);
    }
    assert_null(limit);
    hf_limit_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_burst_and_then_one_a_minute),
        cmocka_unit_test(keys_are_told_apart),
        cmocka_unit_test(a_flood_forgets_the_emptiest),
        cmocka_unit_test(what_is_no_limit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
