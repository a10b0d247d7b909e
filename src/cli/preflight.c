/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/preflight.h"

#include "base/alloc.h"
#include "cli/remembered.h"
#include "cli/said.h"

#define SHOWN_MAX (1024 * 1024) /* of one name that would not validate */
#define CAUSE_MAX 1024
#define MARGIN_S  (2 * (int64_t)HF_DAY_S) /* warn when a record ends */

/* ---- looking ---- */

/* A record that ends soon is a renewal that fails soon. */
static void warn_of_end(struct hf_applicant *applicant,
                        const struct hf_sight *sight)
{
    const struct hf_spot *spot = &sight->spots[sight->best];
    const struct hf_record *record = &spot->judged[spot->verdict.relied].record;

    if (hf_preflight(applicant->cli->now, MARGIN_S, record->until_at) ==
        HF_PREFLIGHT_WARN)
        hf_cli_error(applicant->cli, hf_name_span(&sight->name),
                     "its record ends within two days; publish one that "
                     "lasts, or the next renewal fails");
}

/* A place for what is seen of each, in `sights`, which has room for all. */
static enum hf_err make_sights(struct hf_target *const *targets, size_t count,
                               struct hf_sight **sights, size_t *sight_count)
{
    *sight_count = 0;
    for (size_t i = 0; i < count; i++) {
        struct hf_sight *sight;

        if (targets[i]->is_address)
            continue;
        sight = hf_alloc(1, sizeof(*sight));
        targets[i]->sight = sight;
        if (sight == NULL)
            return HF_ENOMEM;
        sight->name = targets[i]->name;
        sight->wildcard = targets[i]->wildcard;
        sights[(*sight_count)++] = sight;
    }
    return HF_OK;
}

static enum hf_err look(struct hf_applicant *applicant,
                        struct hf_target *const *targets, size_t count,
                        struct hf_why *why)
{
    struct hf_sight **sights = hf_alloc(count, sizeof(struct hf_sight *));
    size_t sight_count = 0;
    enum hf_err err = HF_ENOMEM;

    if (sights != NULL)
        err = make_sights(targets, count, sights, &sight_count);
    if (err != HF_OK)
        err = hf_fail(why, err, 0, "out of memory");
    else if (sight_count > 0)
        err =
            hf_sights_look(&applicant->seeing.viewer, sights, sight_count, why);
    hf_free(sights);
    return err;
}

static enum hf_exit judge(struct hf_applicant *applicant,
                          const struct hf_target *target)
{
    struct hf_why why = {0};

    if (hf_sight_judge(target->sight, &applicant->subject, applicant->cli->now,
                       &why) != HF_OK) {
        hf_cli_fail(applicant->cli, target->text, &why);
        return HF_EXIT_ERROR;
    }
    if (target->sight->result == HF_CHECK_YES)
        warn_of_end(applicant, target->sight);
    return HF_EXIT_GOOD;
}

enum hf_exit hf_preflight_look(struct hf_applicant *applicant,
                               struct hf_target *const *targets, size_t count)
{
    struct hf_why why = {0};
    enum hf_err err = look(applicant, targets, count, &why);

    if (err == HF_ECANCELED)
        return HF_EXIT_INTERRUPTED;
    if (err == HF_OK)
        return HF_EXIT_GOOD;
    hf_cli_fail(applicant->cli, HF_SPAN("look at DNS"), &why);
    return HF_EXIT_ERROR;
}

enum hf_exit hf_preflight_judge(struct hf_applicant *applicant,
                                const struct hf_target *targets, size_t count)
{
    enum hf_exit status = HF_EXIT_GOOD;

    for (size_t i = 0; i < count && status == HF_EXIT_GOOD; i++)
        if (!targets[i].is_address)
            status = judge(applicant, &targets[i]);
    return status;
}

void hf_preflight_clear(struct hf_target *targets, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (targets[i].sight != NULL)
            hf_sight_free(targets[i].sight);
        hf_free(targets[i].sight);
        targets[i].sight = NULL;
    }
}

/* ---- what was seen ---- */

bool hf_preflight_serves(const struct hf_target *target)
{
    return target->sight == NULL || target->sight->result == HF_CHECK_YES;
}

struct hf_span hf_preflight_ancestor(const struct hf_target *target)
{
    const struct hf_sight *sight = target->sight;
    struct hf_span adn;

    if (sight == NULL || sight->result != HF_CHECK_YES)
        return (struct hf_span){0};
    adn = sight->spots[sight->best].adn;
    return hf_name_is_below(hf_name_span(&target->name), adn)
               ? adn
               : (struct hf_span){0};
}

bool hf_preflight_permits(struct hf_applicant *applicant,
                          const struct hf_target *target, enum hf_method method)
{
    return target->sight == NULL ||
           hf_sight_permits(target->sight, &applicant->subject,
                            hf_span_str(hf_method_word(method)));
}

/* Where DNS says that the record does not serve, the register may know why. */
static void remember(const struct hf_applicant *applicant,
                     const struct hf_target *target)
{
    const struct hf_missing missing = {.name = hf_name_span(&target->name),
                                       .wildcard = target->wildcard,
                                       .ca = &applicant->subject.ca,
                                       .account = &applicant->subject.account,
                                       .now_at = applicant->cli->now.s};
    char room[CAUSE_MAX];
    struct hf_buf text;

    if (target->sight->result != HF_CHECK_NO)
        return;
    hf_buf_init(&text, room, sizeof(room) - 1);
    if (!hf_remembered_put(applicant->cli, &missing, &text))
        return;
    room[text.len] = '\0';
    hf_cli_error(applicant->cli, target->text, room);
}

void hf_preflight_show(struct hf_applicant *applicant,
                       const struct hf_target *target)
{
    const struct hf_cli *cli = applicant->cli;
    const struct hf_showing showing = {.sight = target->sight,
                                       .subject = &applicant->subject,
                                       .now = cli->now,
                                       .colour = cli->colour};
    struct hf_buf text;
    struct hf_buf wrapped;

    hf_buf_init_grow(&text, SHOWN_MAX);
    hf_buf_init_grow(&wrapped, SHOWN_MAX);
    if (cli->json) {
        hf_sight_put_json(&showing, &wrapped);
    } else {
        hf_sight_put_text(&showing, &text);
        hf_put_wrapped(&wrapped, hf_buf_span(&text));
    }
    hf_out_put(cli->out, hf_buf_span(&wrapped));
    hf_buf_clear(&text);
    hf_buf_clear(&wrapped);
    remember(applicant, target);
}

bool hf_preflight_still_serves(struct hf_applicant *applicant,
                               struct hf_target *target, struct hf_span name,
                               const struct hf_recognised *recognised)
{
    struct hf_sight *sight = target->sight;
    const struct hf_ca *ca = &applicant->subject.ca;

    if (sight == NULL)
        return true;
    hf_subject_narrow(&applicant->subject, recognised);
    sight->note_count = 0;
    return hf_sight_judge(sight, &applicant->subject, applicant->cli->now,
                          NULL) == HF_OK &&
           sight->result == HF_CHECK_YES &&
           (ca->prunes || hf_span_eq(sight->spots[sight->best].adn, name));
}
