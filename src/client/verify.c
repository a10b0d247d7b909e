/* SPDX-License-Identifier: Apache-2.0 */
#include "client/verify.h"

#include <poll.h>
#include <stdio.h>

#include "base/alloc.h"
#include "dns/wire.h"
#include "os/clock.h"
#include "os/signals.h"

#define FIRST_PAUSE_MS 100 /* doubled up to the longest */
#define PAUSE_MAX_MS   5000
#define SLICE_MS       100 /* how soon a signal is noticed */
#define UNKNOWN_MAX    4   /* rounds without finding the servers at all */

static bool agrees(const struct hf_witness *witness, const struct hf_wish *wish,
                   char *room)
{
    struct hf_wish_view view;

    if (witness->state != HF_WITNESS_ANSWERS)
        return false;
    hf_wish_look(wish, &witness->found, room, &view);
    return hf_wish_is_met(wish, &view);
}

/* The first one that does not agree, for the report. */
static void name_other(const struct hf_witness *witness,
                       struct hf_verify_view *out)
{
    if (out->other[0] == '\0')
        (void)snprintf(out->other, sizeof(out->other), "%s%s%s", witness->name,
                       witness->server.label[0] == '\0' ? "" : " ",
                       witness->server.label);
}

void hf_verify_count(const struct hf_authority *authority,
                     const struct hf_wish *wish, char *room,
                     struct hf_verify_view *out)
{
    *out = (struct hf_verify_view){.known = authority->found,
                                   .reason = authority->reason};
    for (size_t i = 0; i < authority->count; i++) {
        const struct hf_witness *witness = &authority->witnesses[i];

        if (witness->state == HF_WITNESS_NO_ROUTE)
            continue; /* that says something about this machine */
        out->servers++;
        if (agrees(witness, wish, room)) {
            out->agree++;
            continue;
        }
        out->behind += witness->state == HF_WITNESS_ANSWERS;
        name_other(witness, out);
    }
}

/* Where the first server's answer leads, when that is out of its zone. */
static const struct hf_found *find_alias(const struct hf_authority *authority)
{
    for (size_t i = 0; i < authority->count; i++) {
        const struct hf_witness *witness = &authority->witnesses[i];

        if (witness->state == HF_WITNESS_ANSWERS)
            return witness->found.chain_count > 0 &&
                           witness->found.state != HF_FOUND_DATA
                       ? &witness->found
                       : NULL;
    }
    return NULL;
}

enum hf_err hf_verify_ask(const struct hf_verify_plan *plan,
                          struct hf_authority **out, struct hf_why *why)
{
    struct hf_authority_question question = {.owner = plan->owner,
                                             .type = HF_RR_TXT,
                                             .port = plan->port,
                                             .give_up_at_ms = plan->until_ms,
                                             .timeout_ms = plan->timeout_ms};
    struct hf_authority *first = NULL;
    const struct hf_found *alias;
    enum hf_err err = hf_authority_ask(plan->resolver, &question, &first, why);

    if (err != HF_OK)
        return err;
    alias = find_alias(first);
    if (alias == NULL) {
        *out = first;
        return HF_OK;
    }
    question.owner = alias->owner;
    err = hf_authority_ask(plan->resolver, &question, out, why);
    hf_authority_free(first);
    return err;
}

static enum hf_err pause_for(int64_t pause_ms, struct hf_why *why)
{
    int64_t until_ms = hf_clock_ms() + pause_ms;

    while (hf_clock_ms() < until_ms) {
        if (hf_signals_stop_wanted())
            return hf_fail(why, HF_ECANCELED, 0, "interrupted");
        (void)poll(NULL, 0, SLICE_MS);
    }
    return HF_OK;
}

enum hf_err hf_verify(const struct hf_verify_plan *plan,
                      struct hf_verify_view *out, struct hf_why *why)
{
    char *room = hf_alloc(HF_WIRE_MESSAGE_MAX, 1);
    int64_t pause_ms = FIRST_PAUSE_MS;
    struct hf_verify_view view = {0};
    unsigned unknown = 0;
    enum hf_err err = HF_OK;

    if (room == NULL)
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    for (;;) {
        struct hf_authority *authority = NULL;

        err = hf_verify_ask(plan, &authority, why);
        if (err != HF_OK)
            break;
        hf_verify_count(authority, plan->wish, room, &view);
        hf_authority_free(authority);
        if (plan->tell != NULL)
            plan->tell(plan->state, &view);
        unknown += !view.known;
        if (hf_verify_is_good(&view) || unknown == UNKNOWN_MAX ||
            hf_clock_ms() + pause_ms >= plan->until_ms)
            break;
        err = pause_for(pause_ms, why);
        if (err != HF_OK)
            break;
        pause_ms = 2 * pause_ms < PAUSE_MAX_MS ? 2 * pause_ms : PAUSE_MAX_MS;
    }
    hf_free(room);
    if (err == HF_OK)
        *out = view;
    return err;
}
