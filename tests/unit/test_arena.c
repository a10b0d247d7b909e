/* SPDX-License-Identifier: Apache-2.0 */
#include "base/alloc.h"
#include "base/arena.h"
#include "tests/unit/unit.h"

static void pieces(void **state)
{
    struct hf_arena arena;
    struct hf_span text;

    (void)state;
    hf_arena_init(&arena, 100000);
    for (size_t n = 1; n < 300; n++) {
        char *piece = hf_arena_take(&arena, n, 1);

        assert_non_null(piece);
        assert_int_equal((uintptr_t)piece % _Alignof(max_align_t), 0);
        for (size_t i = 0; i < n; i++)
            assert_int_equal(piece[i], 0);
        memset(piece, 'x', n);
    }
    text = hf_arena_copy(&arena, HF_SPAN("kept"));
    assert_string_equal(text.ptr, "kept");
    assert_int_equal(hf_arena_copy(&arena, (struct hf_span){0}).ptr[0], '\0');
    assert_non_null(hf_arena_take(&arena, 5000, 4));
    assert_false(arena.full);
    hf_arena_clear(&arena);
    hf_arena_clear(&arena);
}

static void the_cap(void **state)
{
    struct hf_arena arena;

    (void)state;
    hf_arena_init(&arena, 1024);
    assert_non_null(hf_arena_take(&arena, 64, 16));
    assert_null(hf_arena_take(&arena, 1, 1));
    assert_true(arena.full);
    hf_arena_clear(&arena);
    hf_arena_init(&arena, SIZE_MAX);
    assert_null(hf_arena_take(&arena, SIZE_MAX / 2, 3));
    assert_true(arena.full);
    hf_arena_clear(&arena);
}

static void no_memory(void **state)
{
    struct hf_arena arena;

    (void)state;
    hf_arena_init(&arena, 100000);
    hf_alloc_fail_after(0, false);
    assert_null(hf_arena_copy(&arena, HF_SPAN("text")).ptr);
    hf_alloc_fail_after(-1, false);
    assert_true(arena.full);
    hf_arena_clear(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces),
        cmocka_unit_test(the_cap),
        cmocka_unit_test(no_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
