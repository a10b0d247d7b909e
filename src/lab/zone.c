/* SPDX-License-Identifier: Apache-2.0 */
#include "lab/zone.h"

#include "base/alloc.h"
#include "base/octets.h"
#include "lab/zone_inside.h"
#include "lab/zone_rdata.h"

#define SERIAL_FROM_END 20 /* of SOA RDATA: five numbers */

static const uint8_t usual_address[4] = {127, 0, 0, 1};

static enum hf_err no_memory(struct hf_why *why)
{
    return hf_fail(why, HF_ENOMEM, 0, "out of memory");
}

static struct hf_span octets_of(const struct hf_wire_name *name)
{
    return (struct hf_span){(const char *)name->octets, name->len};
}

/* ---- finding zones ---- */

struct hf_lab_zone *hf_lab_dns_zone_of(const struct hf_lab_dns *dns,
                                       const struct hf_wire_name *name)
{
    struct hf_lab_zone *best = dns->zones[0];

    for (size_t i = 1; i < dns->zone_count; i++)
        if (dns->zones[i]->name.len > best->name.len &&
            hf_wire_name_is_in(name, &dns->zones[i]->name))
            best = dns->zones[i];
    return best;
}

struct hf_lab_zone *hf_lab_dns_zone_at(const struct hf_lab_dns *dns,
                                       const struct hf_wire_name *name)
{
    for (size_t i = 0; i < dns->zone_count; i++)
        if (hf_wire_name_eq(&dns->zones[i]->name, name))
            return dns->zones[i];
    return NULL;
}

/* ---- changes ---- */

bool hf_lab_type_is_ours(const struct hf_lab_zone *zone,
                         const struct hf_wire_name *owner, uint16_t type)
{
    switch (type) {
    case HF_RR_SOA:
    case HF_RR_RRSIG:
    case HF_RR_NSEC:
    case HF_RR_NSEC3:
        return true;
    case HF_RR_DNSKEY:
    case HF_RR_NS:
        return hf_wire_name_eq(owner, &zone->name);
    default:
        return type == 0 || (type >= 128 && type <= 255) || type == HF_RR_OPT;
    }
}

bool hf_lab_zone_is_clash(const struct hf_lab_zone *zone,
                          const struct hf_wire_name *owner, uint16_t type)
{
    const struct hf_lab_records *records = &zone->records;
    struct hf_lab_range all = hf_lab_records_find(records, owner, 0);
    struct hf_lab_range cname =
        hf_lab_records_find(records, owner, HF_RR_CNAME);

    if (type != HF_RR_CNAME)
        return !hf_lab_range_is_empty(cname);
    return !hf_lab_range_is_empty(all);
}

void hf_lab_zone_changed(struct hf_lab_zone *zone)
{
    struct hf_lab_range soa =
        hf_lab_records_find(&zone->records, &zone->name, HF_RR_SOA);
    struct hf_lab_rr *rr = zone->records.all[soa.from];
    uint8_t *serial = rr->rdata + rr->len - SERIAL_FROM_END;

    for (size_t i = 4; i-- > 0 && ++serial[i] == 0;)
        continue;
    zone->generation++;
}

void hf_lab_dns_told(const struct hf_lab_dns *dns, struct hf_lab_change change,
                     const struct hf_lab_rr *rr)
{
    const struct hf_lab_record record = {.owner = &rr->owner,
                                         .type = rr->type,
                                         .ttl_s = rr->ttl_s,
                                         .rdata = hf_lab_rr_rdata(rr)};

    change.record = &record;
    if (dns->tell != NULL)
        dns->tell(dns->tell_state, &change);
}

void hf_lab_dns_tell(struct hf_lab_dns *dns,
                     void (*tell)(void *state,
                                  const struct hf_lab_change *change),
                     void *state)
{
    dns->tell = tell;
    dns->tell_state = state;
}

/* Put a record into a zone, whatever it is. */
static enum hf_err put(struct hf_lab_zone *zone,
                       const struct hf_lab_record *record, struct hf_why *why)
{
    struct hf_lab_rr *rr;
    enum hf_err err = hf_lab_records_reserve(&zone->records, 1, why);

    if (err != HF_OK)
        return err;
    rr = hf_lab_rr_new(record);
    if (rr == NULL)
        return no_memory(why);
    (void)hf_lab_records_put(&zone->records, rr);
    return HF_OK;
}

/* The zone that a record of this type at this name belongs to: DS to the
 * parent's side of a cut. */
