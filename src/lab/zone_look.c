/* SPDX-License-Identifier: Apache-2.0 */
#include "lab/zone_look.h"

#include "base/alloc.h"
#include "holdfast/txt.h"
#include "lab/zone_nsec3.h"
#include "lab/zone_proof.h"

#define ALIASES_MAX 16
#define PROOFS_MAX  8
#define YESTERDAY_S 86400

/* One question on its way through a zone. */
struct look {
    const struct hf_lab_dns *dns;
    struct hf_lab_zone *zone;
    struct hf_lab_reply *reply;
    struct hf_wire_name name; /* where we are: the end of the aliases */
    uint16_t type;
    bool is_bogus;
    bool is_expired;
    const struct hf_lab_fault *nsec3; /* deny with these, or NULL */
    uint64_t proofs[PROOFS_MAX];      /* that are in it: see is_new() */
    size_t proof_count;
    bool goes_on; /* an alias leads on in this zone */
};

static enum hf_err no_memory(struct hf_why *why)
{
    return hf_fail(why, HF_ENOMEM, 0, "out of memory");
}

/* ---- signatures ---- */

static bool is_fresh(const struct look *look,
                     const struct hf_lab_signature *signature)
{
    int64_t age_s = look->reply->request->packet->now_s - signature->made_at;

    return signature->generation == look->zone->generation &&
           age_s <= look->dns->after_s / 2 && age_s >= -look->dns->before_s / 2;
}

/* Records of one owner and type, and how to answer with them. */
struct rrset {
    struct hf_lab_rr *const *rrs;
    size_t count;
    const struct hf_wire_name *owner; /* theirs, or whom a wildcard answers */
    struct hf_lab_signature **kept;   /* where the signature is, or NULL */
};

static enum hf_err make_signature(const struct look *look,
                                  const struct rrset *set,
                                  struct hf_lab_signature *out,
                                  struct hf_why *why)
{
    int64_t now_s = look->reply->request->packet->now_s;
    struct hf_lab_window window = {now_s - look->dns->before_s,
                                   now_s + look->dns->after_s};

    if (look->is_expired)
        window = (struct hf_lab_window){now_s - 2 * YESTERDAY_S,
                                        now_s - YESTERDAY_S};
    out->generation = look->zone->generation;
    out->made_at = now_s;
    return hf_lab_key_sign(look->zone->key, set->rrs, set->count, window, out,
                           why);
}

/* A good signature, made when there is none of this generation. */
static enum hf_err keep_signature(const struct look *look,
                                  const struct rrset *set,
                                  struct hf_lab_signature *out,
                                  struct hf_why *why)
{
    enum hf_err err = HF_OK;

    if (*set->kept == NULL)
        *set->kept = hf_alloc(1, sizeof(**set->kept));
    if (*set->kept == NULL)
        return no_memory(why);
    if (is_fresh(look, *set->kept))
        *out = **set->kept;
    else
        err = make_signature(look, set, out, why);
    if (err == HF_OK)
        **set->kept = *out;
    return err;
}

static enum hf_err sign(const struct look *look, const struct rrset *set,
                        struct hf_lab_signature *out, struct hf_why *why)
{
    enum hf_err err = set->kept == NULL || look->is_expired
                          ? make_signature(look, set, out, why)
                          : keep_signature(look, set, out, why);

    if (err == HF_OK && look->is_bogus)
        out->rdata[out->len - 1] ^= 1;
    return err;
}

static enum hf_err put_rrset(struct look *look, enum hf_section section,
                             const struct rrset *set, struct hf_why *why)
{
    struct hf_lab_signature signature;
    struct hf_lab_record record = {.owner = set->owner,
                                   .type = set->rrs[0]->type,
                                   .ttl_s = set->rrs[0]->ttl_s};
    enum hf_err err;

    for (size_t i = 0; i < set->count; i++) {
        record.rdata = hf_lab_rr_rdata(set->rrs[i]);
        hf_lab_reply_put(look->reply, section, &record);
    }
    if (look->zone->key == NULL || !look->reply->is_signed)
        return HF_OK;
    err = sign(look, set, &signature, why);
    if (err != HF_OK)
        return err;
    record.type = HF_RR_RRSIG;
    record.rdata =
        (struct hf_span){(const char *)signature.rdata, signature.len};
    hf_lab_reply_put(look->reply, section, &record);
    return HF_OK;
}

