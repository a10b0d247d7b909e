/* SPDX-License-Identifier: Apache-2.0 */
#include "holdfast/issue_value.h"

#include "spec/grammar.h"

/* REQ RECORD-02, RECORD-04, RECORD-13 */
enum hf_err hf_issue_value_parse(struct hf_span text,
                                 struct hf_issue_value *out, struct hf_why *why)
{
    struct hf_issue_value parsed;
    struct hf_span rest;
    struct hf_param param;
    enum hf_err err;

    err = hf_grammar_open(text, &parsed.issuer, &rest, why);
    if (err != HF_OK)
        return err;
    parsed.params = rest;
    while (rest.len > 0) {
        size_t from = text.len - rest.len;

        err = hf_grammar_take(&rest, &param, why);
        if (err != HF_OK && why != NULL)
            why->at += from;
        if (err != HF_OK)
            return err;
    }
    *out = parsed;
    return HF_OK;
}

bool hf_param_next(struct hf_span *rest, struct hf_param *out)
{
    return rest->len > 0 && hf_grammar_take(rest, out, NULL) == HF_OK;
}

struct hf_span hf_issue_value_attribution(struct hf_span text)
{
    struct hf_span prefix = {text.ptr, hf_span_find(text, ';')};

    hf_grammar_skip_wsp(&prefix);
    while (prefix.len > 0 && hf_grammar_is_wsp(prefix.ptr[prefix.len - 1]))
        prefix.len--;
    if (prefix.len > 0 && prefix.ptr[prefix.len - 1] == '.')
        prefix.len--;
    for (size_t i = 0; i < prefix.len; i++)
        if ((unsigned char)prefix.ptr[i] > 0x7f)
            return (struct hf_span){prefix.ptr, 0};
    return prefix;
}

/* REQ CLI-05 */
bool hf_value_is_safe(struct hf_span text)
{
    return hf_grammar_value_len(text) == text.len;
}