static struct hf_lab_zone *home_of(const struct hf_lab_dns *dns,
                                   const struct hf_lab_record *record)
{
    struct hf_wire_name above = *record->owner;

    if (record->type == HF_RR_DS && hf_wire_name_climb(&above) &&
        hf_lab_dns_zone_at(dns, record->owner) != NULL)
        return hf_lab_dns_zone_of(dns, &above);
    return hf_lab_dns_zone_of(dns, record->owner);
}

static enum hf_err check(const struct hf_lab_zone *zone,
                         const struct hf_lab_record *record, bool replaces,
                         struct hf_why *why)
{
    struct hf_wire_message message = {.octets = record->rdata};
    struct hf_buf out;
    enum hf_err err;

    if (hf_lab_type_is_ours(zone, record->owner, record->type))
        return hf_fail(why, HF_EINVAL, 0,
                       "records of this type are the zone's own, made by the "
                       "laboratory");
    if (record->rdata.len > UINT16_MAX)
        return hf_fail(why, HF_ELIMIT, 0, "the data is too long");
    if (hf_lab_zone_is_clash(zone, record->owner, record->type) &&
        !(record->type == HF_RR_CNAME && replaces))
        return hf_fail(why, HF_EINVAL, 0,
                       "RFC 1034 3.6.2: a CNAME stands alone at its name");
    hf_buf_init_grow(&out, UINT16_MAX);
    err = hf_lab_rdata_take(record->type, &message, 0, record->rdata.len, &out,
                            why);
    if (err == HF_OK && !hf_span_eq_nocase(hf_buf_span(&out), record->rdata))
        err = hf_fail(why, HF_EINVAL, 0, "the data is not in its plain form");
    hf_buf_clear(&out);
    return err == HF_OK ? HF_OK : HF_EINVAL;
}

static void cut(struct hf_lab_dns *dns, struct hf_lab_zone *zone,
                struct hf_lab_range range, int64_t now_s)
{
    const struct hf_lab_change change = {.now_s = now_s,
                                         .who = HF_SPAN("lab"),
                                         .zone = &zone->name,
                                         .removed = true};

    if (hf_lab_range_is_empty(range))
        return;
    for (size_t i = range.from; i < range.to; i++)
        hf_lab_dns_told(dns, change, zone->records.all[i]);
    hf_lab_records_cut(&zone->records, range);
    hf_lab_zone_changed(zone);
}

static enum hf_err change(struct hf_lab_dns *dns,
                          const struct hf_lab_record *record, bool replaces,
                          int64_t now_s, struct hf_why *why)
{
    struct hf_lab_zone *zone = home_of(dns, record);
    struct hf_lab_change change = {
        .now_s = now_s, .who = HF_SPAN("lab"), .zone = &zone->name};
    enum hf_err err = check(zone, record, replaces, why);
    struct hf_lab_rr *rr;

    if (err == HF_OK)
        err = hf_lab_records_reserve(&zone->records, 1, why);
    if (err != HF_OK)
        return err;
    rr = hf_lab_rr_new(record);
    if (rr == NULL)
        return no_memory(why);
    if (replaces)
        cut(dns, zone,
            hf_lab_records_find(&zone->records, &rr->owner, rr->type), now_s);
    hf_lab_dns_told(dns, change, rr);
    (void)hf_lab_records_put(&zone->records, rr);
    hf_lab_zone_changed(zone);
    return HF_OK;
}

enum hf_err hf_lab_record_add(struct hf_lab_dns *dns,
                              const struct hf_lab_record *record, int64_t now_s,
                              struct hf_why *why)
{
    return change(dns, record, false, now_s, why);
}

enum hf_err hf_lab_record_replace(struct hf_lab_dns *dns,
                                  const struct hf_lab_record *record,
                                  int64_t now_s, struct hf_why *why)
{
    return change(dns, record, true, now_s, why);
}

/* All of a name that may be removed, one RRset after the other. */
static void cut_name(struct hf_lab_dns *dns, struct hf_lab_zone *zone,
                     const struct hf_wire_name *owner, int64_t now_s)
{
    struct hf_lab_range range = hf_lab_records_find(&zone->records, owner, 0);

    while (range.from < range.to) {
        struct hf_lab_range rrset = hf_lab_records_find(
            &zone->records, owner, zone->records.all[--range.to]->type);

        range.to = rrset.from;
        if (!hf_lab_type_is_ours(zone, owner,
                                 zone->records.all[rrset.from]->type))
            cut(dns, zone, rrset, now_s);
    }
}

