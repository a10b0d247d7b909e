/* SPDX-License-Identifier: Apache-2.0 */
#include "lab/zone_transfer.h"

#include "lab/zone_look.h"

/* Octets of one message that RRsets share; a larger one has its own. */
#define SHARED ((size_t)16 << 10)

static size_t size_of(const struct hf_lab_records *records,
                      struct hf_lab_range rrset)
{
    size_t size = 0;

    for (size_t i = rrset.from; i < rrset.to; i++)
        size += records->all[i]->owner.len + 10U + records->all[i]->len;
    return size;
}

/* Send what has been gathered if no more should be added to it. */
static enum hf_err make_room(struct hf_lab_reply *reply, size_t size,
                             struct hf_buf *out, struct hf_why *why)
{
    size_t len = reply->sections[HF_SECTION_ANSWER].len;
    enum hf_err err;

    if (len == 0 || len + size <= SHARED)
        return HF_OK;
    err = hf_lab_reply_end(reply, out, why);
    hf_lab_reply_reset(reply);
    return err;
}

static enum hf_err put_all(const struct hf_lab_dns *dns,
                           struct hf_lab_zone *zone, struct hf_lab_reply *reply,
                           struct hf_buf *out, struct hf_why *why)
{
    const struct hf_lab_records *records = &zone->records;
    enum hf_err err = HF_OK;

    for (size_t at = 0; at < records->count && err == HF_OK;) {
        const struct hf_lab_rr *rr = records->all[at];
        struct hf_lab_range rrset =
            hf_lab_records_find(records, &rr->owner, rr->type);

        at = rrset.to;
        if (rr->type == HF_RR_SOA)
            continue;
        err = make_room(reply, size_of(records, rrset), out, why);
        if (err == HF_OK)
            err = hf_lab_look_rrset(dns, zone, rrset, reply, why);
    }
    return err;
}

enum hf_err hf_lab_transfer(const struct hf_lab_dns *dns,
                            struct hf_lab_reply *reply, struct hf_buf *out,
                            struct hf_why *why)
{
    const struct hf_lab_request *request = reply->request;
    struct hf_lab_zone *zone = hf_lab_dns_zone_at(dns, &request->name);
    struct hf_lab_range soa;
    enum hf_err err;

    if (zone == NULL || !request->packet->tcp) {
        reply->rcode = HF_RCODE_REFUSED;
        return HF_OK;
    }
    reply->authoritative = true;
    reply->is_signed = true;
    soa = hf_lab_records_find(&zone->records, &zone->name, HF_RR_SOA);
    err = hf_lab_look_rrset(dns, zone, soa, reply, why);
    if (err == HF_OK)
        err = put_all(dns, zone, reply, out, why);
    if (err == HF_OK)
        err = make_room(reply, size_of(&zone->records, soa), out, why);
    /* Its signature was in the first message. */
    reply->is_signed = false;
    return err == HF_OK ? hf_lab_look_rrset(dns, zone, soa, reply, why) : err;
}