static enum hf_err put_range(struct look *look, enum hf_section section,
                             struct hf_lab_range range,
                             const struct hf_wire_name *owner,
                             struct hf_why *why)
{
    struct hf_lab_rr **rrs = look->zone->records.all + range.from;
    const struct rrset set = {rrs, range.to - range.from, owner,
                              &rrs[0]->signature};

    return put_rrset(look, section, &set, why);
}

/* One record by itself. */
static enum hf_err put_one(struct look *look, enum hf_section section,
                           struct hf_lab_rr *rr, struct hf_lab_signature **kept,
                           struct hf_why *why)
{
    const struct rrset set = {&rr, 1, &rr->owner, kept};

    return put_rrset(look, section, &set, why);
}

/* Records without a signature: those that are not the zone's own. */
static void put_plain(struct look *look, enum hf_section section,
                      struct hf_lab_range range)
{
    for (size_t i = range.from; i < range.to; i++) {
        const struct hf_lab_rr *rr = look->zone->records.all[i];
        const struct hf_lab_record record = {&rr->owner, rr->type, rr->ttl_s,
                                             hf_lab_rr_rdata(rr)};

        hf_lab_reply_put(look->reply, section, &record);
    }
}

/* A record that is in no zone: made for this answer. */
static enum hf_err put_made(struct look *look,
                            const struct hf_lab_record *record,
                            struct hf_why *why)
{
    struct hf_lab_rr *rr = hf_lab_rr_new(record);
    enum hf_err err;

    if (rr == NULL)
        return no_memory(why);
    err = put_one(look, HF_SECTION_ANSWER, rr, NULL, why);
    hf_lab_rr_free(rr);
    return err;
}

/* ---- proofs ---- */

static struct hf_lab_range find(const struct look *look,
                                const struct hf_wire_name *name, uint16_t type)
{
    return hf_lab_records_find(&look->zone->records, name, type);
}

static enum hf_err put_nsec(struct look *look, enum hf_section section,
                            size_t at, struct hf_why *why)
{
    struct hf_lab_rr *nsec = hf_lab_zone_nsec(look->zone, at);
    enum hf_err err;

    if (nsec == NULL)
        return no_memory(why);
    err = put_one(look, section, nsec, &look->zone->records.all[at]->nsec, why);
    hf_lab_rr_free(nsec);
    return err;
}

/* Each proof only once: it is known by where its NSEC begins, or by the first
 * octets of its hash. */
static bool is_new(struct look *look, uint64_t id)
{
    for (size_t i = 0; i < look->proof_count; i++)
        if (look->proofs[i] == id)
            return false;
    if (look->proof_count == PROOFS_MAX)
        return false;
    look->proofs[look->proof_count++] = id;
    return true;
}

static enum hf_err put_nsec3(struct look *look, const struct hf_wire_name *name,
                             struct hf_why *why)
{
    unsigned iterations =
        look->nsec3->times == 0 ? HF_LAB_NSEC3_USUAL : look->nsec3->times;
    struct hf_lab_rr *rr;
    uint64_t id;
    enum hf_err err = hf_lab_zone_nsec3(look->zone, name, iterations, &rr, why);

    if (err != HF_OK)
        return err;
    memcpy(&id, rr->owner.octets + 1, sizeof(id));
    if (is_new(look, id))
        err = put_one(look, HF_SECTION_AUTHORITY, rr, NULL, why);
    hf_lab_rr_free(rr);
    return err;
}

/* That the name is, or that its closest encloser is and nothing between the
 * two (RFC 5155, section 7.2). */
static enum hf_err prove_hashed(struct look *look,
                                const struct hf_wire_name *name,
                                struct hf_why *why)
{
    struct hf_wire_name closer = *name;
    struct hf_wire_name encloser = *name;
    enum hf_err err;

    while (!hf_lab_records_exist(&look->zone->records, &encloser)) {
        closer = encloser;
        (void)hf_wire_name_climb(&encloser);
    }
    err = put_nsec3(look, &encloser, why);
    if (err != HF_OK || hf_wire_name_eq(&encloser, name))
        return err;
    return put_nsec3(look, &closer, why);
}

/* The NSEC that matches the name or covers it, or what stands for it. */
static enum hf_err prove(struct look *look, const struct hf_wire_name *name,
                         struct hf_why *why)
{
    size_t at;