enum hf_err hf_lab_record_remove(struct hf_lab_dns *dns,
                                 const struct hf_lab_record *record,
                                 int64_t now_s, struct hf_why *why)
{
    struct hf_lab_zone *zone = home_of(dns, record);
    struct hf_lab_range rrset;
    size_t at;

    if (record->type == 0) {
        cut_name(dns, zone, record->owner, now_s);
        return HF_OK;
    }
    if (hf_lab_type_is_ours(zone, record->owner, record->type))
        return hf_fail(why, HF_EINVAL, 0,
                       "records of this type are the zone's own");
    rrset = hf_lab_records_find(&zone->records, record->owner, record->type);
    if (record->rdata.len == 0)
        cut(dns, zone, rrset, now_s);
    else if (hf_lab_records_has(&zone->records, rrset, record->rdata, &at))
        cut(dns, zone, (struct hf_lab_range){at, at + 1}, now_s);
    return HF_OK;
}

size_t hf_lab_record_count(const struct hf_lab_dns *dns,
                           const struct hf_wire_name *owner, uint16_t type)
{
    const struct hf_lab_record record = {.owner = owner, .type = type};
    struct hf_lab_range rrset =
        hf_lab_records_find(&home_of(dns, &record)->records, owner, type);

    return rrset.to - rrset.from;
}

bool hf_lab_record_next(const struct hf_lab_dns *dns,
                        const struct hf_wire_name *zone, size_t *at,
                        struct hf_lab_record *out)
{
    const struct hf_lab_zone *found = hf_lab_dns_zone_at(dns, zone);
    const struct hf_lab_rr *rr;

    if (found == NULL || *at >= found->records.count)
        return false;
    rr = found->records.all[(*at)++];
    *out = (struct hf_lab_record){.owner = &rr->owner,
                                  .type = rr->type,
                                  .ttl_s = rr->ttl_s,
                                  .rdata = hf_lab_rr_rdata(rr)};
    return true;
}

/* ---- zones ---- */

static void zone_free(struct hf_lab_zone *zone)
{
    if (zone == NULL)
        return;
    hf_lab_key_free(zone->key);
    hf_lab_records_clear(&zone->records);
    hf_free(zone);
}

/* "ns." and the zone: where every zone has its server. */
static enum hf_err name_server(const struct hf_wire_name *zone,
                               struct hf_wire_name *out, struct hf_why *why)
{
    if (zone->len + 3U > HF_WIRE_NAME_MAX)
        return hf_fail(why, HF_ELIMIT, 0, "the zone's name is too long");
    memcpy(out->octets, "\002ns", 3);
    memcpy(out->octets + 3, zone->octets, zone->len);
    out->len = (uint8_t)(zone->len + 3U);
    return HF_OK;
}

static enum hf_err put_soa(struct hf_lab_zone *zone,
                           const struct hf_wire_name *server,
                           struct hf_why *why)
{
    char room[2 * HF_WIRE_NAME_MAX + 20];
    struct hf_buf soa;

    hf_buf_init(&soa, room, sizeof(room));
    hf_buf_put(&soa, octets_of(server));
    hf_buf_put(&soa, octets_of(&zone->name));
    hf_put_number(&soa, 1, 4);
    hf_put_number(&soa, 3600, 4);
    hf_put_number(&soa, 600, 4);
    hf_put_number(&soa, 86400, 4);
    hf_put_number(&soa, HF_LAB_TTL_S, 4);
    return put(zone,
               &(struct hf_lab_record){&zone->name, HF_RR_SOA, HF_LAB_TTL_S,
                                       hf_buf_span(&soa)},
               why);
}

/* NS and the address of its server: at the zone itself, or as a delegation. */
static enum hf_err put_server(struct hf_lab_zone *zone,
                              const struct hf_wire_name *apex,
                              const struct hf_wire_name *server,
                              const uint8_t *address, struct hf_why *why)
{
    const struct hf_lab_record ns = {apex, HF_RR_NS, HF_LAB_TTL_S,
                                     octets_of(server)};
    const struct hf_lab_record a = {
        server, HF_RR_A, HF_LAB_TTL_S, {(const char *)address, 4}};
    enum hf_err err = put(zone, &ns, why);

    return err == HF_OK ? put(zone, &a, why) : err;
}

static enum hf_err make_zone(const struct hf_wire_name *name,
                             const struct hf_lab_zone_config *config,
                             const struct hf_wire_name *server,
                             struct hf_lab_zone **out, struct hf_why *why)
{
    struct hf_lab_zone *zone = hf_alloc(1, sizeof(*zone));
    enum hf_err err;

