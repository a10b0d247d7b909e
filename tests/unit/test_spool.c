/* SPDX-License-Identifier: Apache-2.0 */
#include "os/spool.h"
#include "tests/unit/unit.h"

/* Pieces of many lengths come back as they went in, from memory and, when
 * they are many, from the file. */
static void comes_back(size_t pieces)
{
    struct hf_spool spool;
    char piece[1000];
    struct hf_span got;

    hf_spool_init(&spool, (uint64_t)1 << 30);
    for (size_t i = 0; i < pieces; i++) {
        memset(piece, (int)(i % 251), sizeof(piece));
        assert_int_equal(
            hf_spool_put(&spool, (struct hf_span){piece, i % 1000 + 1}, NULL),
            HF_OK);
    }
    assert_int_equal(spool.fd >= 0, pieces > 10000);
    assert_int_equal(hf_spool_rewind(&spool, NULL), HF_OK);
    for (size_t i = 0; i < pieces; i++) {
        memset(piece, (int)(i % 251), sizeof(piece));
        assert_int_equal(hf_spool_take(&spool, i % 1000 + 1, &got, NULL),
                         HF_OK);
        assert_span_equal(got, ((struct hf_span){piece, i % 1000 + 1}));
    }
    assert_int_equal(hf_spool_take(&spool, 1, &got, NULL), HF_ENOTFOUND);
    hf_spool_clear(&spool);
    hf_spool_clear(&spool);
}

static void memory_and_file(void **state)
{
    (void)state;
    comes_back(0);
    comes_back(100);
    comes_back(30000);
}

static void has_a_limit(void **state)
{
    struct hf_spool spool;

    (void)state;
    hf_spool_init(&spool, 5);
    assert_int_equal(hf_spool_put(&spool, HF_SPAN("abc"), NULL), HF_OK);
    assert_int_equal(hf_spool_put(&spool, HF_SPAN("def"), NULL), HF_ELIMIT);
    assert_int_equal(hf_spool_put(&spool, HF_SPAN("de"), NULL), HF_OK);
    hf_spool_clear(&spool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_and_file),
        cmocka_unit_test(has_a_limit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