    if (look->zone->key == NULL || !look->reply->is_signed)
        return HF_OK;
    if (look->nsec3 != NULL)
        return prove_hashed(look, name, why);
    at = hf_lab_zone_nsec_at(look->zone, name);
    return is_new(look, at) ? put_nsec(look, HF_SECTION_AUTHORITY, at, why)
                            : HF_OK;
}

/* "No", with how long that may be kept, and the proof for one name. */
static enum hf_err deny(struct look *look, const struct hf_wire_name *name,
                        struct hf_why *why)
{
    const struct hf_wire_name *apex = &look->zone->name;
    enum hf_err err = HF_OK;

    if (look->reply->counts[HF_SECTION_AUTHORITY] == 0)
        err = put_range(look, HF_SECTION_AUTHORITY, find(look, apex, HF_RR_SOA),
                        apex, why);
    return err == HF_OK ? prove(look, name, why) : err;
}

/* ---- what is found ---- */

static void set_alias(struct look *look, struct hf_span target)
{
    memcpy(look->name.octets, target.ptr, target.len);
    look->name.len = (uint8_t)target.len;
    look->goes_on = hf_lab_dns_zone_of(look->dns, &look->name) == look->zone;
}

/* The name has records, perhaps at `source`, a wildcard. */
static enum hf_err answer_at(struct look *look,
                             const struct hf_wire_name *source,
                             struct hf_why *why)
{
    struct hf_lab_range rrset = find(look, source, look->type);
    struct hf_lab_range cname = find(look, source, HF_RR_CNAME);
    struct hf_lab_range all = find(look, source, 0);
    struct hf_wire_name owner = look->name;

    if (look->type == HF_RR_ANY && !hf_lab_range_is_empty(all)) /* RFC 8482 */
        rrset = find(look, source, look->zone->records.all[all.from]->type);
    if (look->type == HF_RR_NSEC && !hf_lab_range_is_empty(all) &&
        look->zone->key != NULL)
        return put_nsec(look, HF_SECTION_ANSWER, all.from, why);
    if (!hf_lab_range_is_empty(rrset))
        return put_range(look, HF_SECTION_ANSWER, rrset, &owner, why);
    if (hf_lab_range_is_empty(cname))
        return deny(look, source, why);
    set_alias(look, hf_lab_rr_rdata(look->zone->records.all[cname.from]));
    return put_range(look, HF_SECTION_ANSWER, cname, &owner, why);
}

static enum hf_err answer_wildcard(struct look *look,
                                   const struct hf_wire_name *wildcard,
                                   struct hf_why *why)
{
    struct hf_wire_name name = look->name;
    enum hf_err err = answer_at(look, wildcard, why);

    /* That there is nothing closer. */
    return err == HF_OK ? prove(look, &name, why) : err;
}

/* `encloser` is the longest ancestor that exists. */
static enum hf_err answer_nothing(struct look *look,
                                  const struct hf_wire_name *encloser,
                                  struct hf_why *why)
{
    struct hf_wire_name wildcard = {.len = (uint8_t)(encloser->len + 2)};
    enum hf_err err;

    memcpy(wildcard.octets, "\001*", 2);
    memcpy(wildcard.octets + 2, encloser->octets, encloser->len);
    if (hf_lab_records_exist(&look->zone->records, &wildcard))
        return answer_wildcard(look, &wildcard, why);
    look->reply->rcode = HF_RCODE_NXDOMAIN;
    err = deny(look, &look->name, why);
    return err == HF_OK ? prove(look, &wildcard, why) : err;
}

/* RFC 6672, section 3: a DNAME, and the CNAME that follows from it. */
static enum hf_err answer_dname(struct look *look,
                                const struct hf_wire_name *owner,
                                struct hf_why *why)
{
    struct hf_lab_range range = find(look, owner, HF_RR_DNAME);
    const struct hf_lab_rr *dname = look->zone->records.all[range.from];
    size_t head = look->name.len - (size_t)owner->len;
    struct hf_wire_name alias = look->name;
    struct hf_lab_record cname = {
        .owner = &alias, .type = HF_RR_CNAME, .ttl_s = dname->ttl_s};
    char target[2 * HF_WIRE_NAME_MAX];
    enum hf_err err = put_range(look, HF_SECTION_ANSWER, range, owner, why);

