/* SPDX-License-Identifier: Apache-2.0 */
/* For which names a record can serve: REQ MON-20, SCOPE-01 to SCOPE-04,
 * SCOPE-09. */
#include "holdfast/reach.h"
#include "tests/unit/unit.h"

#define S HF_SPAN_INIT
#define U "ca.example; accounturi=u"

static void reach_table(void **state)
{
    static const struct {
        const char *name;
        struct hf_span text;
        enum hf_extent draft;
        enum hf_extent br;
    } rows[] = {
        {"exact", S(U), HF_EXTENT_EXACT, HF_EXTENT_SUBTREE},
        {"wildcard", S(U ";policy=wildcard"), HF_EXTENT_SUBTREE,
         HF_EXTENT_SUBTREE},
        {"other policy", S(U ";policy=x"), HF_EXTENT_EXACT, HF_EXTENT_SUBTREE},
        {"at its end", S(U ";persistUntil=1000"), HF_EXTENT_EXACT,
         HF_EXTENT_SUBTREE},
        {"expired", S(U ";persistUntil=999"), HF_EXTENT_NONE, HF_EXTENT_NONE},
        {"nobody's", S(";accounturi=u"), HF_EXTENT_NONE, HF_EXTENT_NONE},
        {"no account", S("ca.example"), HF_EXTENT_NONE, HF_EXTENT_NONE},
        {"broken", S(U ";"), HF_EXTENT_NONE, HF_EXTENT_NONE},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct hf_reach got =
            hf_reach_of(rows[i].text, (struct hf_time){1000, 0});

        if (got.draft != rows[i].draft || got.br != rows[i].br)
            fail_msg("%s: %s, %s", rows[i].name, hf_extent_word(got.draft),
                     hf_extent_word(got.br));
    }
}

static void covering_table(void **state)
{
    static const struct {
        enum hf_extent extent;
        struct hf_span name;
        bool wildcard;
        bool want;
    } rows[] = {
        {HF_EXTENT_NONE, S("example.com"), false, false},
        {HF_EXTENT_EXACT, S("example.com"), false, true},
        {HF_EXTENT_EXACT, S("example.com"), true, false},
        {HF_EXTENT_EXACT, S("a.example.com"), false, false},
        {HF_EXTENT_SUBTREE, S("example.com"), false, true},
        {HF_EXTENT_SUBTREE, S("example.com"), true, true},
        {HF_EXTENT_SUBTREE, S("a.b.example.com"), false, true},
        {HF_EXTENT_SUBTREE, S("a.example.com"), true, true},
        {HF_EXTENT_SUBTREE, S("badexample.com"), false, false},
        {HF_EXTENT_SUBTREE, S("com"), false, false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (hf_extent_covers(rows[i].extent, HF_SPAN("example.com"),
                             rows[i].name, rows[i].wildcard) != rows[i].want)
            fail_msg("row %zu", i);
}

static void words(void **state)
{
    (void)state;
    assert_string_equal(hf_extent_word(HF_EXTENT_NONE), "none");
    assert_string_equal(hf_extent_word(HF_EXTENT_EXACT), "exact");
    assert_string_equal(hf_extent_word(HF_EXTENT_SUBTREE), "subtree");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reach_table),
        cmocka_unit_test(covering_table),
        cmocka_unit_test(words),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
