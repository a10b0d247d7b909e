/* SPDX-License-Identifier: Apache-2.0 */
#include "lab/zone_proof.h"

#include "base/octets.h"

static bool has(const struct hf_lab_zone *zone, const struct hf_wire_name *name,
                uint16_t type)
{
    return !hf_lab_range_is_empty(
        hf_lab_records_find(&zone->records, name, type));
}

bool hf_lab_zone_is_cut(const struct hf_lab_zone *zone,
                        const struct hf_wire_name *name)
{
    return !hf_wire_name_eq(name, &zone->name) && has(zone, name, HF_RR_NS);
}

bool hf_lab_zone_is_hidden(const struct hf_lab_zone *zone,
                           const struct hf_wire_name *name)
{
    struct hf_wire_name above = *name;

    while (!hf_wire_name_eq(&above, &zone->name) && hf_wire_name_climb(&above))
        if (hf_lab_zone_is_cut(zone, &above) || has(zone, &above, HF_RR_DNAME))
            return true;
    return false;
}

size_t hf_lab_zone_nsec_at(const struct hf_lab_zone *zone,
                           const struct hf_wire_name *name)
{
    const struct hf_lab_records *records = &zone->records;
    struct hf_lab_range same = hf_lab_records_find(records, name, 0);
    size_t at = same.from;

    /* The apex is never hidden, and nothing in the zone comes before it. */
    if (hf_lab_range_is_empty(same) || hf_lab_zone_is_hidden(zone, name))
        while (hf_lab_zone_is_hidden(zone, &records->all[--at]->owner))
            continue;
    return hf_lab_records_seek(records, &records->all[at]->owner, 0);
}

/* The name that follows in the chain; behind the last one the apex. */
static const struct hf_wire_name *next_of(const struct hf_lab_zone *zone,
                                          size_t at)
{
    const struct hf_lab_records *records = &zone->records;
    const struct hf_wire_name *owner = &records->all[at]->owner;

    for (; at < records->count; at++)
        if (!hf_wire_name_eq(&records->all[at]->owner, owner) &&
            !hf_lab_zone_is_hidden(zone, &records->all[at]->owner))
            return &records->all[at]->owner;
    return &zone->name;
}

struct bitmap {
    uint8_t octets[256][32]; /* a window for each 256 types */
    uint8_t used[256];       /* octets of it */
};

static void set_bit(struct bitmap *bitmap, uint16_t type)
{
    uint8_t octet = (uint8_t)(type % 256 / 8);

    bitmap->octets[type / 256][octet] |= (uint8_t)(0x80 >> type % 8);
    if (bitmap->used[type / 256] <= octet)
        bitmap->used[type / 256] = (uint8_t)(octet + 1);
}

void hf_lab_zone_put_bitmap(const struct hf_lab_zone *zone,
                            struct hf_lab_range name, bool for_nsec,
                            struct hf_buf *out)
{
    struct hf_lab_rr *const *all = zone->records.all;
    struct bitmap bitmap = {0};
    bool is_cut;

    if (hf_lab_range_is_empty(name))
        return;
    is_cut = hf_lab_zone_is_cut(zone, &all[name.from]->owner);
    for (size_t i = name.from; i < name.to; i++)
        if (!is_cut || all[i]->type == HF_RR_NS || all[i]->type == HF_RR_DS)
            set_bit(&bitmap, all[i]->type);
    /* Nothing is signed at a cut but its DS and its NSEC. */
    if (for_nsec || !is_cut || has(zone, &all[name.from]->owner, HF_RR_DS))
        set_bit(&bitmap, HF_RR_RRSIG);
    if (for_nsec)
        set_bit(&bitmap, HF_RR_NSEC);
    for (size_t i = 0; i < 256; i++) {
        if (bitmap.used[i] == 0)
            continue;
        hf_put_number(out, i, 1);
        hf_put_number(out, bitmap.used[i], 1);
        hf_buf_put(out, (struct hf_span){(const char *)bitmap.octets[i],
                                         bitmap.used[i]});
    }
}

struct hf_lab_rr *hf_lab_zone_nsec(const struct hf_lab_zone *zone, size_t at)
{
    const struct hf_wire_name *owner = &zone->records.all[at]->owner;
    const struct hf_wire_name *next = next_of(zone, at);
    struct hf_lab_record record = {
        .owner = owner, .type = HF_RR_NSEC, .ttl_s = HF_LAB_TTL_S};
    struct hf_lab_rr *rr;
    struct hf_buf rdata;

    hf_buf_init_grow(&rdata, UINT16_MAX);
    hf_buf_put(&rdata, (struct hf_span){(const char *)next->octets, next->len});
    hf_lab_zone_put_bitmap(zone, hf_lab_records_find(&zone->records, owner, 0),
                           true, &rdata);
    record.rdata = hf_buf_span(&rdata);
    rr = rdata.full ? NULL : hf_lab_rr_new(&record);
    hf_buf_clear(&rdata);
    return rr;
}
