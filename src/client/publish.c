/* SPDX-License-Identifier: Apache-2.0 */
#include "client/publish.h"

#include <poll.h>

#include "base/alloc.h"
#include "holdfast/txt.h"
#include "os/clock.h"
#include "os/random.h"
#include "os/signals.h"

#define PAUSE_MS  30 /* at most so long at first; doubled up to six times */
#define PAUSE_TOP 6
#define HOPS_MAX  8 /* aliases that are followed one by one */

struct publishing {
    const struct hf_publish_plan *plan;
    struct hf_publish_result result;
    struct hf_wire_name owner; /* the plan's, or where aliases lead */
    unsigned hops;
    struct hf_found found; /* borrows from the primary */
    char joined[HF_WIRE_MESSAGE_MAX];
};

static struct hf_update_rr rr_of(const struct publishing *p,
                                 struct hf_span rdata)
{
    return (struct hf_update_rr){.owner = &p->owner,
                                 .type = HF_RR_TXT,
                                 .ttl_s = p->result.ttl_s,
                                 .rdata = rdata};
}

static enum hf_err new_update(const struct publishing *p,
                              struct hf_update **out, struct hf_why *why)
{
    uint16_t id;
    enum hf_err err = hf_random_fill(&id, sizeof(id), why);

    return err != HF_OK ? err
                        : hf_update_new(&p->result.zone, NULL, id, out, why);
}

/* ---- reading ---- */

static enum hf_err fail_alias(struct hf_why *why)
{
    return hf_fail(why, HF_EPEER, 0,
                   "an alias (CNAME) stands at the record's name, and "
                   "nothing may stand beside it; publish at its target, "
                   "or take it away first");
}

/* To where the alias leads, if that is for this server to change. */
static enum hf_err follow(struct publishing *p, struct hf_why *why)
{
    struct hf_primary *primary = p->plan->primary;
    struct hf_wire_name target;
    struct hf_wire_name zone;
    enum hf_err err = hf_wire_name_parse(p->found.owner, &target, why);

    if (err == HF_OK)
        err = hf_primary_find_zone(primary, &target, &zone, why);
    if (err == HF_EPEER)
        return fail_alias(why);
    if (err != HF_OK)
        return err;
    p->owner = target;
    p->result.zone = zone;
    return hf_primary_read(primary, &p->owner, HF_RR_TXT, &p->found, why);
}

static enum hf_err read_now(struct publishing *p, struct hf_why *why)
{
    const struct hf_publish_plan *plan = p->plan;
    enum hf_err err =
        hf_primary_read(plan->primary, &p->owner, HF_RR_TXT, &p->found, why);

    while (err == HF_OK && p->found.chain_count > 0 && plan->follows &&
           p->hops++ < HOPS_MAX)
        err = follow(p, why);
    if (err != HF_OK)
        return err;
    if (p->found.chain_count > 0)
        return fail_alias(why);
    if (p->found.state == HF_FOUND_FAILURE)
        return hf_fail(why, HF_EPEER, 0,
                       "what stands at the record's name cannot be read");
    hf_wish_look(plan->wish, &p->found, p->joined, &p->result.before);
    p->result.ttl_s = plan->ttl_s;
    if (!plan->ttl_counts && p->result.before.others > 0)
        p->result.ttl_s = p->found.ttl_s;
    return HF_OK;
}

/* ---- changing ---- */

/* Everything as it was read, or nothing if nothing was there. */
static void require_same(const struct publishing *p, struct hf_update *update)
{
    struct hf_span rest = p->found.records;
    struct hf_update_rr rr = rr_of(p, HF_SPAN(""));

    if (p->found.record_count == 0)
        hf_update_require_none(update, &rr);
    while (hf_found_next(&rest, &rr.rdata))
        hf_update_require_record(update, &rr);
}

static void delete_old(struct publishing *p, struct hf_update *update)
{
    struct hf_span rest = p->found.records;
    struct hf_update_rr rr = rr_of(p, HF_SPAN(""));
    struct hf_span value;

    while (hf_found_next(&rest, &rr.rdata))
        if (hf_txt_join(rr.rdata, p->joined, &value, NULL) == HF_OK &&
            hf_wish_fate(p->plan->wish, value) == HF_FATE_OLD)
            hf_update_delete(update, &rr);
}

