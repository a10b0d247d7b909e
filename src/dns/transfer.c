/* SPDX-License-Identifier: Apache-2.0 */
#include "dns/transfer.h"

#include "base/alloc.h"
#include "base/octets.h"
#include "holdfast/txt.h"
#include "os/spool.h"

/* What the next record should be. */
enum state {
    STATE_FIRST,  /* the SOA that everything begins with */
    STATE_SECOND, /* IXFR: tells changes from a whole zone */
    STATE_ZONE,   /* until the first SOA comes again */
    STATE_DELETED,
    STATE_ADDED,
    STATE_DONE,
};

struct hf_transfer {
    struct hf_transfer_plan plan;
    uint16_t id;
    struct hf_tsig *tsig; /* NULL: not signed */
    enum state state;
    bool failed;
    bool is_verified; /* everything so far */
    uint32_t reached; /* IXFR: serial after the change at hand */
    struct hf_transfer_end end;
    struct hf_spool kept;
    struct hf_buf text; /* one record on its way */
    struct hf_zone_name owner;
    struct hf_zone_name target;
    char joined[HF_WIRE_MESSAGE_MAX]; /* strings of one TXT record */
};

enum hf_err hf_transfer_new(const struct hf_transfer_plan *plan, uint16_t id,
                            struct hf_transfer **out, struct hf_why *why)
{
    struct hf_transfer *transfer = hf_alloc(1, sizeof(*transfer));
    enum hf_err err = HF_OK;

    if (transfer == NULL)
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    transfer->plan = *plan;
    transfer->id = id;
    hf_spool_init(&transfer->kept, HF_TRANSFER_KEPT_MAX);
    hf_buf_init_grow(&transfer->text, HF_SPOOL_TAKE_MAX);
    if (plan->key != NULL)
        err = hf_tsig_new(plan->key, &transfer->tsig, why);
    if (err != HF_OK)
        hf_transfer_free(transfer);
    else
        *out = transfer;
    return err;
}

void hf_transfer_free(struct hf_transfer *transfer)
{
    if (transfer == NULL)
        return;
    hf_tsig_free(transfer->tsig);
    hf_spool_clear(&transfer->kept);
    hf_buf_clear(&transfer->text);
    hf_free(transfer);
}

static uint16_t type_asked(const struct hf_transfer *transfer)
{
    return transfer->plan.incremental ? HF_RR_IXFR : HF_RR_AXFR;
}

/* The SOA that says which version we have (RFC 1995, section 3). */
static void put_serial(struct hf_buf *out, uint32_t serial)
{
    hf_put_number(out, 0xc000U | HF_WIRE_HEADER, 2); /* the question's name */
    hf_put_number(out, HF_RR_SOA, 2);
    hf_put_number(out, HF_CLASS_IN, 2);
    hf_put_number(out, 0, 4);
    hf_put_number(out, 22, 2);
    hf_put_number(out, 0, 2); /* two names, both the root */
    hf_put_number(out, serial, 4);
    hf_put_number(out, 0, 8);
    hf_put_number(out, 0, 8);
}

enum hf_err hf_transfer_ask(struct hf_transfer *transfer, int64_t now_s,
                            struct hf_buf *out, struct hf_why *why)
{
    const struct hf_transfer_plan *plan = &transfer->plan;
    const struct hf_wire_query query = {
        .name = plan->zone, .id = transfer->id, .type = type_asked(transfer)};
    uint8_t room[HF_WIRE_QUERY_MAX];
    size_t len = hf_wire_query_put(&query, room);

    if (plan->incremental)
        room[9] = 1; /* one record in the authority section */
    hf_buf_put(out, (struct hf_span){(const char *)room, len});
    if (plan->incremental)
        put_serial(out, plan->serial);
    if (out->full)
        return hf_fail(why, HF_ELIMIT, 0, "no room for the request");
    return transfer->tsig == NULL
               ? HF_OK
               : hf_tsig_sign(transfer->tsig, out, now_s, why);
}

static enum hf_err fail(struct hf_why *why, const char *text)
{
    return hf_fail(why, HF_EPEER, 0, text);
}

