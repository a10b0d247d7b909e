/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "base/alloc.h"
#include "cli/wanted.h"
#include "tests/unit/unit.h"

static void add(struct hf_wanted_list *list, const char *name, size_t zone_len,
                bool wildcard)
{
    assert_int_equal(
        hf_wanted_add(list, hf_span_str(name), zone_len, wildcard, NULL),
        HF_OK);
}

static void is(const struct hf_wanted_list *list, size_t i, const char *name,
               const char *zone, bool wildcard)
{
    const struct hf_wanted *item = &list->items[i];

    assert_span_equal(hf_wanted_name(list, item), hf_span_str(name));
    assert_span_equal(hf_wanted_zone(list, item), hf_span_str(zone));
    assert_int_equal(item->wildcard, wildcard);
}

/* REQ CLI-12: NAME and *.NAME have one owner name, so they are one entry. */
static void each_name_once(void **state)
{
    struct hf_wanted_list list;

    (void)state;
    hf_wanted_init(&list);
    add(&list, "b.example.org", 11, false);
    add(&list, "example.com", 11, false);
    add(&list, "example.com", 11, true);
    add(&list, "example.com", 11, false);
    add(&list, "b.example.org", 11, false);
    assert_int_equal(list.count, 2);
    is(&list, 0, "b.example.org", "example.org", false);
    is(&list, 1, "example.com", "example.com", true);
    hf_wanted_clear(&list);
}

static void zones_together(void **state)
{
    struct hf_wanted_list list;

    (void)state;
    hf_wanted_init(&list);
    add(&list, "z.b.org", 5, false);
    add(&list, "c.a.com", 5, false);
    add(&list, "a.b.org", 5, true);
    add(&list, "b.a.com", 5, false);
    hf_wanted_sort_by_zone(&list);
    is(&list, 0, "c.a.com", "a.com", false);
    is(&list, 1, "b.a.com", "a.com", false);
    is(&list, 2, "z.b.org", "b.org", false);
    is(&list, 3, "a.b.org", "b.org", true);
    hf_wanted_clear(&list);
}

static void many_names(void **state)
{
    struct hf_wanted_list list;
    char name[32];

    (void)state;
    hf_wanted_init(&list);
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < 20000; i++) {
            (void)snprintf(name, sizeof(name), "host%d.example", i);
            add(&list, name, 7, round == 1 && i == 12345);
        }
        assert_int_equal(list.count, 20000);
    }
    is(&list, 0, "host0.example", "example", false);
    is(&list, 12345, "host12345.example", "example", true);
    is(&list, 19999, "host19999.example", "example", false);
    hf_wanted_clear(&list);
}

/* The Nth allocation fails: an error, and what was there is still there. */
static void out_of_memory(void **state)
{
    enum hf_err err = HF_ENOMEM;

    (void)state;
    for (long n = 0; err != HF_OK; n++) {
        struct hf_wanted_list list;
        char name[32];
        uint32_t good = 0;

        hf_wanted_init(&list);
        hf_alloc_fail_after(n, true);
        for (err = HF_OK; err == HF_OK && good < 100; good++) {
            (void)snprintf(name, sizeof(name), "host%u.example",
                           (unsigned)good);
            err = hf_wanted_add(&list, hf_span_str(name), 7, false, NULL);
        }
        hf_alloc_fail_after(-1, false);
        if (err != HF_OK) {
            assert_int_equal(err, HF_ENOMEM);
            good--;
        }
        assert_int_equal(list.count, good);
        for (uint32_t i = 0; i < good; i++) {
            (void)snprintf(name, sizeof(name), "host%u.example", (unsigned)i);
            is(&list, i, name, "example", false);
        }
        hf_wanted_clear(&list);
        assert_true(n < 50);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_name_once),
        cmocka_unit_test(zones_together),
        cmocka_unit_test(many_names),
        cmocka_unit_test(out_of_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
