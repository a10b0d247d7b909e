/* SPDX-License-Identifier: Apache-2.0 */
#include "holdfast/mpic.h"

/* BR 3.2.2.9, the dates at midnight UTC. */
#define REMOTES_2_FROM 1741996800 /* 2025-03-15 */
#define QUORUM_FROM    1757894400 /* 2025-09-15 */
#define REMOTES_3_FROM 1773532800 /* 2026-03-15, and two regions */
#define REMOTES_4_FROM 1781481600 /* 2026-06-15 */
#define REMOTES_5_FROM 1797292800 /* 2026-12-15 */
#define REGIONS_FROM   REMOTES_3_FROM

const char *hf_mpic_reason_word(enum hf_mpic_reason reason)
{
    static const char *const words[] = {
        [HF_MPIC_OK] = "ok",
        [HF_MPIC_PRIMARY_FAILED] = "primary-failed",
        [HF_MPIC_TOO_FEW_REMOTES] = "too-few-remotes",
        [HF_MPIC_QUORUM] = "quorum",
        [HF_MPIC_RIR_DIVERSITY] = "rir-diversity",
    };

    return words[reason];
}

/* REQ VAL-42 */
size_t hf_mpic_remotes_needed(int64_t at)
{
    if (at >= REMOTES_5_FROM)
        return 5;
    if (at >= REMOTES_4_FROM)
        return 4;
    if (at >= REMOTES_3_FROM)
        return 3;
    return at >= REMOTES_2_FROM ? 2 : 0;
}

/* REQ VAL-41 */
static size_t misses_allowed(size_t remotes)
{
    if (remotes >= 6)
        return 2;
    return remotes >= 2 ? 1 : 0;
}

/* REQ VAL-43: valid, and one of its records is the one relied upon. */
static bool corroborates(const struct hf_perspective *remote,
                         struct hf_span account_uri)
{
    for (size_t i = 0; remote->valid && i < remote->account_uri_count; i++)
        if (hf_span_eq(remote->account_uris[i], account_uri))
            return true;
    return false;
}

/* REQ VAL-42: the corroborating ones lie in at least two RIR regions. One
 * whose region is not known adds none. */
static bool is_diverse(const struct hf_perspective *remotes, size_t count,
                       struct hf_span account_uri)
{
    struct hf_span first = {0};

    for (size_t i = 0; i < count; i++) {
        if (remotes[i].rir.len == 0 || !corroborates(&remotes[i], account_uri))
            continue;
        if (first.len > 0 && !hf_span_eq_nocase(first, remotes[i].rir))
            return true;
        first = remotes[i].rir;
    }
    return false;
}

/* REQ VAL-40; VAL-46: counted from nothing at every call. */
struct hf_mpic hf_mpic_decide(int64_t at, const struct hf_perspective *primary,
                              const struct hf_perspective *remotes,
                              size_t remote_count)
{
    struct hf_mpic out = {.reason = HF_MPIC_OK, .remotes = remote_count};
    struct hf_span account_uri = {0};

    if (primary->valid && primary->account_uri_count > 0)
        account_uri = primary->account_uris[0];
    for (size_t i = 0; i < remote_count; i++)
        out.corroborating += corroborates(&remotes[i], account_uri);

    if (account_uri.len == 0)
        out.reason = HF_MPIC_PRIMARY_FAILED;
    else if (remote_count < hf_mpic_remotes_needed(at))
        out.reason = HF_MPIC_TOO_FEW_REMOTES;
    else if (at >= QUORUM_FROM &&
             out.corroborating + misses_allowed(remote_count) < remote_count)
        out.reason = HF_MPIC_QUORUM;
    else if (at >= REGIONS_FROM &&
             !is_diverse(remotes, remote_count, account_uri))
        out.reason = HF_MPIC_RIR_DIVERSITY;
    return out;
}
