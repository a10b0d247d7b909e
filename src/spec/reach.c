/* SPDX-License-Identifier: Apache-2.0 */
#include "holdfast/reach.h"

const char *hf_extent_word(enum hf_extent extent)
{
    static const char *const words[] = {
        [HF_EXTENT_NONE] = "none",
        [HF_EXTENT_EXACT] = "exact",
        [HF_EXTENT_SUBTREE] = "subtree",
    };

    return words[extent];
}

/* REQ MON-20, SCOPE-01, SCOPE-04, SCOPE-09 */
struct hf_reach hf_reach_of_record(const struct hf_record *record,
                                   struct hf_time now)
{
    if (record->issuer.len == 0 || hf_time_is_after(now, record->until_at))
        return (struct hf_reach){HF_EXTENT_NONE, HF_EXTENT_NONE};
    return (struct hf_reach){
        .draft = record->wildcard ? HF_EXTENT_SUBTREE : HF_EXTENT_EXACT,
        .br = HF_EXTENT_SUBTREE,
    };
}

struct hf_reach hf_reach_of(struct hf_span text, struct hf_time now)
{
    struct hf_record record;
    size_t at;

    if (hf_record_read(text, &record, &at) != HF_REASON_OK)
        return (struct hf_reach){HF_EXTENT_NONE, HF_EXTENT_NONE};
    return hf_reach_of_record(&record, now);
}

/* REQ SCOPE-02, SCOPE-03 */
bool hf_extent_covers(enum hf_extent extent, struct hf_span adn,
                      struct hf_span name, bool wildcard)
{
    switch (extent) {
    case HF_EXTENT_NONE:
        return false;
    case HF_EXTENT_EXACT:
        return !wildcard && hf_span_eq(name, adn);
    case HF_EXTENT_SUBTREE:
        break;
    }
    return hf_span_eq(name, adn) || hf_name_is_below(name, adn);
}
