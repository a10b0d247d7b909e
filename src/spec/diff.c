/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records are paired in three rounds, the surest first: the same octets, the
 * same meaning, the same issuer and account. What is left was added or
 * deleted.
 */
#include "holdfast/diff.h"

const char *hf_change_word(enum hf_change change)
{
    static const char *const words[] = {
        [HF_CHANGE_ADDED] = "added",
        [HF_CHANGE_DELETED] = "deleted",
        [HF_CHANGE_MODIFIED] = "modified",
        [HF_CHANGE_REFORMATTED] = "reformatted",
    };

    return words[change];
}

/* Compared parameter by parameter; no record of any use has as many. */
#define PARAMS_MAX 64

/* A sum over the parameters, so that their order does not count; case does
 * not either, and is left to the comparison. */
struct sum {
    size_t count;
    uint64_t hash;
};

static uint64_t hash_nocase(uint64_t hash, struct hf_span text)
{
    for (size_t i = 0; i < text.len; i++)
        hash = (hash ^ (unsigned char)hf_lower(text.ptr[i])) *
               UINT64_C(0x100000001b3);
    return hash;
}

static struct sum sum_params(struct hf_span rest)
{
    struct sum sum = {0};
    struct hf_param param;

    for (; hf_param_next(&rest, &param); sum.count++) {
        uint64_t hash = hash_nocase(UINT64_C(0xcbf29ce484222325), param.tag);

        hash = hash_nocase(hash ^ '=', hf_param_canonical_value(&param));
        sum.hash += hash ^ hash >> 29;
    }
    return sum;
}

static bool is_same_param(const struct hf_param *a, const struct hf_param *b)
{
    if (!hf_span_eq_nocase(a->tag, b->tag))
        return false;
    /* policy=NONE says the same as policy=none, and 0100 the same as 100. */
    return hf_span_eq(hf_param_canonical_value(a),
                      hf_param_canonical_value(b)) ||
           (hf_span_eq_nocase(a->tag, HF_SPAN("policy")) &&
            hf_span_eq_nocase(a->value, b->value));
}

static size_t count_like(struct hf_span rest, const struct hf_param *wanted)
{
    struct hf_param param;
    size_t n = 0;

    while (hf_param_next(&rest, &param))
        n += is_same_param(&param, wanted);
    return n;
}

/* Unknown parameters count too: a future draft may give them a meaning. So
 * does how often each stands there: twice is malformed, if it is known. What a
 * stranger writes must not take long to compare: nearly all pairs differ in
 * their sums, and a text of very many parameters is called another one. */
static bool same_meaning(struct hf_span a, struct hf_span b)
{
    struct hf_issue_value va;
    struct hf_issue_value vb;
    struct sum sum_a;
    struct sum sum_b;
    struct hf_span rest;
    struct hf_param param;

    if (hf_issue_value_parse(a, &va, NULL) != HF_OK ||
        hf_issue_value_parse(b, &vb, NULL) != HF_OK)
        return false;
    if (!hf_span_eq_nocase(va.issuer, vb.issuer))
        return false;
    sum_a = sum_params(va.params);
    sum_b = sum_params(vb.params);
    if (sum_a.count > PARAMS_MAX || sum_a.count != sum_b.count ||
        sum_a.hash != sum_b.hash)
        return false;
    rest = va.params;
    while (hf_param_next(&rest, &param))
        if (count_like(va.params, &param) != count_like(vb.params, &param))
            return false;
    return true;
}

/* The account URI of a readable text, also of a record malformed elsewhere. */
static bool identity(struct hf_span text, struct hf_issue_value *value,
                     struct hf_span *account_uri)
{
    struct hf_span rest;
    struct hf_param param;

    if (hf_issue_value_parse(text, value, NULL) != HF_OK)
        return false;
    *account_uri = (struct hf_span){0};
    rest = value->params;
    while (hf_param_next(&rest, &param))
        if (hf_span_eq_nocase(param.tag, HF_SPAN("accounturi")))
            *account_uri = param.value;
    return true;
}

