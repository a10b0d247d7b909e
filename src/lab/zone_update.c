/* SPDX-License-Identifier: Apache-2.0 */
#include "lab/zone_update.h"

#include "base/alloc.h"
#include "lab/zone_rdata.h"

/* One change, checked and ready to be made. */
struct step {
    struct hf_lab_rr *rr; /* what to add, or to delete; owned */
    uint16_t class;       /* IN: add. NONE: the record. ANY: the RRset */
};

struct update {
    struct hf_lab_dns *dns;
    struct hf_lab_zone *zone;
    const struct hf_lab_request *request;
    struct step *steps;
    size_t count;
    unsigned rcode;
    bool changed;
};

/* Of the three kinds of sections that an update has (RFC 2136, section 2). */
#define PREREQUISITES HF_SECTION_ANSWER
#define CHANGES       HF_SECTION_AUTHORITY

/* The next record of a section, its owner in lower case and its RDATA plain in
 * `rdata`. False at the end, or with update->rcode set. */
static bool next(struct update *update, struct hf_wire_walk *walk,
                 enum hf_section section, struct hf_wire_rr *out,
                 struct hf_buf *rdata)
{
    const struct hf_wire_message *message = &update->request->message;
    bool more = true;

    do {
        if (hf_wire_next(walk, out, &more, NULL) != HF_OK) {
            update->rcode = HF_RCODE_FORMERR;
            return false;
        }
    } while (more && out->section < section);
    if (!more || out->section != section)
        return false;
    hf_wire_name_lower(&out->owner);
    hf_buf_reset(rdata);
    if (!hf_wire_name_is_in(&out->owner, &update->zone->name))
        update->rcode = HF_RCODE_NOTZONE;
    else if (out->rdata.len > 0 &&
             hf_lab_rdata_take(out->type, message, out->rdata_at,
                               out->rdata.len, rdata, NULL) != HF_OK)
        update->rcode = HF_RCODE_FORMERR;
    else if (rdata->full)
        update->rcode = HF_RCODE_SERVFAIL;
    return update->rcode == HF_RCODE_NOERROR;
}

/* ---- prerequisites (section 3.2) ---- */

static bool exists(const struct update *update, const struct hf_wire_rr *rr)
{
    uint16_t type = rr->type == HF_RR_ANY ? 0 : rr->type;

    return !hf_lab_range_is_empty(
        hf_lab_records_find(&update->zone->records, &rr->owner, type));
}

/* The code of one that stands by itself; the RRsets with given records are
 * compared when all of them are known. */
static unsigned check_one(const struct update *update,
                          const struct hf_wire_rr *rr)
{
    bool any = rr->type == HF_RR_ANY;

    if (rr->ttl_s != 0 || (rr->class != HF_CLASS_IN && rr->rdata.len > 0))
        return HF_RCODE_FORMERR;
    if (rr->class == HF_CLASS_ANY && !exists(update, rr))
        return any ? HF_RCODE_NXDOMAIN : HF_RCODE_NXRRSET;
    if (rr->class == HF_CLASS_NONE && exists(update, rr))
        return any ? HF_RCODE_YXDOMAIN : HF_RCODE_YXRRSET;
    return rr->class == HF_CLASS_IN || rr->class == HF_CLASS_ANY ||
                   rr->class == HF_CLASS_NONE
               ? HF_RCODE_NOERROR
               : HF_RCODE_FORMERR;
}

/* The RRset is exactly what the message says of it (section 2.4.2). `*first`
 * is its first record, and then that of the next. */
static unsigned check_rrset(const struct update *update,
                            const struct hf_lab_records *wanted, size_t *first)
{
    const struct hf_lab_rr *head = wanted->all[*first];
    struct hf_lab_range want =
        hf_lab_records_find(wanted, &head->owner, head->type);
    struct hf_lab_range have =
        hf_lab_records_find(&update->zone->records, &head->owner, head->type);

    *first = want.to;
    if (want.to - want.from != have.to - have.from)
        return HF_RCODE_NXRRSET;
    for (size_t i = 0; i < want.to - want.from; i++)
        if (!hf_span_eq(
                hf_lab_rr_rdata(wanted->all[want.from + i]),
                hf_lab_rr_rdata(update->zone->records.all[have.from + i])))
            return HF_RCODE_NXRRSET;
    return HF_RCODE_NOERROR;
}

