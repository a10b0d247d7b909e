/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <stdint.h>

#include "holdfast/issue_value.h"
#include "tests/unit/plain_grammar.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_inside(struct hf_span part, struct hf_span text)
{
    assert(part.len == 0 || (part.ptr >= text.ptr &&
                             part.ptr + part.len <= text.ptr + text.len));
}

static void check_params(struct hf_span rest, struct hf_span text)
{
    struct hf_param param;

    while (hf_param_next(&rest, &param)) {
        assert(param.tag.len > 0 && hf_value_is_safe(param.value));
        check_inside(param.tag, text);
        check_inside(param.value, text);
    }
    assert(rest.len == 0);
}

/* The library reads what the plain grammar reads; what parses can be walked to
 * its end, stays inside the input, and is attributed to its issuer. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct hf_span text = {(const char *)data, size};
    struct hf_span prefix = hf_issue_value_attribution(text);
    struct hf_issue_value got;
    struct hf_why why = {0};
    bool good = hf_issue_value_parse(text, &got, &why) == HF_OK;

    assert(good == plain_is_issue_value(text));
    assert(hf_value_is_safe(text) == (plain_value(text, 0) == size));
    check_inside(prefix, text);
    if (!good) {
        assert(why.at <= size && why.text != NULL);
        return 0;
    }
    assert(hf_span_eq(got.issuer, prefix));
    check_inside(got.issuer, text);
    check_params(got.params, text);
    return 0;
}
