/* SPDX-License-Identifier: Apache-2.0 */
/* What a deploy hook is told, and that no list grows without end. */
#include <stdio.h>

#include "cli/hook_values.h"
#include "tests/unit/unit.h"

static struct hf_hook_values values;

static void of_a_certificate(void **state)
{
    static const struct hf_lineage lineage = {
        .name = HF_SPAN_INIT("shop"),
        .account = HF_SPAN_INIT("second"),
        .key_type = HF_SPAN_INIT("rsa3072"),
        .names = {HF_SPAN_INIT("*.a.example"), HF_SPAN_INIT("b.example")},
        .name_count = 2};
    static const struct {
        enum hf_hook_variable variable;
        const char *value;
    } rows[] = {
        {HF_VAR_CERT, "shop"},
        {HF_VAR_ACCOUNT, "second"},
        {HF_VAR_RENEWED_LINEAGE, "/s/live/shop"},
        {HF_VAR_RENEWED_DOMAINS, "*.a.example b.example"},
        {HF_VAR_LEGO_DOMAINS, "*.a.example,b.example"},
        {HF_VAR_LEGO_PATH, "/s/live/shop/fullchain.pem"},
        {HF_VAR_LEGO_KEY_PATH, "/s/live/shop/privkey.pem"},
        {HF_VAR_LEGO_KEY_TYPE, "RSA3072"},
    };

    (void)state;
    assert_int_equal(hf_hook_values_of("/s", &lineage, &values, NULL), HF_OK);
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        assert_span_equal(values.list[rows[i].variable],
                          hf_span_str(rows[i].value));
    assert_null(values.list[HF_VAR_FAILED_DOMAINS].ptr);
}

/* Whole names, as many as there is room for. */
static void long_lists(void **state)
{
    const struct hf_span names[] = {HF_SPAN("ab"), HF_SPAN("cd"), HF_SPAN("e")};
    char room[8];
    struct hf_buf out;

    (void)state;
    for (size_t size = 0; size <= sizeof(room); size++) {
        hf_buf_init(&out, room, size);
        hf_hook_put_names(&out, names, COUNT_OF(names), ' ');
        assert_false(out.full);
        assert_true(out.len == 0 || out.len == 2 || out.len == 5 ||
                    out.len == 7);
    }
    assert_span_equal(hf_buf_span(&out), HF_SPAN("ab cd e"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(of_a_certificate),
        cmocka_unit_test(long_lists),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
