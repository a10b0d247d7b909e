/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "base/alloc.h"
#include "cli/check.h"
#include "dns/found.h"
#include "dns/wire.h"
#include "os/random.h"

#define LABEL_RANDOM 8

/* Names that are looked at side by side. */
struct gaze {
    const struct hf_viewer *viewer;
    struct hf_sight *const *sights;
    size_t count;
    struct hf_spot **spots; /* of all of them */
    size_t spot_count;
};

/* Look-ups that go out together, and their answers. */
struct batch {
    struct hf_lookup *lookups;
    struct hf_found *found;
    size_t room;
    size_t count;
};

static enum hf_err batch_new(size_t room, struct batch *out, struct hf_why *why)
{
    *out = (struct batch){.room = room};
    if (room == 0)
        return HF_OK;
    out->lookups = hf_alloc(room, sizeof(out->lookups[0]));
    out->found = hf_alloc(room, sizeof(out->found[0]));
    return out->lookups != NULL && out->found != NULL
               ? HF_OK
               : hf_fail(why, HF_ENOMEM, 0, "out of memory");
}

static void batch_clear(struct batch *batch)
{
    for (size_t i = 0; batch->found != NULL && i < batch->room; i++)
        hf_found_clear(&batch->found[i]);
    hf_free(batch->lookups);
    hf_free(batch->found);
}

static void batch_add(struct batch *batch, const struct hf_viewer *viewer,
                      struct hf_span owner, uint16_t type)
{
    batch->lookups[batch->count++] = (struct hf_lookup){
        .owner = owner, .type = type, .give_up_at_ms = viewer->give_up_at_ms};
}

static enum hf_err batch_run(struct batch *batch,
                             const struct hf_viewer *viewer, struct hf_why *why)
{
    return hf_resolver_ask_all(viewer->resolver, batch->lookups, batch->count,
                               batch->found, why);
}

/* REQ SCOPE-06..08, SCOPE-13 */
static void choose_spots(const struct hf_viewer *viewer, struct hf_sight *sight)
{
    struct hf_span name = hf_name_span(&sight->name);
    struct hf_span base = hf_suffixes_base(viewer->suffixes, name);
    struct hf_span adns[HF_CANDIDATES_MAX];
    size_t count;

    sight->decision = hf_identifier_decide(
        name, sight->wildcard, base, hf_suffixes_knows(viewer->suffixes, name));
    if (sight->decision != HF_ACCEPT && !viewer->any_name)
        return;
    count = hf_candidates(name, base.len > 0 ? base : name, viewer->ancestors,
                          adns);
    for (size_t i = 0; i < count; i++) {
        struct hf_spot *spot = &sight->spots[sight->spot_count];

        spot->adn = adns[i];
        if (hf_owner_of_name(adns[i], &spot->owner, NULL) == HF_OK)
            sight->spot_count++;
    }
}

/* RFC 8659, section 3: the nearest name with any CAA record, the TLD last. A
 * failure below it leaves the question open (REQ VAL-53). */
static enum hf_err keep_caa(struct hf_caa_sight *caa, struct hf_span name,
                            struct hf_found *found, size_t count,
                            struct hf_why *why)
{
    struct hf_span rest, rdata;

    for (size_t i = 0; i < count; i++, name = hf_name_parent(name)) {
        caa->failed |= found[i].state == HF_FOUND_FAILURE;
        if (!caa->failed && found[i].state != HF_FOUND_DATA)
            continue;
        caa->found = found[i];
        found[i] = (struct hf_found){0};
        caa->at = name;
        break;
    }
    if (caa->found.record_count == 0)
        return HF_OK;
    caa->rrset = hf_alloc(caa->found.record_count, sizeof(caa->rrset[0]));
    if (caa->rrset == NULL)
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    rest = caa->found.records;
    while (hf_found_next(&rest, &rdata)) {
        struct hf_caa *property = &caa->rrset[caa->count++];

        /* What cannot be read must not be ignored: it is taken as critical
         * and unknown. */
        if (!hf_caa_read(rdata, property))
            *property = (struct hf_caa){.flags = HF_CAA_CRITICAL};
    }
    return HF_OK;
}

