/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/zone_caa.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "cli/said.h"
#include "dns/zone_name.h"

/* One property: where its owner lies in the text, its data behind it. */
struct item {
    size_t at;
    uint32_t rdata_len;
    uint16_t owner_len;
};

struct property {
    struct hf_span owner;
    struct hf_caa caa;
};

struct hf_zone_caa {
    struct hf_buf text;
    struct item *items;
    size_t count;
    size_t cap;
    bool has_apex;
    struct hf_zone_name apex;
    /* Once all are in, by owner: */
    struct property *sorted;
    struct hf_caa *rrset; /* scratch for one owner's */
};

void hf_zone_caa_free(struct hf_zone_caa *caa)
{
    if (caa == NULL)
        return;
    hf_buf_clear(&caa->text);
    hf_free(caa->items);
    hf_free(caa->sorted);
    hf_free(caa->rrset);
    hf_free(caa);
}

static enum hf_err add(struct hf_zone_caa *caa,
                       const struct hf_zone_record *record, struct hf_why *why)
{
    struct item item = {.at = caa->text.len,
                        .rdata_len = (uint32_t)record->value.len,
                        .owner_len = (uint16_t)record->owner.len};

    if (caa->count == caa->cap) {
        size_t cap = caa->cap == 0 ? 64 : caa->cap * 2;
        void *items = hf_realloc(caa->items, cap, sizeof(*caa->items));

        if (items == NULL)
            return hf_fail(why, HF_ENOMEM, 0, "out of memory");
        caa->items = items;
        caa->cap = cap;
    }
    hf_buf_put(&caa->text, record->owner);
    hf_buf_put(&caa->text, record->value);
    if (caa->text.full)
        return hf_fail(why, HF_ELIMIT, 0,
                       "--caa: too many CAA records to remember");
    caa->items[caa->count++] = item;
    return HF_OK;
}

static int by_owner(const void *a, const void *b)
{
    const struct property *left = a;
    const struct property *right = b;

    return hf_span_cmp(left->owner, right->owner);
}

/* The text lies where it lies only when the last record is in. */
static enum hf_err settle(struct hf_zone_caa *caa, struct hf_why *why)
{
    caa->sorted = hf_alloc(caa->count + 1, sizeof(*caa->sorted));
    caa->rrset = hf_alloc(caa->count + 1, sizeof(*caa->rrset));
    if (caa->sorted == NULL || caa->rrset == NULL)
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    for (size_t i = 0; i < caa->count; i++) {
        const struct item *item = &caa->items[i];
        const char *at = caa->text.ptr + item->at;
        const struct hf_span rdata = {at + item->owner_len, item->rdata_len};

        caa->sorted[i].owner = (struct hf_span){at, item->owner_len};
        /* What cannot be read forbids, as in a check. */
        if (!hf_caa_read(rdata, &caa->sorted[i].caa))
            caa->sorted[i].caa = (struct hf_caa){.flags = HF_CAA_CRITICAL};
    }
    if (caa->count > 0)
        qsort(caa->sorted, caa->count, sizeof(*caa->sorted), by_owner);
    return HF_OK;
}

/* The entry is bad: whoever reads the file again says so. */
static bool is_about_entry(enum hf_err err)
{
    return err == HF_ESYNTAX || err == HF_ELIMIT || err == HF_ENOTFOUND;
}

static enum hf_err read_all(struct hf_zone_caa *caa, struct hf_zone *zone,
                            struct hf_why *why)
{
    struct hf_zone_record record;
    bool more = true;

    while (more) {
        enum hf_err err = hf_zone_next(zone, &record, &more, why);

        if (is_about_entry(err))
            continue;
        if (err == HF_OK && more && record.type == HF_RR_CAA)
            err = add(caa, &record, why);
        if (err != HF_OK)
            return err;
        if (more && record.type == HF_RR_SOA && !caa->has_apex) {
            hf_zone_name_copy(&caa->apex, record.owner, record.is_plain);
            caa->has_apex = true;
        }
    }
    return settle(caa, why);
}

enum hf_err hf_zone_caa_load(const char *path, struct hf_span origin,
                             struct hf_zone_caa **out, struct hf_why *why)
{
    struct hf_zone_caa *caa;
    struct hf_zone *zone;
    enum hf_err err;

    if (strcmp(path, "-") == 0)
        return hf_fail(why, HF_EINVAL, 0, "--caa reads a file twice: give one");
    err = hf_zone_open(path, origin, &zone, why);
    if (err != HF_OK)
        return err;
    hf_zone_want_caa(zone);
    caa = hf_alloc(1, sizeof(*caa));
    if (caa == NULL) {
        hf_zone_free(zone);
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    }
    hf_buf_init_grow(&caa->text, HF_ZONE_CAA_MAX);
    err = read_all(caa, zone, why);
    hf_zone_free(zone);
    if (err != HF_OK)
        hf_zone_caa_free(caa);
    else
        *out = caa;
    return err;
}

/* The properties at one name, into the scratch room. */
static size_t properties_at(struct hf_zone_caa *caa, struct hf_span name)
{
    size_t low = 0;
    size_t high = caa->count;
    size_t found = 0;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (hf_span_cmp(caa->sorted[middle].owner, name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < caa->count && hf_span_eq(caa->sorted[low].owner, name); low++)
        caa->rrset[found++] = caa->sorted[low].caa;
    return found;
}

/* RFC 8659, section 3: the nearest name that has any, but not above the zone.
 * 0 when there is none. */
static size_t relevant(struct hf_zone_caa *caa, struct hf_span name)
{
    size_t found = properties_at(caa, name);

    while (
        found == 0 && name.len > 0 &&
        !(caa->has_apex && hf_span_eq(name, hf_zone_name_span(&caa->apex)))) {
        name = hf_zone_subject(name);
        found = properties_at(caa, name);
    }
    return found;
}

/* A hashed URI does not tell the account that CAA may name: no objection. */
static bool forbids(const struct hf_zone_caa *caa, size_t count,
                    const struct hf_result_record *record,
                    const struct hf_eyes *eyes)
{
    struct hf_caa_request request = {.issuers = &record->record.issuer,
                                     .issuer_count = 1,
                                     .account_urls =
                                         &record->record.account_uri,
                                     .account_url_count = 1};
    enum hf_caa_reason reason;
    struct hf_said said;
    size_t which;

    if (eyes->ca != NULL) {
        request.issuers = eyes->ca->issuers;
        request.issuer_count = eyes->ca->issuer_count;
    }
    if (eyes->account != NULL)
        request.account_urls = &eyes->account->url;
    reason = hf_caa_decide(caa->rrset, count, &request, &which);
    if (reason != HF_CAA_ACCOUNT_MISMATCH || eyes->account != NULL)
        return reason != HF_CAA_OK;
    hf_said_read(record->text, NULL, &said);
    return !said.hashed;
}

bool hf_zone_caa_forbids(struct hf_zone_caa *caa,
                         const struct hf_result *result,
                         const struct hf_eyes *eyes)
{
    size_t count = relevant(caa, result->name);
    bool any = false;

    for (size_t i = 0; count > 0 && i < result->record_count; i++) {
        const struct hf_result_record *record = &result->records[i];

        if (record->reason != HF_REASON_OK || record->record.issuer.len == 0)
            continue;
        if (!forbids(caa, count, record, eyes))
            return false;
        any = true;
    }
    return any;
}