    if (err != HF_OK)
        return err;
    if (head + dname->len > HF_WIRE_NAME_MAX) {
        look->reply->rcode = HF_RCODE_YXDOMAIN;
        return HF_OK;
    }
    memcpy(target, look->name.octets, head);
    memcpy(target + head, dname->rdata, dname->len);
    cname.rdata = (struct hf_span){target, head + dname->len};
    hf_lab_reply_put(look->reply, HF_SECTION_ANSWER, &cname);
    set_alias(look, cname.rdata);
    return HF_OK;
}

static void put_glue(struct look *look, const struct hf_lab_rr *ns)
{
    const struct hf_wire_message message = {.octets = hf_lab_rr_rdata(ns)};
    struct hf_wire_name server;
    size_t at = 0;

    if (hf_wire_name_read(&message, &at, &server, NULL) != HF_OK)
        return;
    put_plain(look, HF_SECTION_ADDITIONAL, find(look, &server, HF_RR_A));
    put_plain(look, HF_SECTION_ADDITIONAL, find(look, &server, HF_RR_AAAA));
}

static enum hf_err refer(struct look *look, const struct hf_wire_name *cut,
                         struct hf_why *why)
{
    struct hf_lab_range ns = find(look, cut, HF_RR_NS);
    struct hf_lab_range ds = find(look, cut, HF_RR_DS);

    look->reply->authoritative = look->reply->counts[HF_SECTION_ANSWER] > 0;
    put_plain(look, HF_SECTION_AUTHORITY, ns);
    for (size_t i = ns.from; i < ns.to; i++)
        put_glue(look, look->zone->records.all[i]);
    if (!look->reply->is_signed)
        return HF_OK;
    return hf_lab_range_is_empty(ds)
               ? prove(look, cut, why)
               : put_range(look, HF_SECTION_AUTHORITY, ds, cut, why);
}

/* One step from the top of the zone down to the name: what is on the way? */
static enum hf_err answer_name(struct look *look, struct hf_why *why)
{
    const struct hf_lab_zone *zone = look->zone;
    struct hf_wire_name encloser = zone->name;
    size_t above = look->name.len - (size_t)zone->name.len;

    /* `above` octets in front of the ancestor at hand, label by label. */
    for (;;) {
        struct hf_wire_name at = {.len = (uint8_t)(look->name.len - above)};
        size_t next = 0;

        memcpy(at.octets, look->name.octets + above, at.len);
        if (hf_lab_zone_is_cut(zone, &at) &&
            (above > 0 || look->type != HF_RR_DS))
            return refer(look, &at, why);
        if (!hf_lab_records_exist(&zone->records, &at))
            return answer_nothing(look, &encloser, why);
        if (above == 0)
            return answer_at(look, &at, why);
        if (!hf_lab_range_is_empty(find(look, &at, HF_RR_DNAME)))
            return answer_dname(look, &at, why);
        encloser = at;
        for (size_t i = 0; i < above; i += look->name.octets[i] + 1U)
            next = i;
        above = next;
    }
}

/* ---- lies ---- */

static enum hf_err tell_lie(struct look *look, struct hf_span text,
                            struct hf_why *why)
{
    char room[HF_LAB_LIE_MAX + HF_LAB_LIE_MAX / HF_TXT_STRING_MAX + 1];
    struct hf_buf rdata;

    hf_buf_init(&rdata, room, sizeof(room));
    hf_txt_put_rdata(&rdata, text);
    return put_made(look,
                    &(struct hf_lab_record){&look->name, HF_RR_TXT,
                                            HF_LAB_TTL_S, hf_buf_span(&rdata)},
                    why);
}

/* The name on the other side of the circle: loop.name, or name. */
static struct hf_wire_name across(const struct hf_wire_name *name)
{
    struct hf_wire_name other = *name;

    if (name->len > 5 && memcmp(name->octets, "\004loop", 5) == 0) {
        (void)hf_wire_name_climb(&other);
    } else if (name->len + 5U <= HF_WIRE_NAME_MAX) {
        memcpy(other.octets, "\004loop", 5);
        memcpy(other.octets + 5, name->octets, name->len);
        other.len = (uint8_t)(name->len + 5U);
    }
    return other;
}

static enum hf_err put_alias(struct look *look,
                             const struct hf_wire_name *owner,
                             const struct hf_wire_name *target,
                             struct hf_why *why)
{
    return put_made(
        look,
        &(struct hf_lab_record){owner,
                                HF_RR_CNAME,
                                HF_LAB_TTL_S,
                                {(const char *)target->octets, target->len}},
        why);
}

