/* SPDX-License-Identifier: Apache-2.0 */
#include "net/link.h"
#include "tests/unit/unit.h"

#define S HF_SPAN_INIT

static const struct {
    struct hf_span text;
    size_t count;
    struct hf_http_link links[3];
} cases[] = {
    {S(""), 0, {{{0}, {0}}}},
    {S("<a>"), 1, {{S("a"), S("")}}},
    {S("<https://ca.example/x>;rel=\"up\""),
     1,
     {{S("https://ca.example/x"), S("up")}}},
    {S("<a>; rel=up"), 1, {{S("a"), S("up")}}},
    {S("<a>;REL=up;rel=down"), 1, {{S("a"), S("up")}}},
    {S("<a> ; title = \"x, <b>\" ; rel = \"up index\" "),
     1,
     {{S("a"), S("up index")}}},
    {S("<a>; title=\"\\\"\"; rel=up"), 1, {{S("a"), S("up")}}},
    {S("<a>; anchor; rel=up"), 1, {{S("a"), S("up")}}},
    {S("<a>;rel=up,<b>;rel=alternate , <c>"),
     3,
     {{S("a"), S("up")}, {S("b"), S("alternate")}, {S("c"), S("")}}},
    {S(", ,<a>,"), 1, {{S("a"), S("")}}},
    {S("<>;rel=self"), 1, {{S(""), S("self")}}},
    /* Reading stops where it is wrong; what came before stays. */
    {S("a;rel=up"), 0, {{{0}, {0}}}},
    {S("<a"), 0, {{{0}, {0}}}},
    {S("<a>;"), 0, {{{0}, {0}}}},
    {S("<a>;rel=\"up"), 0, {{{0}, {0}}}},
    {S("<a>;rel=\"up\\\""), 0, {{{0}, {0}}}},
    {S("<a>;rel=\"up\\"), 0, {{{0}, {0}}}},
    {S("<a> x"), 0, {{{0}, {0}}}},
    {S("<a>;rel=up x, <b>"), 0, {{{0}, {0}}}},
    {S("<a>, b, <c>"), 1, {{S("a"), S("")}}},
};

static void link_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct hf_span rest = cases[i].text;
        struct hf_http_link link = {0};
        size_t count = 0;

        while (hf_link_next(&rest, &link)) {
            assert_true(count < cases[i].count);
            assert_span_equal(link.url, cases[i].links[count].url);
            assert_span_equal(link.rel, cases[i].links[count].rel);
            count++;
        }
        if (count != cases[i].count)
            fail_msg("%s: %zu", cases[i].text.ptr, count);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(link_table),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
