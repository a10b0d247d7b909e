/* SPDX-License-Identifier: Apache-2.0 */
#include "holdfast/record.h"

#include "spec/grammar.h"

/* REQ RECORD-11, RECORD-12: nineteen digits cannot overflow before the test,
 * and zeros in front do not count. */
bool hf_persist_until_parse(struct hf_span text, int64_t *out)
{
    uint64_t value = 0;
    size_t n = 0;

    while (n + 1 < text.len && text.ptr[n] == '0')
        n++;
    if (text.len == 0 || text.len - n > 19)
        return false;
    for (; n < text.len; n++) {
        unsigned digit = (unsigned char)text.ptr[n] - (unsigned)'0';

        if (digit > 9)
            return false;
        value = value * 10 + digit;
    }
    if (value > INT64_MAX)
        return false;
    *out = (int64_t)value;
    return true;
}

struct hf_span hf_param_canonical_value(const struct hf_param *param)
{
    struct hf_span value = param->value;
    int64_t unused;

    if (hf_span_eq_nocase(param->tag, HF_SPAN("policy")) &&
        hf_span_eq_nocase(value, HF_SPAN("wildcard")))
        return HF_SPAN("wildcard");
    if (hf_span_eq_nocase(param->tag, HF_SPAN("persistUntil")) &&
        hf_persist_until_parse(value, &unused))
        while (value.len > 1 && value.ptr[0] == '0')
            (void)hf_span_cut(&value, 1);
    return value;
}

/* What the walk over the parameters collects. The value of a tag that was seen
 * has a place, also when it is empty. */
struct seen {
    struct hf_span account_uri;
    struct hf_span policy;
    struct hf_span until;
    struct hf_span duplicate; /* the second tag of its kind, or empty */
};

/* REQ RECORD-03: without case. The lengths differ, so one comparison. */
static struct hf_span *place_of(struct seen *seen, struct hf_span tag)
{
    if (tag.len == 10 && hf_span_eq_nocase(tag, HF_SPAN("accounturi")))
        return &seen->account_uri;
    if (tag.len == 6 && hf_span_eq_nocase(tag, HF_SPAN("policy")))
        return &seen->policy;
    if (tag.len == 12 && hf_span_eq_nocase(tag, HF_SPAN("persistUntil")))
        return &seen->until;
    return NULL;
}

static void note(struct seen *seen, const struct hf_param *param)
{
    struct hf_span *place = place_of(seen, param->tag);

    /* REQ RECORD-13: unknown ones, also twice (RECORD-14), are ignored. */
    if (place == NULL)
        return;
    if (place->ptr != NULL && seen->duplicate.len == 0)
        seen->duplicate = param->tag;
    *place = param->value;
}

/* One walk over the text; false, and where it stopped, on a syntax error. */
static bool walk(struct hf_span text, struct hf_span *issuer, struct seen *seen,
                 size_t *at)
{
    struct hf_reader reader = hf_reader_of(text);
    struct hf_param param;
    bool good = hf_grammar_open(&reader, issuer, NULL) == HF_OK;

    while (good && !hf_reader_is_done(&reader)) {
        good = hf_grammar_take(&reader, &param, NULL) == HF_OK;
        if (good)
            note(seen, &param);
    }
    *at = reader.at;
    return good;
}

static size_t offset(struct hf_span text, struct hf_span part)
{
    return (size_t)(part.ptr - text.ptr);
}

/* REQ RECORD-05, RECORD-07, RECORD-09, RECORD-10, RECORD-14 */
enum hf_reason hf_record_read(struct hf_span text, struct hf_record *out,
                              size_t *at)
{
    struct seen seen = {0};

    *out = (struct hf_record){.until_at = INT64_MAX};
    if (!walk(text, &out->issuer, &seen, at)) {
        out->issuer = hf_issue_value_attribution(text);
        return HF_REASON_SYNTAX;
    }
    if (seen.duplicate.len > 0) {
        *at = offset(text, seen.duplicate);
        return HF_REASON_DUPLICATE_PARAMETER;
    }
    if (seen.account_uri.ptr == NULL)
        return HF_REASON_MISSING_ACCOUNTURI;
    out->account_uri = seen.account_uri;
    if (out->account_uri.len == 0) {
        *at = offset(text, out->account_uri);
        return HF_REASON_EMPTY_ACCOUNTURI;
    }
    out->has_until = seen.until.ptr != NULL;
    if (out->has_until && !hf_persist_until_parse(seen.until, &out->until_at)) {
        *at = offset(text, seen.until);
        return HF_REASON_BAD_PERSIST_UNTIL;
    }
    out->policy = seen.policy;
    out->wildcard = hf_span_eq_nocase(out->policy, HF_SPAN("wildcard"));
    *at = 0;
    return HF_REASON_OK;
}
