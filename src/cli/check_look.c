/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "base/alloc.h"
#include "cli/check.h"
#include "dns/found.h"
#include "dns/wire.h"
#include "os/random.h"

#define CLIMB_MAX    127 /* labels of the longest name */
#define BATCH_MAX    (HF_CANDIDATES_MAX + CLIMB_MAX)
#define LABEL_RANDOM 8

/* Everything about one name that can be asked at once. */
struct batch {
    struct hf_lookup lookups[BATCH_MAX];
    struct hf_found *found; /* BATCH_MAX */
    size_t count;
};

/* Keep the window full until every answer is in its place. */
static enum hf_err batch_run(struct hf_resolver *resolver, struct batch *batch,
                             struct hf_why *why)
{
    size_t sent = 0;
    size_t done = 0;
    enum hf_err err = HF_OK;

    while (done < batch->count && err == HF_OK) {
        struct hf_found one = {0};
        uint64_t ticket = 0;
        bool got = false;

        if (sent < batch->count && resolver->under_way < resolver->window) {
            err =
                hf_resolver_submit(resolver, &batch->lookups[sent], sent, why);
            sent++;
            continue;
        }
        err = hf_resolver_poll(resolver, 1000, &ticket, &one, &got, why);
        if (err != HF_OK || !got)
            continue;
        batch->found[ticket] = one;
        done++;
    }
    return err;
}

static void batch_add(struct batch *batch, const struct hf_viewer *viewer,
                      struct hf_span owner, uint16_t type)
{
    if (batch->count < BATCH_MAX)
        batch->lookups[batch->count++] =
            (struct hf_lookup){.owner = owner,
                               .type = type,
                               .give_up_at_ms = viewer->give_up_at_ms};
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

static enum hf_err look_up(const struct hf_viewer *viewer,
                           struct hf_sight *sight, struct batch *batch,
                           struct hf_why *why)
{
    struct hf_span name = hf_name_span(&sight->name);
    enum hf_err err;

    for (size_t i = 0; i < sight->spot_count; i++)
        batch_add(batch, viewer, hf_name_span(&sight->spots[i].owner),
                  HF_RR_TXT);
    for (struct hf_span at = name; at.len > 0; at = hf_name_parent(at))
        batch_add(batch, viewer, at, HF_RR_CAA);
    err = batch_run(viewer->resolver, batch, why);
    for (size_t i = 0; i < sight->spot_count; i++) {
        sight->spots[i].found = batch->found[i];
        batch->found[i] = (struct hf_found){0};
    }
    if (err == HF_OK)
        err = keep_caa(&sight->caa, name, batch->found + sight->spot_count,
                       batch->count - sight->spot_count, why);
    for (size_t i = 0; i < sight->spot_count && err == HF_OK; i++)
        err = join_values(&sight->spots[i], why);
    return err;
}

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

/*
 * REQ VAL-58, MON-15: signatures tell a synthesised answer; without them, a
 * name that nobody made gives the same one.
 */
static enum hf_err probe(const struct hf_viewer *viewer, struct hf_spot *spot,
                         struct hf_why *why)
{
    char room[HF_NAME_MAX];
    struct hf_found found = {0};
    struct hf_lookup lookup = {.type = HF_RR_TXT,
                               .give_up_at_ms = viewer->give_up_at_ms};
    struct hf_buf owner;
    enum hf_err err;

    spot->synthesised = spot->found.synthesised;
    if (spot->synthesised || spot->found.security == HF_SECURE ||
        (spot->found.state != HF_FOUND_DATA && spot->found.chain_count == 0))
        return HF_OK;
    hf_buf_init(&owner, room, sizeof(room));
    err = put_random_owner(spot->adn, &owner, why);
    if (err != HF_OK || owner.full)
        return err;
    lookup.owner = hf_buf_span(&owner);
    err = hf_resolver_ask(viewer->resolver, &lookup, &found, why);
    if (err != HF_OK)
        return err;
    spot->synthesised =
        (found.state == HF_FOUND_DATA || found.chain_count > 0) &&
        hf_found_agrees(&found, &spot->found);
    hf_found_clear(&found);
    return HF_OK;
}

static enum hf_err ask_servers(const struct hf_viewer *viewer,
                               struct hf_spot *spot, struct hf_why *why)
{
    struct hf_authority_question question = {
        .owner = hf_name_span(&spot->owner),
        .type = HF_RR_TXT,
        .port = viewer->port,
        .give_up_at_ms = viewer->give_up_at_ms,
        .timeout_ms = viewer->timeout_ms};
    enum hf_err err;

    /* Where the resolver waited in vain for the look-up itself, it would for
     * the servers' names, too. */
    if (!viewer->authoritative ||
        (spot->found.state == HF_FOUND_FAILURE && spot->found.rcode < 0))
        return HF_OK;
    err = hf_authority_ask(viewer->resolver, &question, &spot->authority, why);
    if (err != HF_OK || spot->found.chain_count == 0 ||
        spot->found.state == HF_FOUND_FAILURE)
        return err;
    /* Behind an alias another zone decides, perhaps of somebody else. */
    question.owner = spot->found.owner;
    return hf_authority_ask(viewer->resolver, &question, &spot->target, why);
}

enum hf_err hf_sight_look(const struct hf_viewer *viewer,
                          struct hf_sight *sight, struct hf_why *why)
{
    struct batch *batch;
    enum hf_err err = HF_OK;

    choose_spots(viewer, sight);
    if (sight->spot_count == 0)
        return HF_OK;
    batch = hf_alloc(1, sizeof(*batch));
    if (batch != NULL)
        batch->found = hf_alloc(BATCH_MAX, sizeof(batch->found[0]));
    if (batch == NULL || batch->found == NULL) {
        err = hf_fail(why, HF_ENOMEM, 0, "out of memory");
        goto out;
    }
    err = look_up(viewer, sight, batch, why);
    for (size_t i = 0; i < sight->spot_count && err == HF_OK; i++) {
        err = probe(viewer, &sight->spots[i], why);
        if (err == HF_OK)
            err = ask_servers(viewer, &sight->spots[i], why);
    }

out:
    for (size_t i = 0; batch != NULL && batch->found != NULL && i < BATCH_MAX;
         i++)
        hf_found_clear(&batch->found[i]);
    if (batch != NULL)
        hf_free(batch->found);
    hf_free(batch);
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
