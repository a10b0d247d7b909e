/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <stdint.h>

#include "holdfast/lint.h"
#include "tests/unit/plain_grammar.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_record(const struct hf_record *record, struct hf_span text)
{
    assert(record->account_uri.len > 0);
    assert(record->account_uri.ptr > text.ptr &&
           record->account_uri.ptr + record->account_uri.len <=
               text.ptr + text.len);
    assert(record->until_at >= 0);
    assert(record->has_until || record->until_at == INT64_MAX);
    assert(record->wildcard ==
           hf_span_eq_nocase(record->policy, HF_SPAN("wildcard")));
}

/* Spelt canonically it says the same. */
static void check_canonical(const struct hf_record *record, struct hf_span text)
{
    struct hf_record again;
    struct hf_buf out;
    size_t at;

    hf_buf_init_grow(&out, 2 * text.len + 64);
    assert(hf_lint_canonical(text, &out));
    assert(hf_record_read(hf_buf_span(&out), &again, &at) == HF_REASON_OK);
    assert(hf_span_eq_nocase(again.issuer, record->issuer));
    assert(hf_span_eq(again.account_uri, record->account_uri));
    assert(again.wildcard == record->wildcard);
    assert(again.until_at == record->until_at);
    assert(again.has_until == record->has_until);
    hf_buf_clear(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct hf_span text = {(const char *)data, size};
    struct hf_record record;
    size_t at;
    enum hf_reason reason = hf_record_read(text, &record, &at);

    assert(at <= size);
    assert((reason == HF_REASON_SYNTAX) == !plain_is_issue_value(text));
    assert(reason == HF_REASON_OK ||
           hf_reason_outcome(reason) == HF_OUTCOME_MALFORMED);
    if (reason != HF_REASON_OK)
        return 0;
    check_record(&record, text);
    check_canonical(&record, text);
    return 0;
}
