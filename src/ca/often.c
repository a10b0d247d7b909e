/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/often.h"

#include <limits.h>

#include "ca/limit.h"

bool hf_often_wait_s(struct hf_ca_call *call, enum hf_ca_limit which,
                     struct hf_span a, struct hf_span b, int64_t *wait_s)
{
    struct hf_limit *limit = call->limits[which];
    int64_t dry_at;
    bool found;

    *wait_s = 0;
    if (limit == NULL)
        return true;
    if (!call->shares_limits) {
        *wait_s = hf_limit_wait_s(limit, a, b, call->now_at);
        return true;
    }
    if (!hf_ca_call_row(call, HF_CA_BUCKET_GET,
                        HF_VALUES(hf_store_number(hf_limit_key(limit, a, b))),
                        &found))
        return false;
    if (!found)
        return true;
    dry_at = hf_store_get_number(call->store, HF_CA_BUCKET_GET, 0);
    hf_ca_call_row_end(call, HF_CA_BUCKET_GET);
    *wait_s = hf_limit_wait_of(limit, dry_at, call->now_at);
    return true;
}

bool hf_often_count(struct hf_ca_call *call, enum hf_ca_limit which,
                    struct hf_span a, struct hf_span b)
{
    struct hf_limit *limit = call->limits[which];

    if (limit == NULL)
        return true;
    if (!call->shares_limits) {
        hf_limit_count(limit, a, b, call->now_at);
        return true;
    }
    return hf_ca_call_run(call, HF_CA_BUCKET_FILL,
                          HF_VALUES(hf_store_number(hf_limit_key(limit, a, b)),
                                    hf_store_number(call->now_at),
                                    hf_store_number(hf_limit_period_s(limit))));
}

bool hf_often_refuse(struct hf_ca_call *call, int64_t wait_s,
                     const char *detail)
{
    if (wait_s <= 0)
        return true;
    call->retry_after_s = wait_s < INT_MAX ? (int)wait_s : INT_MAX;
    return hf_ca_call_refuse(call, HF_TROUBLE_RATE_LIMITED, detail);
}

bool hf_often_take(struct hf_ca_call *call, enum hf_ca_limit which,
                   struct hf_span a, struct hf_span b, const char *detail)
{
    int64_t wait_s;

    return hf_often_wait_s(call, which, a, b, &wait_s) &&
           hf_often_refuse(call, wait_s, detail) &&
           hf_often_count(call, which, a, b);
}