/* ---- records put aside ---- */

static enum hf_err keep(struct hf_transfer *transfer, enum hf_transfer_act act,
                        const struct hf_wire_rr *rr, struct hf_span value,
                        struct hf_why *why)
{
    struct hf_buf *text = &transfer->text;

    hf_buf_reset(text);
    hf_put_number(text, 0, 4); /* the length, known below */
    hf_put_number(text, act, 1);
    hf_put_number(text, rr->type, 2);
    hf_put_number(text, rr->ttl_s, 4);
    hf_put_number(text, transfer->owner.is_plain, 1);
    hf_put_text(text, hf_zone_name_span(&transfer->owner));
    hf_put_text(text, value);
    if (text->full)
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    for (unsigned i = 0; i < 4; i++)
        text->ptr[i] = (char)(unsigned char)((text->len - 4) >> (24 - 8 * i));
    return hf_spool_put(&transfer->kept, hf_buf_span(text), why);
}

static bool is_wanted(enum hf_zone_place place, uint16_t type)
{
    if (type == HF_RR_SOA || type == HF_RR_NS || type == HF_RR_DNAME)
        return true;
    return place != HF_ZONE_ELSEWHERE &&
           (type == HF_RR_TXT || type == HF_RR_CNAME);
}

/* One of the two labels, or a star, in front; letters without case. */
static enum hf_zone_place place_of(const struct hf_wire_name *owner)
{
    static const struct hf_span labels[] = {HF_SPAN_INIT(HF_DNS_LABEL),
                                            HF_SPAN_INIT(HF_IP_LABEL)};
    const struct hf_span first = {(const char *)owner->octets + 1,
                                  owner->octets[0]};

    for (size_t i = 0; i < 2; i++)
        if (hf_span_eq_nocase(first, labels[i]))
            return HF_ZONE_LABEL;
    return hf_span_eq(first, HF_SPAN("*")) ? HF_ZONE_WILDCARD
                                           : HF_ZONE_ELSEWHERE;
}

static enum hf_err keep_txt(struct hf_transfer *transfer,
                            enum hf_transfer_act act,
                            const struct hf_wire_rr *rr, struct hf_why *why)
{
    struct hf_span value;
    enum hf_err err = hf_txt_join(rr->rdata, transfer->joined, &value, why);

    return err != HF_OK ? err : keep(transfer, act, rr, value, why);
}

/* A record of the zone that is no mark of the transfer itself. */
static enum hf_err take_record(struct hf_transfer *transfer,
                               const struct hf_wire_message *message,
                               const struct hf_wire_rr *rr,
                               enum hf_transfer_act act, struct hf_why *why)
{
    struct hf_span value = HF_SPAN("");
    struct hf_wire_name target;
    size_t at = rr->rdata_at;
    enum hf_err err = HF_OK;

    if (!is_wanted(place_of(&rr->owner), rr->type))
        return HF_OK;
    hf_zone_name_from_wire(&rr->owner, &transfer->owner);
    if (rr->type == HF_RR_TXT)
        return keep_txt(transfer, act, rr, why);
    if (rr->type == HF_RR_CNAME || rr->type == HF_RR_DNAME) {
        err = hf_wire_name_read(message, &at, &target, why);
        if (err != HF_OK)
            return err;
        hf_zone_name_from_wire(&target, &transfer->target);
        value = hf_zone_name_span(&transfer->target);
    }
    return keep(transfer, act, rr, value, why);
}

/* ---- the order of a transfer ---- */

static bool read_serial(const struct hf_wire_message *message,
                        const struct hf_wire_rr *rr, uint32_t *out)
{
    size_t end = rr->rdata_at + rr->rdata.len;
    size_t at = rr->rdata_at;
    struct hf_wire_name name;
    struct hf_span rest;
    uint64_t serial;

    /* Two names, one after the other. */
    /* NOLINTNEXTLINE(misc-redundant-expression) */
    if (hf_wire_name_read(message, &at, &name, NULL) != HF_OK ||
        hf_wire_name_read(message, &at, &name, NULL) != HF_OK || at > end)
        return false;
    rest = (struct hf_span){message->octets.ptr + at, end - at};
    if (rest.len != 20 || !hf_take_number(&rest, 4, &serial))
        return false;
    *out = (uint32_t)serial;
    return true;
}