static enum hf_err keep(struct hf_lab_records *records,
                        const struct hf_lab_record *record, struct hf_why *why)
{
    struct hf_lab_rr *rr;
    enum hf_err err = hf_lab_records_reserve(records, 1, why);

    if (err != HF_OK)
        return err;
    rr = hf_lab_rr_new(record);
    if (rr == NULL)
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    (void)hf_lab_records_put(records, rr);
    return HF_OK;
}

static enum hf_err check_prerequisites(struct update *update,
                                       struct hf_buf *rdata, struct hf_why *why)
{
    struct hf_wire_walk walk = hf_wire_walk(&update->request->message);
    struct hf_lab_records wanted = {0};
    struct hf_wire_rr rr;
    enum hf_err err = HF_OK;

    while (err == HF_OK && next(update, &walk, PREREQUISITES, &rr, rdata)) {
        const struct hf_lab_record record = {&rr.owner, rr.type, 0,
                                             hf_buf_span(rdata)};

        update->rcode = check_one(update, &rr);
        if (update->rcode != HF_RCODE_NOERROR)
            break;
        if (rr.class == HF_CLASS_IN)
            err = keep(&wanted, &record, why);
    }
    for (size_t i = 0;
         i < wanted.count && err == HF_OK && update->rcode == HF_RCODE_NOERROR;)
        update->rcode = check_rrset(update, &wanted, &i);
    hf_lab_records_clear(&wanted);
    return err;
}

/* ---- changes, first looked at (section 3.4.1) ---- */

static unsigned check_change(const struct update *update,
                             const struct hf_wire_rr *rr)
{
    bool is_meta = rr->type == HF_RR_OPT || (rr->type >= 128 && rr->type < 256);
    bool any = rr->type == HF_RR_ANY && rr->class == HF_CLASS_ANY;

    if (is_meta && !any)
        return HF_RCODE_FORMERR;
    switch (rr->class) {
    case HF_CLASS_IN:
        if (rr->rdata.len == 0)
            return HF_RCODE_FORMERR;
        break;
    case HF_CLASS_ANY:
        if (rr->ttl_s != 0 || rr->rdata.len > 0)
            return HF_RCODE_FORMERR;
        break;
    case HF_CLASS_NONE:
        if (rr->ttl_s != 0)
            return HF_RCODE_FORMERR;
        break;
    default:
        return HF_RCODE_FORMERR;
    }
    /* SOA, DNSSEC and the servers are the laboratory's own. */
    return !any && hf_lab_type_is_ours(update->zone, &rr->owner, rr->type)
               ? HF_RCODE_REFUSED
               : HF_RCODE_NOERROR;
}

static enum hf_err read_changes(struct update *update, struct hf_buf *rdata,
                                struct hf_why *why)
{
    struct hf_wire_walk walk = hf_wire_walk(&update->request->message);
    size_t most = update->request->message.counts[CHANGES];
    struct hf_wire_rr rr;

    update->steps = hf_alloc(most + 1, sizeof(*update->steps));
    if (update->steps == NULL)
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    while (next(update, &walk, CHANGES, &rr, rdata)) {
        struct hf_lab_record record = {&rr.owner, rr.type, rr.ttl_s,
                                       hf_buf_span(rdata)};
        struct step *step = &update->steps[update->count];

        update->rcode = check_change(update, &rr);
        if (update->rcode != HF_RCODE_NOERROR)
            break;
        step->class = rr.class;
        step->rr = hf_lab_rr_new(&record);
        if (step->rr == NULL)
            return hf_fail(why, HF_ENOMEM, 0, "out of memory");
        update->count++;
    }
    if (update->rcode != HF_RCODE_NOERROR)
        return HF_OK;
    return hf_lab_records_reserve(&update->zone->records, update->count, why);
}

/* ---- then made (section 3.4.2), which cannot fail ---- */

static void tell(const struct update *update, bool removed,
                 const struct hf_lab_rr *rr)
{
    char room[HF_WIRE_NAME_MAX * 4];
    struct hf_buf who;
    struct hf_lab_change change = {.now_s = update->request->packet->now_s,
                                   .zone = &update->zone->name,
                                   .removed = removed};

    hf_buf_init(&who, room, sizeof(room));
    hf_wire_name_put(&who, hf_tsig_key_name(update->request->signer));
    change.who = hf_buf_span(&who);
    hf_lab_dns_told(update->dns, change, rr);
}

