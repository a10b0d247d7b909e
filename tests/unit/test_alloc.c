/* SPDX-License-Identifier: Apache-2.0 */
/* The one allocator, and its switch for fault tests. */
#include "base/alloc.h"
#include "tests/unit/unit.h"

static void memory_is_zeroed(void **state)
{
    unsigned char *block = hf_alloc(1000, 3);

    (void)state;
    assert_non_null(block);
    for (size_t i = 0; i < 3000; i++)
        assert_int_equal(block[i], 0);
    hf_free(block);
    hf_free(NULL);
}

/* AddressSanitizer would rather end the process than return NULL. */
const char *__asan_default_options(void);

const char *__asan_default_options(void)
{
    return "allocator_may_return_null=1";
}

static void overflow_is_out_of_memory(void **state)
{
    volatile size_t huge = SIZE_MAX / 2 + 1;
    void *block = hf_alloc(1, 8);

    (void)state;
    assert_null(hf_alloc(huge, 2));
    assert_null(hf_realloc(block, huge, 2));
    hf_free(block); /* still ours */
}

static void realloc_keeps_the_text(void **state)
{
    char *block = hf_realloc(NULL, 4, 1);

    (void)state;
    assert_non_null(block);
    memcpy(block, "abcd", 4);
    block = hf_realloc(block, 5000, 2);
    assert_non_null(block);
    assert_memory_equal(block, "abcd", 4);
    hf_free(block);
}

static bool works(void)
{
    void *block = hf_alloc(1, 1);

    hf_free(block);
    return block != NULL;
}

static void one_failure(void **state)
{
    (void)state;
    hf_alloc_fail_after(2, false);
    assert_true(works());
    assert_true(works());
    assert_false(works());
    assert_true(works());
    assert_true(works());
}

static void failures_for_ever(void **state)
{
    (void)state;
    hf_alloc_fail_after(1, true);
    assert_true(works());
    for (int i = 0; i < 5; i++)
        assert_false(works());
    assert_null(hf_realloc(NULL, 1, 1));
    hf_alloc_fail_after(-1, false);
    assert_true(works());
}

static void every_call_counts(void **state)
{
    unsigned long before = hf_alloc_count();

    (void)state;
    hf_alloc_fail_after(0, false);
    (void)works(); /* a failure counts too */
    hf_free(hf_realloc(NULL, 1, 1));
    assert_int_equal(hf_alloc_count() - before, 2);
}

/* free() as the library calls it: what does it find in the block? */
static const char *watched;
static bool was_wiped;

void __real_free(void *block);
void __wrap_free(void *block);

void __wrap_free(void *block)
{
    if (watched != NULL && block == watched) {
        was_wiped = true;
        for (size_t i = 0; i < 64; i++)
            was_wiped = was_wiped && watched[i] == '\0';
        watched = NULL;
    }
    __real_free(block);
}

static bool is_wiped_by(bool wiping)
{
    char *block = hf_alloc(1, 64);

    assert_non_null(block);
    memset(block, 'k', 64);
    watched = block;
    if (wiping)
        hf_free_wiped(block, 64);
    else
        hf_free(block);
    return was_wiped;
}

static void secrets_are_wiped(void **state)
{
    (void)state;
    assert_true(is_wiped_by(true));
    assert_false(is_wiped_by(false));
    hf_free_wiped(NULL, 64);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_is_zeroed),
        cmocka_unit_test(overflow_is_out_of_memory),
        cmocka_unit_test(realloc_keeps_the_text),
        cmocka_unit_test(one_failure),
        cmocka_unit_test(failures_for_ever),
        cmocka_unit_test(every_call_counts),
        cmocka_unit_test(secrets_are_wiped),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