static int compare(const void *a, const void *b)
{
    const struct hf_span *left = a;
    const struct hf_span *right = b;

    return hf_span_cmp(*left, *right);
}

/* The records' values, strings joined (REQ RECORD-01), in an order of our
 * own: that of an RRset means nothing and changes with every answer. */
static enum hf_err join_values(struct hf_spot *spot, struct hf_why *why)
{
    struct hf_span rest = spot->found.records;
    struct hf_span rdata;
    size_t used = 0;

    if (spot->found.record_count == 0)
        return HF_OK;
    spot->values = hf_alloc(spot->found.record_count, sizeof(spot->values[0]));
    spot->judged = hf_alloc(spot->found.record_count, sizeof(spot->judged[0]));
    spot->joined = hf_alloc(rest.len, 1);
    if (spot->values == NULL || spot->judged == NULL || spot->joined == NULL)
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    while (hf_found_next(&rest, &rdata)) {
        struct hf_span *value = &spot->values[spot->count];

        /* Lengths that do not add up: no TXT record at all. */
        if (hf_txt_join(rdata, spot->joined + used, value, NULL) != HF_OK)
            continue;
        used += rdata.len;
        spot->count++;
    }
    qsort(spot->values, spot->count, sizeof(spot->values[0]), compare);
    return HF_OK;
}

/* ---- the records, and CAA ---- */

/* Names at which CAA may stand: the name itself and all above it. */
static size_t climb_count(struct hf_span name)
{
    size_t count = 0;

    for (; name.len > 0; name = hf_name_parent(name))
        count++;
    return count;
}

static size_t lookup_count(const struct hf_sight *sight)
{
    return sight->spot_count == 0
               ? 0
               : sight->spot_count + climb_count(hf_name_span(&sight->name));
}

static void put_lookups(struct batch *batch, const struct hf_viewer *viewer,
                        const struct hf_sight *sight)
{
    struct hf_span at = hf_name_span(&sight->name);

    if (sight->spot_count == 0)
        return;
    for (size_t i = 0; i < sight->spot_count; i++)
        batch_add(batch, viewer, hf_name_span(&sight->spots[i].owner),
                  HF_RR_TXT);
    for (; at.len > 0; at = hf_name_parent(at))
        batch_add(batch, viewer, at, HF_RR_CAA);
}

/* Its answers, in the order of put_lookups(). */
static enum hf_err keep_answers(struct hf_sight *sight, struct hf_found *found,
                                struct hf_why *why)
{
    enum hf_err err = HF_OK;

    for (size_t i = 0; i < sight->spot_count && err == HF_OK; i++) {
        sight->spots[i].found = found[i];
        found[i] = (struct hf_found){0};
        err = join_values(&sight->spots[i], why);
    }
    return err != HF_OK
               ? err
               : keep_caa(&sight->caa, hf_name_span(&sight->name),
                          found + sight->spot_count,
                          lookup_count(sight) - sight->spot_count, why);
}

static enum hf_err look_up(const struct gaze *gaze, struct hf_why *why)
{
    struct batch batch;
    size_t count = 0;
    size_t at = 0;
    enum hf_err err;

    for (size_t i = 0; i < gaze->count; i++)
        count += lookup_count(gaze->sights[i]);
    err = batch_new(count, &batch, why);
    for (size_t i = 0; i < gaze->count && err == HF_OK; i++)
        put_lookups(&batch, gaze->viewer, gaze->sights[i]);
    if (err == HF_OK)
        err = batch_run(&batch, gaze->viewer, why);
    for (size_t i = 0; i < gaze->count && err == HF_OK; i++) {
        if (gaze->sights[i]->spot_count > 0)
            err = keep_answers(gaze->sights[i], &batch.found[at], why);
        at += lookup_count(gaze->sights[i]);
    }
    batch_clear(&batch);
    return err;
}

/* ---- synthesised answers ---- */

