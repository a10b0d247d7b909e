/* SPDX-License-Identifier: Apache-2.0 */
#include "dns/packet.h"

#include "base/octets.h"

/* RRSIG RDATA (RFC 4034, section 3.1): type covered, algorithm, labels. */
#define RRSIG_LABELS_AT 3

struct reading {
    const struct hf_wire_message *message;
    struct hf_wire_name at; /* the name now looked at */
    uint16_t type;
    struct hf_buf text;
    struct hf_found found;
};

/* The rest of what was written to `text` since `from`. */
static struct hf_span text_since(const struct hf_buf *text, size_t from)
{
    return (struct hf_span){text->ptr + from, text->len - from};
}

static struct hf_span put_name(struct hf_buf *text, struct hf_wire_name name)
{
    size_t from = text->len;

    hf_wire_name_lower(&name);
    hf_wire_name_put(text, &name);
    return text_since(text, from);
}

/* Labels without the root and without a leading `*` (RFC 4034, 3.1.3). */
static unsigned count_labels(const struct hf_wire_name *name)
{
    unsigned count = 0;
    size_t at = 0;

    while (at < name->len && name->octets[at] > 0) {
        at += 1U + name->octets[at];
        count++;
    }
    if (name->len > 2 && name->octets[0] == 1 && name->octets[1] == '*')
        count--;
    return count;
}

static uint16_t covered_type(struct hf_span rrsig)
{
    return (uint16_t)((unsigned char)rrsig.ptr[0] << 8 |
                      (unsigned char)rrsig.ptr[1]);
}

/* RFC 4035, section 5.3.4: fewer labels were signed than the owner has. */
static bool is_wildcard_signature(const struct hf_wire_rr *rr, uint16_t type)
{
    return rr->type == HF_RR_RRSIG && rr->rdata.len > RRSIG_LABELS_AT &&
           covered_type(rr->rdata) == type &&
           (unsigned char)rr->rdata.ptr[RRSIG_LABELS_AT] <
               count_labels(&rr->owner);
}

/* What one walk through the answer section found at one name. */
struct here {
    struct hf_wire_rr alias;
    bool has_alias;
    bool alias_synthesised;
};

static bool is_here(const struct reading *r, const struct hf_wire_rr *rr)
{
    return rr->section == HF_SECTION_ANSWER && rr->class == HF_CLASS_IN &&
           hf_wire_name_eq(&rr->owner, &r->at);
}

static void lower_ttl(struct reading *r, uint32_t ttl_s)
{
    if (ttl_s < r->found.ttl_s)
        r->found.ttl_s = ttl_s;
}

/* RDATA that is a name may be compressed; out of its message it must not. */
static bool is_name_only(uint16_t type)
{
    return type == HF_RR_NS || type == HF_RR_CNAME || type == HF_RR_DNAME;
}

static enum hf_err put_rdata(struct reading *r, const struct hf_wire_rr *rr,
                             struct hf_why *why)
{
    struct hf_wire_name name;
    size_t at = rr->rdata_at;
    enum hf_err err;

    if (!is_name_only(rr->type)) {
        hf_put_text(&r->text, rr->rdata);
        return HF_OK;
    }
    err = hf_wire_name_read(r->message, &at, &name, why);
    if (err == HF_OK)
        hf_put_text(&r->text,
                    (struct hf_span){(const char *)name.octets, name.len});
    return err;
}

static enum hf_err put_record(struct reading *r, const struct hf_wire_rr *rr,
                              struct hf_why *why)
{
    enum hf_err err;

    if (r->found.record_count == UINT16_MAX)
        return hf_fail(why, HF_ELIMIT, 0, "too many records in one answer");
    err = put_rdata(r, rr, why);
    if (err != HF_OK)
        return err;
    r->found.record_count++;
    lower_ttl(r, rr->ttl_s);
    return HF_OK;
}

static enum hf_err look_here(struct reading *r, struct here *out,
                             struct hf_why *why)
{
    struct hf_wire_walk walk = hf_wire_walk(r->message);
    struct hf_wire_rr rr;
    enum hf_err err;
    bool more = true;
    size_t from = r->text.len;

    while (true) {
        err = hf_wire_next(&walk, &rr, &more, why);
        if (err != HF_OK || !more)
            break;
        if (!is_here(r, &rr))
            continue;
        if (rr.type == HF_RR_CNAME && r->type != HF_RR_CNAME) {
            out->alias = rr;
            out->has_alias = true;
        }
        out->alias_synthesised |= is_wildcard_signature(&rr, HF_RR_CNAME);
        r->found.synthesised |= is_wildcard_signature(&rr, r->type);
        if (rr.type == r->type)
            err = put_record(r, &rr, why);
        if (err != HF_OK)
            break;
    }
    r->found.records = text_since(&r->text, from);
    return err;
}

/* Step over an alias: remember it, go on at its target. */
static enum hf_err follow(struct reading *r, const struct here *here,
                          struct hf_why *why)
{
    struct hf_link *link = &r->found.chain[r->found.chain_count];
    size_t at = here->alias.rdata_at;
    struct hf_wire_name target;
    enum hf_err err;