/* RFC 1982: is `a` later than `b`? */
static bool is_newer(uint32_t a, uint32_t b)
{
    return a != b && a - b < UINT32_C(0x80000000);
}

static enum hf_err take_first(struct hf_transfer *transfer, uint32_t serial,
                              struct hf_why *why)
{
    const struct hf_transfer_plan *plan = &transfer->plan;

    (void)why;
    transfer->end.serial = serial;
    transfer->state = plan->incremental ? STATE_SECOND : STATE_ZONE;
    if (plan->incremental && !is_newer(serial, plan->serial)) {
        transfer->end.kind = HF_TRANSFER_CURRENT;
        transfer->state = STATE_DONE;
    }
    return HF_OK;
}

/* IXFR: an SOA with our serial begins the changes; one with the server's own
 * ends a whole zone that has nothing but its SOA. */
static enum hf_err take_second_soa(struct hf_transfer *transfer,
                                   uint32_t serial, struct hf_why *why)
{
    if (serial == transfer->plan.serial) {
        transfer->end.kind = HF_TRANSFER_CHANGES;
        transfer->state = STATE_DELETED;
    } else if (serial == transfer->end.serial) {
        transfer->state = STATE_DONE;
    } else {
        return fail(why, "RFC 1995 4: the changes begin at another serial "
                         "than the one asked for");
    }
    return HF_OK;
}

/* In the changes, each SOA ends one list and begins the next. */
static enum hf_err take_soa_of_changes(struct hf_transfer *transfer,
                                       uint32_t serial, struct hf_why *why)
{
    if (transfer->state == STATE_DELETED) {
        transfer->reached = serial;
        transfer->state = STATE_ADDED;
        return HF_OK;
    }
    if (serial != transfer->reached)
        return fail(why, "RFC 1995 4: the changes do not follow one another");
    transfer->state =
        transfer->reached == transfer->end.serial ? STATE_DONE : STATE_DELETED;
    return HF_OK;
}

static enum hf_err take_soa(struct hf_transfer *transfer, uint32_t serial,
                            struct hf_why *why)
{
    switch (transfer->state) {
    case STATE_FIRST:
        return take_first(transfer, serial, why);
    case STATE_SECOND:
        return take_second_soa(transfer, serial, why);
    case STATE_ZONE:
        if (serial != transfer->end.serial)
            return fail(why, "RFC 5936 2.2: the zone changed during its "
                             "transfer: the last SOA is not the first");
        transfer->state = STATE_DONE;
        return HF_OK;
    case STATE_DELETED:
    case STATE_ADDED:
        return take_soa_of_changes(transfer, serial, why);
    case STATE_DONE:
        break;
    }
    return fail(why, "records follow the end of the transfer");
}

static enum hf_err take_rr(struct hf_transfer *transfer,
                           const struct hf_wire_message *message,
                           const struct hf_wire_rr *rr, struct hf_why *why)
{
    uint32_t serial;
    bool is_mark = rr->type == HF_RR_SOA &&
                   hf_wire_name_eq(&rr->owner, transfer->plan.zone);

    if (rr->class != HF_CLASS_IN)
        return fail(why, "a record of another class than IN");
    transfer->end.records++;
    if (is_mark) {
        if (!read_serial(message, rr, &serial))
            return fail(why, "the SOA record is malformed");
        if (transfer->state == STATE_FIRST) {
            enum hf_err err =
                take_record(transfer, message, rr, HF_TRANSFER_HAS, why);

            if (err != HF_OK)
                return err;
        }
        return take_soa(transfer, serial, why);
    }
    if (transfer->state == STATE_FIRST)
        return fail(why, "RFC 5936 2.2: the first record is not the SOA of "
                         "the zone");
    if (transfer->state == STATE_DONE)
        return fail(why, "records follow the end of the transfer");
    if (transfer->state == STATE_SECOND)
        transfer->state = STATE_ZONE; /* a whole zone instead of changes */
    if (!hf_wire_name_is_in(&rr->owner, transfer->plan.zone))
        return HF_OK; /* not this zone's to say */
    return take_record(transfer, message, rr,
                       transfer->state == STATE_DELETED ? HF_TRANSFER_DELETES
                       : transfer->state == STATE_ADDED ? HF_TRANSFER_ADDS
                                                        : HF_TRANSFER_HAS,
                       why);
}