static enum hf_err go_round(struct look *look, struct hf_why *why)
{
    struct hf_wire_name other = across(&look->name);
    enum hf_err err = put_alias(look, &look->name, &other, why);

    return err == HF_OK ? put_alias(look, &other, &look->name, why) : err;
}

static const struct hf_lab_fault_set *fault_of(const struct look *look,
                                               enum hf_lab_fault_kind kind)
{
    return hf_lab_dns_fault(look->dns, kind, &look->name,
                            look->reply->request->packet->client);
}

/* The zone that the name lies in when some are lost; NULL: none is left. */
static struct hf_lab_zone *known_zone(const struct look *look,
                                      const struct hf_wire_name *name)
{
    uint32_t client = look->reply->request->packet->client;
    struct hf_lab_zone *zone = hf_lab_dns_zone_of(look->dns, name);

    while (hf_lab_dns_fault(look->dns, HF_LAB_LOST, &zone->name, client)) {
        struct hf_wire_name above = zone->name;

        if (!hf_wire_name_climb(&above))
            return NULL;
        zone = hf_lab_dns_zone_of(look->dns, &above);
    }
    return zone;
}

/* The zone that answers: of DS the one above the cut. */
static struct hf_lab_zone *choose_zone(const struct look *look)
{
    struct hf_lab_zone *zone = known_zone(look, &look->name);
    struct hf_wire_name above = look->name;

    if (look->type != HF_RR_DS || zone == NULL ||
        !hf_wire_name_eq(&look->name, &zone->name) ||
        !hf_wire_name_climb(&above))
        return zone;
    return known_zone(look, &above);
}

enum hf_err hf_lab_look(const struct hf_lab_dns *dns,
                        struct hf_lab_reply *reply, struct hf_why *why)
{
    const struct hf_lab_request *request = reply->request;
    struct look look = {.dns = dns,
                        .reply = reply,
                        .name = request->name,
                        .type = request->type};
    const struct hf_lab_fault_set *lie = fault_of(&look, HF_LAB_LIE);
    const struct hf_lab_fault_set *nsec3 = fault_of(&look, HF_LAB_NSEC3);
    enum hf_err err = HF_OK;

    look.zone = choose_zone(&look);
    if (look.zone == NULL || look.type == HF_RR_RRSIG) {
        reply->rcode = HF_RCODE_REFUSED;
        return HF_OK;
    }
    look.nsec3 = nsec3 == NULL ? NULL : &nsec3->fault;
    look.is_bogus = fault_of(&look, HF_LAB_BOGUS) != NULL;
    look.is_expired = fault_of(&look, HF_LAB_EXPIRED) != NULL;
    reply->authoritative = true;
    if (lie != NULL && look.type == HF_RR_TXT)
        return tell_lie(&look, (struct hf_span){lie->lie, lie->fault.lie.len},
                        why);
    if (look.type != HF_RR_DNSKEY && look.type != HF_RR_DS &&
        fault_of(&look, HF_LAB_LOOP) != NULL)
        return go_round(&look, why);
    for (size_t i = 0; i < ALIASES_MAX; i++) {
        look.goes_on = false;
        err = answer_name(&look, why);
        if (err != HF_OK || !look.goes_on)
            break;
    }
    return err;
}

enum hf_err hf_lab_look_rrset(const struct hf_lab_dns *dns,
                              struct hf_lab_zone *zone,
                              struct hf_lab_range rrset,
                              struct hf_lab_reply *reply, struct hf_why *why)
{
    struct look look = {.dns = dns, .zone = zone, .reply = reply};
    const struct hf_lab_rr *first = zone->records.all[rrset.from];
    bool is_hidden = hf_lab_zone_is_hidden(zone, &first->owner);
    enum hf_err err = HF_OK;

    if (is_hidden ||
        (first->type != HF_RR_DS && hf_lab_zone_is_cut(zone, &first->owner)))
        put_plain(&look, HF_SECTION_ANSWER, rrset);
    else
        err = put_range(&look, HF_SECTION_ANSWER, rrset, &first->owner, why);
    if (err != HF_OK || is_hidden || zone->key == NULL || !reply->is_signed ||
        rrset.from != find(&look, &first->owner, 0).from)
        return err;
    return put_nsec(&look, HF_SECTION_ANSWER, rrset.from, why);
}