    if (r->found.chain_count == HF_CHAIN_MAX)
        return hf_fail(why, HF_ELIMIT, 0, "alias chain is too long or a loop");
    err = hf_wire_name_read(r->message, &at, &target, why);
    if (err != HF_OK)
        return err;
    link->owner = put_name(&r->text, r->at);
    link->target = put_name(&r->text, target);
    link->ttl_s = here->alias.ttl_s;
    link->synthesised = here->alias_synthesised;
    r->found.synthesised |= here->alias_synthesised;
    r->found.chain_count++;
    lower_ttl(r, link->ttl_s);
    r->at = target;
    return HF_OK;
}

static enum hf_err walk_chain(struct reading *r, struct hf_why *why)
{
    while (true) {
        struct here here = {0};
        enum hf_err err = look_here(r, &here, why);

        if (err != HF_OK)
            return err;
        /* RFC 2181, section 10.1: an alias has no other data. */
        if (here.has_alias && r->found.record_count > 0)
            return hf_fail(why, HF_ESYNTAX, 0,
                           "RFC 2181 10.1: data beside an alias");
        if (!here.has_alias)
            return HF_OK;
        err = follow(r, &here, why);
        if (err != HF_OK)
            return err;
    }
}

/* RFC 2308, section 5: the SOA's TTL is that of the "no". */
static enum hf_err read_negative_ttl(struct reading *r, struct hf_why *why)
{
    struct hf_wire_walk walk = hf_wire_walk(r->message);
    struct hf_wire_rr rr;
    enum hf_err err;
    bool more;

    while (true) {
        err = hf_wire_next(&walk, &rr, &more, why);
        if (err != HF_OK || !more)
            return err;
        if (rr.section == HF_SECTION_AUTHORITY && rr.type == HF_RR_SOA)
            lower_ttl(r, rr.ttl_s);
    }
}

/* Words for a response code, and what the server adds (RFC 8914). */
static void put_failure(struct reading *r, const struct hf_wire_edns *edns)
{
    const char *word = hf_rcode_word(edns->rcode);
    size_t from = r->text.len;

    if (word == NULL) {
        hf_buf_puts(&r->text, "rcode ");
        hf_buf_put_u64(&r->text, edns->rcode);
    } else {
        hf_buf_puts(&r->text, word);
    }
    for (size_t i = 0; i < edns->ede_count; i++) {
        word = hf_ede_word(edns->ede[i]);
        hf_buf_puts(&r->text, i == 0 ? ": " : "; ");
        hf_buf_puts(&r->text, word == NULL ? "extended error" : word);
        if (edns->ede_text[i].len > 0) {
            hf_buf_puts(&r->text, ": ");
            hf_buf_put_escaped(&r->text, edns->ede_text[i], 80);
        }
    }
    r->found.reason = text_since(&r->text, from);
    if (r->found.reason.len > HF_REASON_TEXT_MAX)
        r->found.reason.len = HF_REASON_TEXT_MAX;
}

static enum hf_err decide(struct reading *r, struct hf_why *why)
{
    struct hf_wire_edns edns;
    enum hf_err err = hf_wire_edns(r->message, &edns, why);

    if (err != HF_OK)
        return err;
    r->found.rcode = edns.rcode > 23 ? -1 : (int)edns.rcode;
    if (edns.rcode == HF_RCODE_NOERROR && r->found.record_count > 0) {
        r->found.state = HF_FOUND_DATA;
        return HF_OK;
    }
    if (edns.rcode != HF_RCODE_NOERROR && r->found.record_count > 0)
        return hf_fail(why, HF_ESYNTAX, 0, "an error code beside data");
    if (edns.rcode == HF_RCODE_NOERROR || edns.rcode == HF_RCODE_NXDOMAIN) {
        r->found.state = edns.rcode == HF_RCODE_NOERROR ? HF_FOUND_NODATA
                                                        : HF_FOUND_NXDOMAIN;
        return read_negative_ttl(r, why);
    }
    r->found.state = HF_FOUND_FAILURE;
    put_failure(r, &edns);
    return HF_OK;
}

enum hf_err hf_packet_read(const struct hf_wire_message *message,
                           const struct hf_wire_name *owner, uint16_t type,
                           char *room, struct hf_found *out, struct hf_why *why)
{
    struct reading r = {.message = message,
                        .at = *owner,
                        .type = type,
                        .found = {.type = type, .ttl_s = UINT32_MAX}};
    enum hf_err err;

    /* Part of an RRset is none: the missing record may be the one. */
    if ((message->flags & HF_WIRE_TC) != 0)
        return hf_fail(why, HF_ESYNTAX, 0, "RFC 2181 9: the answer is cut");
    hf_buf_init(&r.text, room, HF_PACKET_ROOM);
    err = walk_chain(&r, why);
    if (err == HF_OK)
        err = decide(&r, why);
    if (err != HF_OK)
        return err;
    r.found.owner = put_name(&r.text, r.at);
    if (r.found.ttl_s == UINT32_MAX)
        r.found.ttl_s = 0;
    if (r.text.full)
        return hf_fail(why, HF_ELIMIT, 0, "answer is too large");
    *out = r.found;
    return HF_OK;
}