/* ---- messages ---- */

static enum hf_err fail_rcode(unsigned rcode, struct hf_why *why)
{
    switch (rcode) {
    case HF_RCODE_REFUSED:
        return fail(why, "the server refuses the transfer (REFUSED): it wants "
                         "a key, or another address");
    case HF_RCODE_NOTAUTH:
        return fail(why, "the server does not serve the zone, or not with "
                         "this key (NOTAUTH)");
    case HF_RCODE_FORMERR:
    case HF_RCODE_NOTIMP:
        return fail(why, "the server does not do such transfers (FORMERR or "
                         "NOTIMP)");
    case HF_RCODE_SERVFAIL:
        return fail(why, "the server cannot serve the zone now (SERVFAIL)");
    case HF_RCODE_NXDOMAIN:
        return fail(why, "the server does not know the zone (NXDOMAIN)");
    default:
        return fail(why, "the server answers with an error");
    }
}

/* The question, when it is repeated, is ours (RFC 5936, section 2.2.1: only
 * the first message must have it). */
static bool has_our_question(const struct hf_transfer *transfer,
                             const struct hf_wire_message *message)
{
    size_t at = HF_WIRE_HEADER;
    struct hf_wire_name name;
    struct hf_span rest;
    uint64_t type;
    uint64_t class;

    if (message->counts[0] == 0)
        return transfer->end.messages > 0;
    if (hf_wire_name_read(message, &at, &name, NULL) != HF_OK)
        return false;
    rest = (struct hf_span){message->octets.ptr + at, message->octets.len - at};
    return hf_take_number(&rest, 2, &type) &&
           hf_take_number(&rest, 2, &class) && type == type_asked(transfer) &&
           class == HF_CLASS_IN && hf_wire_name_eq(&name, transfer->plan.zone);
}

static enum hf_err check_header(const struct hf_transfer *transfer,
                                const struct hf_wire_message *message,
                                struct hf_why *why)
{
    if (message->id != transfer->id || (message->flags & HF_WIRE_QR) == 0 ||
        (message->flags & HF_WIRE_OPCODE) != 0)
        return fail(why, "a message that does not answer the request");
    if ((message->flags & HF_WIRE_TC) != 0)
        return fail(why, "RFC 5936 2.2: a truncated message over TCP");
    if (hf_wire_rcode(message) == HF_RCODE_NOERROR &&
        !has_our_question(transfer, message))
        return fail(why, "the answer is to another question");
    return HF_OK;
}

/* Through the whole message. A TSIG record must be its very last. */
static enum hf_err walk(struct hf_transfer *transfer,
                        const struct hf_wire_message *message,
                        struct hf_tsig_seen *seen, struct hf_why *why)
{
    struct hf_wire_walk at = hf_wire_walk(message);
    bool use = hf_wire_rcode(message) == HF_RCODE_NOERROR;
    enum hf_err err = HF_OK;
    bool more = true;

    while (err == HF_OK && more) {
        struct hf_wire_rr rr;
        size_t from = at.at;

        err = hf_wire_next(&at, &rr, &more, why);
        if (err != HF_OK || !more)
            break;
        if (seen->present)
            return fail(why, "RFC 8945 5.1: records behind the signature");
        if (rr.section == HF_SECTION_ADDITIONAL && rr.type == HF_RR_TSIG)
            *seen =
                (struct hf_tsig_seen){.present = true, .at = from, .rr = rr};
        if (use && rr.section == HF_SECTION_ANSWER)
            err = take_rr(transfer, message, &rr, why);
    }
    return err;
}

