/* SPDX-License-Identifier: Apache-2.0 */
#include "holdfast/issue_value.h"

#include "spec/grammar.h"

/* REQ RECORD-02, RECORD-04, RECORD-13 */
enum hf_err hf_issue_value_parse(struct hf_span text,
                                 struct hf_issue_value *out, struct hf_why *why)
{
    struct hf_reader reader = hf_reader_of(text);
    struct hf_issue_value parsed;
    struct hf_param param;
    enum hf_err err;

    err = hf_grammar_open(&reader, &parsed.issuer, why);
    if (err != HF_OK)
        return err;
    parsed.params = hf_reader_rest(&reader);
    while (!hf_reader_is_done(&reader)) {
        err = hf_grammar_take(&reader, &param, why);
        if (err != HF_OK)
            return err;
    }
    *out = parsed;
    return HF_OK;
}

bool hf_param_next(struct hf_span *rest, struct hf_param *out)
{
    struct hf_reader reader;
    bool found;

    if (rest->len == 0)
        return false;
    reader = hf_reader_of(*rest);
    found = hf_grammar_take(&reader, out, NULL) == HF_OK;
    *rest = hf_reader_rest(&reader);
    return found;
}

struct hf_span hf_issue_value_attribution(struct hf_span text)
{
    struct hf_span prefix = {text.ptr, hf_span_find(text, ';')};

    while (prefix.len > 0 && hf_grammar_is_wsp(prefix.ptr[0]))
        (void)hf_span_cut(&prefix, 1);
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
    struct hf_reader reader = hf_reader_of(text);

    return hf_grammar_take_value(&reader).len == text.len;
}
