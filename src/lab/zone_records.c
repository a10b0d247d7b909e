/* SPDX-License-Identifier: Apache-2.0 */
#include "lab/zone_records.h"

#include "base/alloc.h"

struct hf_lab_rr *hf_lab_rr_new(const struct hf_lab_record *record)
{
    struct hf_lab_rr *rr = hf_alloc(1, sizeof(*rr) + record->rdata.len);

    if (rr == NULL)
        return NULL;
    rr->owner = *record->owner;
    hf_wire_name_lower(&rr->owner);
    rr->type = record->type;
    rr->ttl_s = record->ttl_s;
    rr->len = (uint16_t)record->rdata.len;
    if (rr->len > 0)
        memcpy(rr->rdata, record->rdata.ptr, rr->len);
    return rr;
}

void hf_lab_rr_free(struct hf_lab_rr *rr)
{
    if (rr == NULL)
        return;
    hf_free(rr->signature);
    hf_free(rr->nsec);
    hf_free(rr);
}

/* Where the labels begin, without the root's; a name has at most 127. */
static size_t find_labels(const struct hf_wire_name *name, uint8_t *starts)
{
    size_t count = 0;

    for (size_t at = 0; name->octets[at] != 0; at += name->octets[at] + 1U)
        starts[count++] = (uint8_t)at;
    return count;
}

static struct hf_span label_at(const struct hf_wire_name *name, size_t at)
{
    return (struct hf_span){(const char *)name->octets + at + 1,
                            name->octets[at]};
}

int hf_lab_name_order(const struct hf_wire_name *a,
                      const struct hf_wire_name *b)
{
    uint8_t in_a[HF_WIRE_NAME_MAX / 2];
    uint8_t in_b[HF_WIRE_NAME_MAX / 2];
    size_t left_a = find_labels(a, in_a);
    size_t left_b = find_labels(b, in_b);

    while (left_a > 0 && left_b > 0) {
        int order = hf_span_cmp(label_at(a, in_a[--left_a]),
                                label_at(b, in_b[--left_b]));

        if (order != 0)
            return order;
    }
    return (left_a > left_b) - (left_a < left_b);
}

static int order_of(const struct hf_lab_rr *rr,
                    const struct hf_wire_name *owner, uint16_t type)
{
    int order = hf_lab_name_order(&rr->owner, owner);

    return order != 0 ? order : (rr->type > type) - (rr->type < type);
}

size_t hf_lab_records_seek(const struct hf_lab_records *records,
                           const struct hf_wire_name *owner, uint16_t type)
{
    size_t from = 0;
    size_t to = records->count;

    while (from < to) {
        size_t middle = from + (to - from) / 2;

        if (order_of(records->all[middle], owner, type) < 0)
            from = middle + 1;
        else
            to = middle;
    }
    return from;
}

struct hf_lab_range hf_lab_records_find(const struct hf_lab_records *records,
                                        const struct hf_wire_name *owner,
                                        uint16_t type)
{
    size_t from = hf_lab_records_seek(records, owner, type);
    size_t to = from;

    while (to < records->count &&
           (type == 0 || records->all[to]->type == type) &&
           hf_wire_name_eq(&records->all[to]->owner, owner))
        to++;
    return (struct hf_lab_range){from, to};
}

bool hf_lab_records_exist(const struct hf_lab_records *records,
                          const struct hf_wire_name *name)
{
    size_t at = hf_lab_records_seek(records, name, 0);

    return at < records->count &&
           hf_wire_name_is_in(&records->all[at]->owner, name);
}

bool hf_lab_records_has(const struct hf_lab_records *records,
                        struct hf_lab_range rrset, struct hf_span rdata,
                        size_t *at)
{
    for (*at = rrset.from; *at < rrset.to; (*at)++) {
        int order = hf_span_cmp(hf_lab_rr_rdata(records->all[*at]), rdata);

        if (order >= 0)
            return order == 0;
    }
    return false;
}

enum hf_err hf_lab_records_reserve(struct hf_lab_records *records, size_t more,
                                   struct hf_why *why)
{
    size_t want = records->count + more;
    struct hf_lab_rr **grown;

    if (want > HF_LAB_RECORDS_MAX)
        return hf_fail(why, HF_ELIMIT, 0, "the zone has too many records");
    if (want <= records->room)
        return HF_OK;
    want += want / 2;
    grown = hf_realloc(records->all, want, sizeof(struct hf_lab_rr *));
    if (grown == NULL)
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    records->all = grown;
    records->room = want;
    return HF_OK;
}

bool hf_lab_records_put(struct hf_lab_records *records, struct hf_lab_rr *rr)
{
    struct hf_lab_range rrset =
        hf_lab_records_find(records, &rr->owner, rr->type);
    size_t at;
    bool known = hf_lab_records_has(records, rrset, hf_lab_rr_rdata(rr), &at);

    for (size_t i = rrset.from; i < rrset.to; i++)
        records->all[i]->ttl_s = rr->ttl_s;
    if (known) {
        hf_lab_rr_free(rr);
        return false;
    }
    memmove(records->all + at + 1, records->all + at,
            (records->count - at) * sizeof(struct hf_lab_rr *));
    records->all[at] = rr;
    records->count++;
    return true;
}

void hf_lab_records_cut(struct hf_lab_records *records,
                        struct hf_lab_range range)
{
    for (size_t i = range.from; i < range.to; i++)
        hf_lab_rr_free(records->all[i]);
    if (range.to < records->count)
        memmove(records->all + range.from, records->all + range.to,
                (records->count - range.to) * sizeof(struct hf_lab_rr *));
    records->count -= range.to - range.from;
}

void hf_lab_records_clear(struct hf_lab_records *records)
{
    hf_lab_records_cut(records, (struct hf_lab_range){0, records->count});
    hf_free(records->all);
    *records = (struct hf_lab_records){0};
}
