/* SPDX-License-Identifier: Apache-2.0 */
#include "client/renewal.h"

#define SHORT_S (INT64_C(10) * 86400)

/* A random part of the whole; times of this century times 2^16 fit. */
static int64_t part_of(int64_t whole, uint32_t random)
{
    return whole * (int64_t)(random >> 16) / 65536;
}

int64_t hf_renewal_in_window(const struct hf_renewal_info *info,
                             uint32_t random)
{
    return info->start_at + part_of(info->end_at - info->start_at, random);
}

int64_t hf_renewal_by_lifetime(const struct hf_renewal *renewal)
{
    int64_t life_s = renewal->not_after_at - renewal->not_before_at;
    int64_t from_s = life_s < SHORT_S ? life_s / 2 : life_s / 3 * 2;

    return renewal->not_before_at + from_s +
           part_of(life_s / 50, renewal->random);
}

bool hf_renewal_is_due(const struct hf_renewal *renewal, int64_t now_at)
{
    int64_t life_s = renewal->not_after_at - renewal->not_before_at;

    return (renewal->renew_at != 0 && now_at >= renewal->renew_at) ||
           now_at >= renewal->not_after_at - life_s / 10;
}