static bool same_grantee(struct hf_span a, struct hf_span b)
{
    struct hf_issue_value va;
    struct hf_issue_value vb;
    struct hf_span ua;
    struct hf_span ub;

    return identity(a, &va, &ua) && identity(b, &vb, &ub) &&
           hf_span_eq_nocase(va.issuer, vb.issuer) && hf_span_eq(ua, ub);
}

/* What a record grants; nothing when it is malformed or nobody's. */
static bool grants(struct hf_span text, struct hf_record *out)
{
    size_t at;

    return hf_record_read(text, out, &at) == HF_REASON_OK &&
           out->issuer.len > 0;
}

/* REQ MON-04; either text may have ptr NULL: absent. */
static unsigned authority_of(struct hf_span before, struct hf_span after)
{
    struct hf_record old;
    struct hf_record new;
    bool had = before.ptr != NULL && grants(before, &old);
    bool has = after.ptr != NULL && grants(after, &new);
    unsigned bits = 0;

    if (had && has) {
        if (new.wildcard != old.wildcard)
            bits |= new.wildcard ? HF_WIDENED_POLICY : HF_NARROWED_POLICY;
        if (new.until_at != old.until_at)
            bits |= new.until_at > old.until_at ? HF_WIDENED_UNTIL
                                                : HF_NARROWED_UNTIL;
    } else if (has) {
        bits = HF_WIDENED_GRANT;
    } else if (had) {
        bits = HF_NARROWED_GRANT;
    }
    return bits;
}

struct pairing {
    const struct hf_span *baseline;
    size_t baseline_count;
    const struct hf_span *observed;
    size_t observed_count;
    unsigned char *old_taken;
    unsigned char *new_taken;
    struct hf_event *out;
    size_t count;
};

static void emit(struct pairing *p, enum hf_change change, size_t before,
                 size_t after)
{
    struct hf_span old = {0};
    struct hf_span new = {0};

    if (before != SIZE_MAX)
        old = p->baseline[before];
    if (after != SIZE_MAX)
        new = p->observed[after];
    p->out[p->count++] = (struct hf_event){
        .change = change,
        .authority = authority_of(old, new),
        .before = before,
        .after = after,
    };
}

/* Pair every observed record that is left with a baseline one. */
static void pair(struct pairing *p,
                 bool (*same)(struct hf_span, struct hf_span), bool silent,
                 enum hf_change change)
{
    for (size_t i = 0; i < p->observed_count; i++) {
        for (size_t j = 0; j < p->baseline_count && !p->new_taken[i]; j++) {
            if (p->old_taken[j] || !same(p->baseline[j], p->observed[i]))
                continue;
            p->old_taken[j] = 1;
            p->new_taken[i] = 1;
            if (!silent)
                emit(p, change, j, i);
        }
    }
}

/* REQ MON-01 */
size_t hf_diff(const struct hf_span *baseline, size_t baseline_count,
               const struct hf_span *observed, size_t observed_count,
               unsigned char *marks, struct hf_event *out)
{
    struct pairing p = {
        .baseline = baseline,
        .baseline_count = baseline_count,
        .observed = observed,
        .observed_count = observed_count,
        .old_taken = marks,
        .new_taken = marks + baseline_count,
        .out = out,
    };

    if (baseline_count + observed_count == 0)
        return 0;
    memset(marks, 0, baseline_count + observed_count);
    pair(&p, hf_span_eq, true, HF_CHANGE_REFORMATTED);
    pair(&p, same_meaning, false, HF_CHANGE_REFORMATTED);
    pair(&p, same_grantee, false, HF_CHANGE_MODIFIED);
    for (size_t i = 0; i < observed_count; i++)
        if (!p.new_taken[i])
            emit(&p, HF_CHANGE_ADDED, SIZE_MAX, i);
    for (size_t j = 0; j < baseline_count; j++)
        if (!p.old_taken[j])
            emit(&p, HF_CHANGE_DELETED, j, SIZE_MAX);
    return p.count;
}