static void cut(struct update *update, struct hf_lab_range range)
{
    for (size_t i = range.from; i < range.to; i++)
        tell(update, true, update->zone->records.all[i]);
    update->changed |= !hf_lab_range_is_empty(range);
    hf_lab_records_cut(&update->zone->records, range);
}

static void add(struct update *update, struct step *step)
{
    struct hf_lab_records *records = &update->zone->records;
    struct hf_lab_rr *rr = step->rr;
    struct hf_lab_range rrset =
        hf_lab_records_find(records, &rr->owner, rr->type);
    size_t at;

    /* Beside a CNAME, or as one beside others: passed over in silence. */
    if (rr->type != HF_RR_CNAME || hf_lab_range_is_empty(rrset)) {
        if (hf_lab_zone_is_clash(update->zone, &rr->owner, rr->type))
            return;
    } else if (!hf_lab_records_has(records, rrset, hf_lab_rr_rdata(rr), &at)) {
        cut(update, rrset);
        rrset = hf_lab_records_find(records, &rr->owner, rr->type);
    }
    if (!hf_lab_records_has(records, rrset, hf_lab_rr_rdata(rr), &at))
        tell(update, false, rr);
    else if (records->all[at]->ttl_s == rr->ttl_s)
        return;
    (void)hf_lab_records_put(records, rr);
    step->rr = NULL;
    update->changed = true;
}

static void delete_all(struct update *update, const struct hf_lab_rr *rr)
{
    struct hf_lab_records *records = &update->zone->records;
    struct hf_lab_range all = hf_lab_records_find(records, &rr->owner, 0);

    while (all.from < all.to) {
        struct hf_lab_range one = {all.to - 1, all.to};
        uint16_t type = records->all[one.from]->type;

        all.to--;
        if ((rr->type == HF_RR_ANY || rr->type == type) &&
            !hf_lab_type_is_ours(update->zone, &rr->owner, type))
            cut(update, one);
    }
}

static void delete_one(struct update *update, const struct hf_lab_rr *rr)
{
    struct hf_lab_range rrset =
        hf_lab_records_find(&update->zone->records, &rr->owner, rr->type);
    size_t at;

    if (hf_lab_records_has(&update->zone->records, rrset, hf_lab_rr_rdata(rr),
                           &at))
        cut(update, (struct hf_lab_range){at, at + 1});
}

static void make_changes(struct update *update)
{
    for (size_t i = 0; i < update->count; i++) {
        struct step *step = &update->steps[i];

        if (step->class == HF_CLASS_IN)
            add(update, step);
        else if (step->class == HF_CLASS_ANY)
            delete_all(update, step->rr);
        else
            delete_one(update, step->rr);
    }
    if (update->changed)
        hf_lab_zone_changed(update->zone);
}

static enum hf_err run(struct update *update, struct hf_why *why)
{
    struct hf_buf rdata;
    enum hf_err err;

    hf_buf_init_grow(&rdata, HF_WIRE_MESSAGE_MAX);
    err = check_prerequisites(update, &rdata, why);
    if (err == HF_OK && update->rcode == HF_RCODE_NOERROR)
        err = read_changes(update, &rdata, why);
    if (err == HF_OK && update->rcode == HF_RCODE_NOERROR)
        make_changes(update);
    for (size_t i = 0; i < update->count; i++)
        hf_lab_rr_free(update->steps[i].rr);
    hf_free(update->steps);
    hf_buf_clear(&rdata);
    if (err != HF_ELIMIT)
        return err;
    update->rcode = HF_RCODE_SERVFAIL;
    return HF_OK;
}

enum hf_err hf_lab_update(struct hf_lab_dns *dns, struct hf_lab_reply *reply,
                          struct hf_why *why)
{
    const struct hf_lab_request *request = reply->request;
    struct update update = {.dns = dns,
                            .zone = hf_lab_dns_zone_at(dns, &request->name),
                            .request = request};
    enum hf_err err = HF_OK;

    if (request->type != HF_RR_SOA || request->class != HF_CLASS_IN)
        update.rcode = HF_RCODE_FORMERR;
    else if (update.zone == NULL)
        update.rcode = HF_RCODE_NOTAUTH;
    else if (request->signer == NULL || request->signer != update.zone->updater)
        update.rcode = HF_RCODE_REFUSED;
    else
        err = run(&update, why);
    reply->rcode = update.rcode;
    return err;
}
