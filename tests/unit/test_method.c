/* SPDX-License-Identifier: Apache-2.0 */
/* REQ CLI-46 */
#include "acme/method.h"
#include "tests/unit/unit.h"

static void words(void **state)
{
    enum hf_method method = HF_METHOD_DNS;

    (void)state;
    for (size_t i = 0; i < HF_METHOD_COUNT; i++) {
        const char *word = hf_method_word((enum hf_method)i);

        assert_true(hf_method_find(hf_span_str(word), &method));
        assert_int_equal(method, i);
    }
    assert_false(hf_method_find(HF_SPAN("tls-alpn-01"), &method));
    assert_false(hf_method_find(HF_SPAN(""), &method));
}

static void objections(void **state)
{
    static const struct {
        enum hf_method method;
        bool host, wildcard, address;
    } cases[] = {
        {HF_METHOD_PERSIST, true, true, false},
        {HF_METHOD_DNS, true, true, false},
        {HF_METHOD_HTTP, true, false, true},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        enum hf_method method = cases[i].method;

        assert_int_equal(hf_method_objection(method, HF_NAME_HOST) == NULL,
                         cases[i].host);
        assert_int_equal(hf_method_objection(method, HF_NAME_WILDCARD) == NULL,
                         cases[i].wildcard);
        assert_int_equal(hf_method_objection(method, HF_NAME_ADDRESS) == NULL,
                         cases[i].address);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words),
        cmocka_unit_test(objections),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