/* A label that nobody has: "hf-" and random letters, below the ADN. */
static enum hf_err put_random_owner(struct hf_span adn, struct hf_buf *out,
                                    struct hf_why *why)
{
    unsigned char random[LABEL_RANDOM];
    enum hf_err err = hf_random_fill(random, sizeof(random), why);

    if (err != HF_OK)
        return err;
    hf_buf_puts(out, "hf-");
    for (size_t i = 0; i < sizeof(random); i++)
        hf_buf_putc(out, (char)('a' + random[i] % 26));
    hf_buf_putc(out, '.');
    hf_buf_put(out, adn);
    return HF_OK;
}

/* Without signatures, would a name that nobody made give the same answer? */
static bool wants_probe(const struct hf_spot *spot)
{
    return !spot->synthesised && spot->found.security != HF_SECURE &&
           (spot->found.state == HF_FOUND_DATA || spot->found.chain_count > 0);
}

static void hear_probe(struct hf_spot *spot, const struct hf_found *found)
{
    spot->synthesised =
        (found->state == HF_FOUND_DATA || found->chain_count > 0) &&
        hf_found_agrees(found, &spot->found);
}

/* The labels in front of an ADN may make it too long to ask about. */
static enum hf_err put_probes(const struct gaze *gaze, struct batch *batch,
                              char (*rooms)[HF_NAME_MAX],
                              struct hf_spot **asked, struct hf_why *why)
{
    for (size_t i = 0; i < gaze->spot_count; i++) {
        struct hf_spot *spot = gaze->spots[i];
        struct hf_buf owner;
        enum hf_err err;

        spot->synthesised = spot->found.synthesised;
        if (!wants_probe(spot))
            continue;
        hf_buf_init(&owner, rooms[batch->count], sizeof(rooms[0]));
        err = put_random_owner(spot->adn, &owner, why);
        if (err != HF_OK)
            return err;
        if (owner.full)
            continue;
        asked[batch->count] = spot;
        batch_add(batch, gaze->viewer, hf_buf_span(&owner), HF_RR_TXT);
    }
    return HF_OK;
}

/*
 * REQ VAL-58, MON-15: signatures tell a synthesised answer; without them, a
 * name that nobody made gives the same one.
 */
static enum hf_err probe(const struct gaze *gaze, struct hf_why *why)
{
    char(*rooms)[HF_NAME_MAX] = hf_alloc(gaze->spot_count, sizeof(rooms[0]));
    struct hf_spot **asked =
        hf_alloc(gaze->spot_count, sizeof(struct hf_spot *));
    struct batch batch;
    enum hf_err err = batch_new(gaze->spot_count, &batch, why);

    if (rooms == NULL || asked == NULL)
        err = hf_fail(why, HF_ENOMEM, 0, "out of memory");
    if (err == HF_OK)
        err = put_probes(gaze, &batch, rooms, asked, why);
    if (err == HF_OK)
        err = batch_run(&batch, gaze->viewer, why);
    for (size_t i = 0; i < batch.count && err == HF_OK; i++)
        hear_probe(asked[i], &batch.found[i]);
    batch_clear(&batch);
    hf_free(rooms);
    hf_free(asked);
    return err;
}

/* ---- the authoritative servers ---- */

/* Questions to the servers of zones, and where the answers belong. */
struct inquiry {
    struct hf_authority_question *questions;
    struct hf_authority **answers;
    struct hf_authority ***places;
    size_t count;
};

static enum hf_err inquiry_new(size_t room, struct inquiry *out,
                               struct hf_why *why)
{
    *out = (struct inquiry){
        .questions = hf_alloc(room, sizeof(out->questions[0])),
        .answers = hf_alloc(room, sizeof(struct hf_authority *)),
        .places = hf_alloc(room, sizeof(struct hf_authority **))};
    return out->questions != NULL && out->answers != NULL && out->places != NULL
               ? HF_OK
               : hf_fail(why, HF_ENOMEM, 0, "out of memory");
}

static void inquiry_clear(struct inquiry *inquiry)
{
    hf_free(inquiry->questions);
    hf_free(inquiry->answers);
    hf_free(inquiry->places);
}

