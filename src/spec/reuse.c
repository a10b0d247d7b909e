/* SPDX-License-Identifier: Apache-2.0 */
#include "holdfast/reuse.h"

/* REQ REUSE-03, REUSE-04, REUSE-05: the TTL caps raw records of -00 and -01;
 * -02 forbids it for hashed ones, the BRs do not know it. */
static bool ttl_caps(const struct hf_validation *v)
{
    if (v->rules == HF_RULES_DUAL)
        return v->form != HF_FORM_HASHED;
    return v->rules == HF_RULES_DRAFT_00 || v->rules == HF_RULES_DRAFT_01;
}

/* REQ REUSE-06, REUSE-07 */
static bool until_clamps(const struct hf_validation *v)
{
    return v->rules != HF_RULES_DRAFT_00 && v->rules != HF_RULES_DRAFT_01;
}

/* REQ REUSE-10: a function of what was seen then; a record deleted since does
 * not shorten it. */
int64_t hf_reuse_expires(const struct hf_validation *v)
{
    int64_t period = HF_REUSE_MAX_S; /* REQ REUSE-01 */
    int64_t expires;

    if (v->reuse_s < period) /* REQ REUSE-02 */
        period = v->reuse_s < 0 ? 0 : v->reuse_s;
    if (v->has_ttl && ttl_caps(v) && (int64_t)v->ttl_s < period)
        period = v->ttl_s;
    if (__builtin_add_overflow(v->validated_at, period, &expires))
        expires = INT64_MAX;
    if (until_clamps(v) && v->until_at < expires)
        expires = v->until_at;
    return expires;
}

/* REQ REUSE-09, REUSE-16 */
bool hf_reuse_is_usable(const struct hf_validation *v,
                        enum hf_account_status status, struct hf_time now)
{
    return status == HF_ACCOUNT_VALID && now.s >= v->validated_at &&
           !hf_time_is_after(now, hf_reuse_expires(v));
}

/* A limit that changes at midnight UTC of certain days. */
struct step {
    int64_t from;
    int days;
};

static int days_at(const struct step *steps, size_t count, int64_t at)
{
    int days = steps[0].days;

    for (size_t i = 1; i < count && at >= steps[i].from; i++)
        days = steps[i].days;
    return days;
}

#define T_2026_03_15 1773532800
#define T_2027_03_15 1805068800
#define T_2029_03_15 1868227200

/* REQ REUSE-12 */
int hf_data_reuse_days(int64_t at)
{
    static const struct step steps[] = {
        {INT64_MIN, 398},
        {T_2026_03_15, 200},
        {T_2027_03_15, 100},
        {T_2029_03_15, 10},
    };

    return days_at(steps, sizeof(steps) / sizeof(steps[0]), at);
}

/* REQ REUSE-13 */
int hf_certificate_days(int64_t at)
{
    static const struct step steps[] = {
        {INT64_MIN, 398},
        {T_2026_03_15, 200},
        {T_2027_03_15, 100},
        {T_2029_03_15, 47},
    };

    return days_at(steps, sizeof(steps) / sizeof(steps[0]), at);
}