    if (zone == NULL)
        return no_memory(why);
    zone->name = *name;
    zone->updater = config->key;
    zone->generation = 1;
    err = put_soa(zone, server, why);
    if (err == HF_OK)
        err = put_server(zone, name, server, config->address, why);
    if (err == HF_OK && !config->is_unsigned)
        err = hf_lab_key_new(name, &zone->key, why);
    if (err == HF_OK && !config->is_unsigned)
        err = put(zone,
                  &(struct hf_lab_record){name, HF_RR_DNSKEY, HF_LAB_TTL_S,
                                          hf_lab_key_dnskey(zone->key)},
                  why);
    if (err != HF_OK)
        zone_free(zone);
    else
        *out = zone;
    return err;
}

static enum hf_err delegate(struct hf_lab_zone *parent,
                            const struct hf_lab_zone *zone,
                            const struct hf_lab_zone_config *config,
                            const struct hf_wire_name *server,
                            struct hf_why *why)
{
    enum hf_err err =
        put_server(parent, &zone->name, server, config->address, why);

    if (err == HF_OK && !config->is_unsigned && !config->lacks_ds)
        err = put(parent,
                  &(struct hf_lab_record){&zone->name, HF_RR_DS, HF_LAB_TTL_S,
                                          hf_lab_key_ds(zone->key)},
                  why);
    hf_lab_zone_changed(parent);
    return err;
}

static enum hf_err add_zone(struct hf_lab_dns *dns,
                            const struct hf_wire_name *name,
                            const struct hf_lab_zone_config *config,
                            struct hf_why *why)
{
    struct hf_lab_zone *zone = NULL;
    struct hf_wire_name server;
    enum hf_err err = name_server(name, &server, why);

    if (err == HF_OK)
        err = make_zone(name, config, &server, &zone, why);
    if (err == HF_OK && dns->zone_count > 0)
        err =
            delegate(hf_lab_dns_zone_of(dns, name), zone, config, &server, why);
    if (err != HF_OK)
        zone_free(zone);
    else
        dns->zones[dns->zone_count++] = zone;
    return err;
}

enum hf_err hf_lab_zone_add(struct hf_lab_dns *dns,
                            const struct hf_lab_zone_config *config,
                            struct hf_why *why)
{
    struct hf_lab_zone_config full = *config;
    struct hf_wire_name name;
    enum hf_err err = hf_wire_name_parse(config->name, &name, why);

    if (err != HF_OK)
        return err;
    hf_wire_name_lower(&name);
    if (full.address == NULL)
        full.address = usual_address;
    if (hf_lab_dns_zone_at(dns, &name) != NULL)
        return hf_fail(why, HF_EINVAL, 0, "there is such a zone already");
    if (dns->zone_count == HF_LAB_ZONES_MAX)
        return hf_fail(why, HF_ELIMIT, 0, "there are too many zones");
    return add_zone(dns, &name, &full, why);
}

enum hf_err hf_lab_dns_new(struct hf_lab_dns **out, struct hf_why *why)
{
    const struct hf_lab_zone_config config = {.address = usual_address};
    const struct hf_wire_name root = {.len = 1};
    struct hf_lab_dns *dns = hf_alloc(1, sizeof(*dns));
    enum hf_err err;

    if (dns == NULL)
        return no_memory(why);
    dns->before_s = HF_LAB_WINDOW_S;
    dns->after_s = HF_LAB_WINDOW_S;
    err = add_zone(dns, &root, &config, why);
    if (err != HF_OK)
        hf_lab_dns_free(dns);
    else
        *out = dns;
    return err;
}

void hf_lab_dns_free(struct hf_lab_dns *dns)
{
    if (dns == NULL)
        return;
    for (size_t i = 0; i < dns->zone_count; i++)
        zone_free(dns->zones[i]);
    hf_free(dns);
}

const struct hf_wire_name *hf_lab_zone_name(const struct hf_lab_dns *dns,
                                            size_t nth)
{
    return nth < dns->zone_count ? &dns->zones[nth]->name : NULL;
}

void hf_lab_dns_put_anchor(const struct hf_lab_dns *dns, struct hf_buf *out)
{
    hf_buf_puts(out, ". IN DS ");
    hf_lab_rdata_put(HF_RR_DS, hf_lab_key_ds(dns->zones[0]->key), out);
    hf_buf_putc(out, '\n');
}

void hf_lab_dns_set_window(struct hf_lab_dns *dns, int64_t before_s,
                           int64_t after_s)
{
    dns->before_s = before_s;
    dns->after_s = after_s;
    for (size_t i = 0; i < dns->zone_count; i++)
        dns->zones[i]->generation++;
}