static void inquiry_add(struct inquiry *inquiry, const struct hf_viewer *viewer,
                        struct hf_span owner, struct hf_authority **place)
{
    inquiry->places[inquiry->count] = place;
    inquiry->questions[inquiry->count++] =
        (struct hf_authority_question){.owner = owner,
                                       .type = HF_RR_TXT,
                                       .port = viewer->port,
                                       .give_up_at_ms = viewer->give_up_at_ms,
                                       .timeout_ms = viewer->timeout_ms};
}

static void put_questions(struct inquiry *inquiry, const struct gaze *gaze)
{
    for (size_t i = 0; i < gaze->spot_count; i++) {
        struct hf_spot *spot = gaze->spots[i];

        /* Where the resolver waited in vain for the look-up itself, it would
         * for the servers' names, too. */
        if (spot->found.state == HF_FOUND_FAILURE && spot->found.rcode < 0)
            continue;
        inquiry_add(inquiry, gaze->viewer, hf_name_span(&spot->owner),
                    &spot->authority);
        /* Behind an alias another zone decides, perhaps of somebody else. */
        if (spot->found.chain_count > 0 &&
            spot->found.state != HF_FOUND_FAILURE)
            inquiry_add(inquiry, gaze->viewer, spot->found.owner,
                        &spot->target);
    }
}

static enum hf_err ask_servers(const struct gaze *gaze, struct hf_why *why)
{
    struct inquiry inquiry;
    enum hf_err err;

    if (!gaze->viewer->authoritative)
        return HF_OK;
    err = inquiry_new(2 * gaze->spot_count, &inquiry, why);
    if (err == HF_OK) {
        put_questions(&inquiry, gaze);
        err = hf_authority_ask_all(gaze->viewer->resolver, inquiry.questions,
                                   inquiry.count, inquiry.answers, why);
    }
    for (size_t i = 0; i < inquiry.count && err == HF_OK; i++)
        *inquiry.places[i] = inquiry.answers[i];
    inquiry_clear(&inquiry);
    return err;
}

/* ---- all of it ---- */

static bool keep_spots(struct gaze *gaze)
{
    size_t at = 0;

    gaze->spots = hf_alloc(gaze->spot_count, sizeof(struct hf_spot *));
    for (size_t i = 0; i < gaze->count && gaze->spots != NULL; i++)
        for (size_t k = 0; k < gaze->sights[i]->spot_count; k++)
            gaze->spots[at++] = &gaze->sights[i]->spots[k];
    return gaze->spots != NULL;
}

enum hf_err hf_sights_look(const struct hf_viewer *viewer,
                           struct hf_sight *const *sights, size_t count,
                           struct hf_why *why)
{
    struct gaze gaze = {.viewer = viewer, .sights = sights, .count = count};
    enum hf_err err = HF_OK;

    for (size_t i = 0; i < count; i++) {
        choose_spots(viewer, sights[i]);
        gaze.spot_count += sights[i]->spot_count;
    }
    if (gaze.spot_count == 0)
        return HF_OK;
    if (!keep_spots(&gaze))
        err = hf_fail(why, HF_ENOMEM, 0, "out of memory");
    if (err == HF_OK)
        err = look_up(&gaze, why);
    if (err == HF_OK)
        err = probe(&gaze, why);
    if (err == HF_OK)
        err = ask_servers(&gaze, why);
    hf_free(gaze.spots);
    return err;
}

void hf_sight_free(struct hf_sight *sight)
{
    for (size_t i = 0; i < HF_CANDIDATES_MAX; i++) {
        struct hf_spot *spot = &sight->spots[i];

        hf_found_clear(&spot->found);
        hf_authority_free(spot->authority);
        hf_authority_free(spot->target);
        hf_free(spot->values);
        hf_free(spot->judged);
        hf_free(spot->joined);
    }
    hf_found_clear(&sight->caa.found);
    hf_free(sight->caa.rrset);
    *sight = (struct hf_sight){0};
}
