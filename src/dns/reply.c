/* SPDX-License-Identifier: Apache-2.0 */
#include "dns/reply.h"

/* Does the record belong to the owner that we look at now? */
static bool is_ours(const struct hf_reply *reply, const struct hf_wire_rr *rr)
{
    return rr->section == HF_SECTION_ANSWER && rr->class == HF_CLASS_IN &&
           hf_wire_name_same(&reply->message, rr->owner_at, reply->owner_at);
}

static void take_ttl(struct hf_reply *reply, uint32_t ttl_s)
{
    if (ttl_s < reply->ttl_s)
        reply->ttl_s = ttl_s;
}

/*
 * One pass over the answer: count the data at the owner, and note where an
 * alias points when there is no data; 0: nowhere. False: malformed.
 */
static bool look(struct hf_reply *reply, size_t *target_at)
{
    struct hf_wire_walk walk = hf_wire_walk(&reply->message);
    struct hf_wire_rr rr;
    uint32_t alias_ttl_s = 0;
    bool more;

    *target_at = 0;
    reply->count = 0;
    for (;;) {
        if (hf_wire_step(&walk, &rr, &more, NULL) != HF_OK)
            return false;
        if (!more || rr.section != HF_SECTION_ANSWER)
            break;
        if (!is_ours(reply, &rr))
            continue;
        if (rr.type == reply->type) {
            reply->count++;
            take_ttl(reply, rr.ttl_s);
        } else if (rr.type == HF_RR_CNAME) {
            *target_at = rr.rdata_at;
            alias_ttl_s = rr.ttl_s;
        }
    }
    if (reply->count > 0)
        *target_at = 0;
    if (*target_at != 0)
        take_ttl(reply, alias_ttl_s);
    return true;
}

/* Follow the aliases that the answer itself spells out. */
static bool follow(struct hf_reply *reply)
{
    struct hf_wire_name target;
    size_t target_at;

    if (reply->message.counts[HF_SECTION_ANSWER] == 0)
        return true;
    for (;;) {
        size_t at;

        if (!look(reply, &target_at))
            return false;
        if (target_at == 0)
            return true;
        at = target_at;
        if (hf_wire_name_read(&reply->message, &at, &target, NULL) != HF_OK)
            return false;
        if (++reply->aliases > HF_REPLY_ALIASES_MAX) {
            reply->kind = HF_REPLY_ALIAS;
            return true;
        }
        reply->owner_at = target_at;
    }
}

/* What stands behind the answer section: a SOA, and EDNS's share of the rcode.
 * False: malformed. */
static bool look_behind(struct hf_reply *reply, bool *has_soa)
{
    struct hf_wire_walk walk = hf_wire_walk(&reply->message);
    struct hf_wire_rr rr;
    bool more;

    *has_soa = false;
    for (;;) {
        if (hf_wire_step(&walk, &rr, &more, NULL) != HF_OK)
            return false;
        if (!more)
            return true;
        if (rr.section == HF_SECTION_AUTHORITY && rr.type == HF_RR_SOA)
            *has_soa = true;
        /* The TTL field of OPT begins with the upper bits of the rcode. */
        if (rr.section == HF_SECTION_ADDITIONAL && rr.type == HF_RR_OPT)
            reply->rcode |= (unsigned)(unsigned char)
                                reply->message.octets.ptr[rr.rdata_at - 6]
                            << 4;
    }
}

static enum hf_reply_kind kind_without_data(const struct hf_reply *reply,
                                            bool has_soa)
{
    bool recursion = (reply->message.flags & HF_WIRE_RA) != 0;
    bool authority = (reply->message.flags & HF_WIRE_AA) != 0;

    if (reply->kind == HF_REPLY_ALIAS)
        return HF_REPLY_ALIAS;
    if (!authority && !recursion)
        return HF_REPLY_LAME;
    if (reply->rcode == HF_RCODE_NXDOMAIN)
        return HF_REPLY_NXDOMAIN;
    /* An authoritative server stops where its zones end and says NOERROR. */
    if (reply->aliases > 0 && !recursion && !has_soa)
        return HF_REPLY_ALIAS;
    return HF_REPLY_NODATA;
}

void hf_reply_read(struct hf_span octets, struct hf_reply *out)
{
    bool has_soa;

    *out = (struct hf_reply){.kind = HF_REPLY_MALFORMED,
                             .ttl_s = UINT32_MAX,
                             .owner_at = HF_WIRE_HEADER};
    if (hf_wire_open(octets, &out->message, NULL) != HF_OK ||
        out->message.counts[0] != 1)
        return;
    out->rcode = hf_wire_rcode(&out->message);
    out->type =
        (uint16_t)((unsigned char)octets.ptr[out->message.body - 4] << 8 |
                   (unsigned char)octets.ptr[out->message.body - 3]);
    if ((out->message.flags & HF_WIRE_TC) != 0) {
        out->kind = HF_REPLY_TRUNCATED;
        return;
    }
    if (out->rcode != HF_RCODE_NOERROR && out->rcode != HF_RCODE_NXDOMAIN) {
        out->kind = HF_REPLY_RCODE;
        return;
    }
    if (!follow(out) || !look_behind(out, &has_soa)) {
        out->kind = HF_REPLY_MALFORMED;
        return;
    }
    if (out->rcode != HF_RCODE_NOERROR && out->rcode != HF_RCODE_NXDOMAIN)
        out->kind = HF_REPLY_RCODE;
    else if (out->count > 0)
        out->kind = HF_REPLY_DATA;
    else
        out->kind = kind_without_data(out, has_soa);
}

void hf_reply_owner(const struct hf_reply *reply, struct hf_wire_name *out)
{
    size_t at = reply->owner_at;

    if (hf_wire_name_read(&reply->message, &at, out, NULL) != HF_OK)
        *out = (struct hf_wire_name){.len = 1}; /* the root */
}

bool hf_reply_next(const struct hf_reply *reply, struct hf_wire_walk *walk,
                   struct hf_span *rdata)
{
    struct hf_wire_rr rr;
    bool more;

    while (hf_wire_step(walk, &rr, &more, NULL) == HF_OK && more) {
        if (!is_ours(reply, &rr) || rr.type != reply->type)
            continue;
        *rdata = rr.rdata;
        return true;
    }
    return false;
}
