/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/region.h"

static const struct {
    struct hf_span word, name;
} regions[] = {
    {HF_SPAN_INIT("ARIN"), HF_SPAN_INIT("ARIN")},
    {HF_SPAN_INIT("RIPE NCC"), HF_SPAN_INIT("RIPE NCC")},
    {HF_SPAN_INIT("RIPE"), HF_SPAN_INIT("RIPE NCC")},
    {HF_SPAN_INIT("APNIC"), HF_SPAN_INIT("APNIC")},
    {HF_SPAN_INIT("LACNIC"), HF_SPAN_INIT("LACNIC")},
    {HF_SPAN_INIT("AFRINIC"), HF_SPAN_INIT("AFRINIC")},
};

struct hf_span hf_region_find(struct hf_span word)
{
    for (size_t i = 0; i < sizeof(regions) / sizeof(regions[0]); i++)
        if (hf_span_eq_nocase(word, regions[i].word))
            return regions[i].name;
    return (struct hf_span){0};
}