static enum hf_err take_message(struct hf_transfer *transfer,
                                struct hf_span octets, int64_t now_s,
                                struct hf_why *why)
{
    struct hf_tsig_seen seen = {0};
    struct hf_wire_message message;
    enum hf_err err = hf_wire_open(octets, &message, why);

    if (err == HF_OK)
        err = check_header(transfer, &message, why);
    if (err == HF_OK)
        err = walk(transfer, &message, &seen, why);
    if (err != HF_OK)
        return err;
    /* A server that cannot check our signature cannot sign its answer. */
    if (transfer->tsig != NULL &&
        (seen.present || hf_wire_rcode(&message) == HF_RCODE_NOERROR))
        err = hf_tsig_verify(transfer->tsig, octets, &seen, now_s, why);
    if (err != HF_OK)
        return err;
    if (hf_wire_rcode(&message) != HF_RCODE_NOERROR)
        return fail_rcode(hf_wire_rcode(&message), why);
    if (transfer->tsig == NULL && seen.present)
        return fail(why, "the answer is signed, and no key was given");
    transfer->is_verified = transfer->tsig == NULL || seen.present;
    transfer->end.messages++;
    transfer->end.bytes += octets.len;
    return HF_OK;
}

enum hf_err hf_transfer_take(struct hf_transfer *transfer,
                             struct hf_span message, int64_t now_s, bool *done,
                             struct hf_why *why)
{
    enum hf_err err;

    *done = false;
    if (transfer->failed || transfer->state == STATE_DONE)
        return fail(why, "the transfer is over");
    err = take_message(transfer, message, now_s, why);
    if (err == HF_OK && transfer->state == STATE_DONE) {
        /* The last message must be signed (RFC 8945, 5.3.1). */
        err = transfer->is_verified
                  ? hf_spool_rewind(&transfer->kept, why)
                  : fail(why, "RFC 8945 5.3.1: the last message is not signed");
        *done = err == HF_OK;
    }
    if (err != HF_OK) {
        transfer->failed = true;
        hf_spool_clear(&transfer->kept);
    }
    return err;
}

struct hf_transfer_end hf_transfer_end(const struct hf_transfer *transfer)
{
    return transfer->end;
}

static bool read_kept(struct hf_span rest, struct hf_zone_record *out,
                      enum hf_transfer_act *act)
{
    uint64_t number[4];

    if (!hf_take_number(&rest, 1, &number[0]) ||
        !hf_take_number(&rest, 2, &number[1]) ||
        !hf_take_number(&rest, 4, &number[2]) ||
        !hf_take_number(&rest, 1, &number[3]) ||
        !hf_take_text(&rest, HF_ZONE_NAME_MAX, &out->owner) ||
        !hf_take_text(&rest, UINT16_MAX, &out->value))
        return false;
    *act = (enum hf_transfer_act)number[0];
    out->type = (uint16_t)number[1];
    out->ttl_s = (uint32_t)number[2];
    out->is_plain = number[3] != 0;
    return true;
}

enum hf_err hf_transfer_next(struct hf_transfer *transfer,
                             struct hf_zone_record *out,
                             enum hf_transfer_act *act, bool *more,
                             struct hf_why *why)
{
    struct hf_span text;
    uint64_t len = 0;
    enum hf_err err;

    *more = false;
    if (transfer->failed || transfer->state != STATE_DONE)
        return hf_fail(why, HF_EINVAL, 0, "the transfer is not complete");
    err = hf_spool_take(&transfer->kept, 4, &text, why);
    if (err == HF_ENOTFOUND)
        return HF_OK;
    if (err == HF_OK && hf_take_number(&text, 4, &len))
        err = hf_spool_take(&transfer->kept, (size_t)len, &text, why);
    if (err != HF_OK)
        return err;
    *out = (struct hf_zone_record){.has_ttl = true};
    if (!read_kept(text, out, act))
        return hf_fail(why, HF_ESYSTEM, 0, "the temporary file is damaged");
    out->place = hf_zone_place_of(out->owner);
    *more = true;
    return HF_OK;
}