static enum hf_err add_missing(struct publishing *p, struct hf_update *update,
                               struct hf_why *why)
{
    const struct hf_wish *wish = p->plan->wish;

    for (size_t i = 0; i < wish->value_count; i++) {
        struct hf_update_rr rr;
        struct hf_buf rdata;

        if (p->result.before.has[i])
            continue;
        hf_buf_init(&rdata, p->joined, sizeof(p->joined));
        hf_txt_put_rdata(&rdata, wish->values[i]);
        if (rdata.full)
            return hf_fail(why, HF_ELIMIT, 0, "too long for a TXT record");
        rr = rr_of(p, hf_buf_span(&rdata));
        hf_update_add(update, &rr);
    }
    return HF_OK;
}

static enum hf_err change(struct publishing *p, enum hf_update_answer *answer,
                          struct hf_why *why)
{
    struct hf_update *update = NULL;
    enum hf_err err = new_update(p, &update, why);

    if (err != HF_OK)
        return err;
    require_same(p, update);
    delete_old(p, update);
    err = add_missing(p, update, why);
    if (err == HF_OK)
        err = hf_primary_send(p->plan->primary, update, answer, why);
    hf_update_free(update);
    return err;
}

/* ---- when a requirement is not met ---- */

/* Records that a DNS wildcard makes are read, and are not there. A record of
 * ours would hide them, which is not ours to decide. */
static enum hf_err check_wildcard(const struct publishing *p,
                                  struct hf_why *why)
{
    struct hf_update_rr rr = rr_of(p, HF_SPAN(""));
    enum hf_update_answer answer = HF_UPDATE_CHANGED;
    struct hf_update *update = NULL;
    enum hf_err err;

    if (p->found.record_count == 0)
        return HF_OK;
    err = new_update(p, &update, why);
    if (err != HF_OK)
        return err;
    hf_update_require_none(update, &rr);
    err = hf_primary_send(p->plan->primary, update, &answer, why);
    hf_update_free(update);
    if (err == HF_OK && answer == HF_UPDATE_DONE)
        return hf_fail(why, HF_EPEER, 0,
                       "the records there are made by a DNS wildcard, and one "
                       "of the name itself would hide them; publish them at "
                       "the name first");
    return err;
}

static enum hf_err pause_a_little(const struct publishing *p,
                                  struct hf_why *why)
{
    unsigned shift =
        p->result.attempts < PAUSE_TOP ? p->result.attempts : PAUSE_TOP;
    uint16_t random = 0;
    enum hf_err err = hf_random_fill(&random, sizeof(random), why);

    if (err != HF_OK)
        return err;
    if (hf_clock_ms() >= p->plan->until_ms)
        return hf_fail(why, HF_ETIMEOUT, 0,
                       "others keep changing the records of this name; "
                       "nothing was changed");
    (void)poll(NULL, 0, (int)(random % (PAUSE_MS << shift)));
    return hf_signals_stop_wanted()
               ? hf_fail(why, HF_ECANCELED, 0, "interrupted")
               : HF_OK;
}

static enum hf_err bring_about(struct publishing *p, struct hf_why *why)
{
    for (;;) {
        enum hf_update_answer answer = HF_UPDATE_DONE;
        enum hf_err err = read_now(p, why);

        if (err != HF_OK)
            return err;
        p->result.changed = !hf_wish_is_met(p->plan->wish, &p->result.before);
        if (!p->result.changed || p->plan->dry_run)
            return HF_OK;
        err = change(p, &answer, why);
        if (err != HF_OK || answer == HF_UPDATE_DONE)
            return err;
        p->result.attempts++;
        err = check_wildcard(p, why);
        if (err == HF_OK)
            err = pause_a_little(p, why);
        if (err != HF_OK)
            return err;
    }
}

enum hf_err hf_publish(const struct hf_publish_plan *plan,
                       struct hf_publish_result *out, struct hf_why *why)
{
    struct publishing *p = hf_alloc(1, sizeof(*p));
    enum hf_err err;

    if (p == NULL)
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    p->plan = plan;
    p->owner = *plan->owner;
    err = hf_primary_find_zone(plan->primary, &p->owner, &p->result.zone, why);
    if (err == HF_OK)
        err = bring_about(p, why);
    if (err == HF_OK)
        *out = p->result;
    hf_free(p);
    return err;
}
