/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/validate_engine.h"

#include "base/alloc.h"

#define ATTEMPTS_MAX 3

/* ---- errands ---- */

static enum hf_err send(struct hf_trial *trial, size_t eye, enum hf_way way,
                        struct hf_span adn, struct hf_why *why)
{
    struct hf_sending *grown = hf_realloc(
        trial->sendings, trial->sending_count + 1, sizeof(trial->sendings[0]));

    if (grown == NULL)
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    trial->sendings = grown;
    trial->sendings[trial->sending_count++] = (struct hf_sending){
        .eye = eye, .way = way, .adn = adn, .attempt = trial->attempt};
    return HF_OK;
}

static bool wants_caa(const struct hf_trial *trial)
{
    const struct hf_claim *claim = &trial->claim;

    return !claim->job.is_ip && !claim->job.subdomains &&
           !claim->policy->skips_caa;
}

/* The names at which a record may stand (REQ SCOPE-06..08, SCOPE-13). */
static void choose_adns(struct hf_trial *trial)
{
    const struct hf_claim *claim = &trial->claim;
    const struct hf_suffixes *suffixes = trial->config->suffixes;
    struct hf_span name = claim->job.name;
    struct hf_span base = name;

    trial->adn_count = 1;
    if (claim->job.is_ip) {
        trial->adns[0] = hf_name_span(&claim->reverse);
        return;
    }
    if (suffixes != NULL)
        base = hf_suffixes_base(suffixes, name);
    trial->adn_count = hf_candidates(name, base, claim->ca.prunes, trial->adns);
}

static enum hf_err begin(struct hf_trial *trial, struct hf_why *why)
{
    enum hf_way way = trial->claim.job.way;

    if (way == HF_WAY_CAA) {
        trial->stage = HF_TRIAL_CAA;
        trial->caa = 0;
        return send(trial, 0, way, (struct hf_span){0}, why);
    }
    if (way == HF_WAY_DNS_PERSIST)
        choose_adns(trial);
    if (way == HF_WAY_DNS_PERSIST && trial->adn_count == 0)
        return hf_fail(why, HF_EINVAL, 0,
                       "BR 3.2.2.4: the name is a public suffix, at which "
                       "nothing may be looked for");
    return send(trial, 0, way, trial->adns[0], why);
}

enum hf_err hf_trial_init(struct hf_trial *trial,
                          const struct hf_validation_job *job,
                          const struct hf_validator_config *config,
                          struct hf_why *why)
{
    enum hf_err err;

    *trial = (struct hf_trial){.config = config, .attempt = 1, .caa = SIZE_MAX};
    err = hf_claim_init(&trial->claim, job, config, why);
    if (err != HF_OK)
        return err;
    err = begin(trial, why);
    if (err != HF_OK)
        hf_trial_clear(trial);
    return err;
}

void hf_trial_clear(struct hf_trial *trial)
{
    for (size_t i = 0; i < trial->sending_count; i++) {
        hf_testimony_clear(&trial->sendings[i].testimony);
        hf_view_clear(&trial->sendings[i].view);
    }
    hf_free(trial->sendings);
    hf_claim_clear(&trial->claim);
    *trial = (struct hf_trial){0};
}

/* The URI that remotes have to see as well (REQ VAL-43). */
static struct hf_span relied_uri(const struct hf_trial *trial)
{
    const struct hf_testimony *best = &trial->sendings[trial->best].testimony;

    return trial->stage == HF_TRIAL_REMOTES && best->account_uri_count > 0
               ? best->account_uris[0]
               : (struct hf_span){0};
}

bool hf_trial_errand(const struct hf_trial *trial, struct hf_errand *out,
                     size_t *number)
{
    const struct hf_claim *claim = &trial->claim;
    const struct hf_validation_job *job = &claim->job;
    const struct hf_sending *sending;

    if (trial->asked == trial->sending_count)
        return false;
    sending = &trial->sendings[trial->asked];
    *number = trial->asked;
    *out = (struct hf_errand){
        .way = sending->way,
        .is_ip = job->is_ip,
        .wildcard = job->wildcard,
        .name = sending->way == HF_WAY_DNS_PERSIST && !job->is_ip ? sending->adn
                                                                  : job->name,
        .token = job->token,
        .key_authorization = job->key_authorization,
        .key_hash = job->key_hash,
        .issuers = claim->ca.issuers,
        .issuer_count = claim->ca.issuer_count,
        .account_uri = relied_uri(trial),
        .account_url = claim->account.url,
        .for_way = job->way == HF_WAY_CAA ? job->for_way : job->way,
    };
    return true;
}

void hf_trial_asked(struct hf_trial *trial)
{
    trial->asked++;
}

/* ---- decisions ---- */

static bool serves(const struct hf_sending *sending)
{
    return sending->testimony.problem == NULL;
}

/* The primary's views of the name and its parents: nearest first, the first
 * that serves; else the failure that says most (REQ SCOPE-06, ERR-05). */
static void choose_best(struct hf_trial *trial)
{
    const struct hf_sending *all = trial->sendings;

    for (size_t i = 1; i < trial->heard && !serves(&all[trial->best]); i++)
        if (hf_reason_precedes(all[i].testimony.verdict.reason,
                               all[trial->best].testimony.verdict.reason))
            trial->best = i;
}

static bool is_of(const struct hf_trial *trial, size_t i, size_t eye)
{
    return trial->sendings[i].eye == eye &&
           trial->sendings[i].attempt == trial->attempt;
}

/* A remote sees what we see when everything it was sent for serves. */
static struct hf_perspective perspective_of(const struct hf_trial *trial,
                                            size_t eye)
{
    struct hf_perspective out = {
        .rir = hf_span_str(trial->config->eyes[eye]->rir), .valid = true};

    for (size_t i = trial->sending_count; i-- > 0;) {
        const struct hf_testimony *testimony = &trial->sendings[i].testimony;

        if (!is_of(trial, i, eye))
            continue;
        out.valid = out.valid && serves(&trial->sendings[i]);
        out.account_uris = testimony->account_uris;
        out.account_uri_count = testimony->account_uri_count;
    }
    return out;
}

/* REQ VAL-40..43, VAL-46, JIT-08: every attempt counts from nothing. */
static void count(struct hf_trial *trial)
{
    const struct hf_testimony *best = &trial->sendings[trial->best].testimony;
    const struct hf_perspective primary = {.valid = true,
                                           .account_uris = best->account_uris,
                                           .account_uri_count =
                                               best->account_uri_count};
    struct hf_perspective remotes[HF_EYES_MAX];
    size_t remote_count = trial->config->eye_count - 1;

    for (size_t i = 0; i < remote_count; i++)
        remotes[i] = perspective_of(trial, i + 1);
    trial->counted = true;
    trial->quorum =
        hf_mpic_decide(trial->ended_at.s, &primary, remotes, remote_count);
}

static enum hf_err send_remotes(struct hf_trial *trial, struct hf_why *why)
{
    enum hf_way way = trial->claim.job.way;
    struct hf_span adn = trial->sendings[trial->best].adn;
    enum hf_err err = HF_OK;

    for (size_t i = 1; i < trial->config->eye_count && err == HF_OK; i++) {
        err = send(trial, i, way, adn, why);
        if (err == HF_OK && way != HF_WAY_CAA && wants_caa(trial))
            err = send(trial, i, HF_WAY_CAA, (struct hf_span){0}, why);
    }
    return err;
}

/* The primary is content. */
static enum hf_err corroborate(struct hf_trial *trial, struct hf_why *why)
{
    if (trial->config->eye_count > 1) {
        trial->stage = HF_TRIAL_REMOTES;
        return send_remotes(trial, why);
    }
    trial->stage = HF_TRIAL_DONE;
    if (!trial->claim.policy->lone)
        count(trial);
    return HF_OK;
}

static enum hf_err after_name(struct hf_trial *trial, struct hf_why *why)
{
    enum hf_err err = HF_OK;

    choose_best(trial);
    if (serves(&trial->sendings[trial->best])) {
        if (!wants_caa(trial))
            return corroborate(trial, why);
        trial->stage = HF_TRIAL_CAA;
        trial->caa = trial->sending_count;
        return send(trial, 0, HF_WAY_CAA, (struct hf_span){0}, why);
    }
    if (trial->stage == HF_TRIAL_PARENTS || trial->adn_count < 2) {
        trial->stage = HF_TRIAL_DONE;
        return HF_OK;
    }
    trial->stage = HF_TRIAL_PARENTS;
    for (size_t i = 1; i < trial->adn_count && err == HF_OK; i++)
        err = send(trial, 0, HF_WAY_DNS_PERSIST, trial->adns[i], why);
    return err;
}

static enum hf_err after_caa(struct hf_trial *trial, struct hf_why *why)
{
    if (serves(&trial->sendings[trial->caa]))
        return corroborate(trial, why);
    trial->stage = HF_TRIAL_DONE;
    return HF_OK;
}

static enum hf_err after_remotes(struct hf_trial *trial, struct hf_why *why)
{
    unsigned attempts = trial->claim.policy->attempts;

    if (attempts > ATTEMPTS_MAX)
        attempts = ATTEMPTS_MAX;
    count(trial);
    if (trial->quorum.reason == HF_MPIC_OK || trial->attempt >= attempts ||
        trial->quorum.reason == HF_MPIC_TOO_FEW_REMOTES) {
        trial->stage = HF_TRIAL_DONE;
        return HF_OK;
    }
    trial->attempt++;
    return send_remotes(trial, why);
}

static enum hf_err go_on(struct hf_trial *trial, struct hf_why *why)
{
    switch (trial->stage) {
    case HF_TRIAL_NAME:
    case HF_TRIAL_PARENTS:
        return after_name(trial, why);
    case HF_TRIAL_CAA:
        return after_caa(trial, why);
    case HF_TRIAL_REMOTES:
        return after_remotes(trial, why);
    case HF_TRIAL_DONE:
        break;
    }
    return HF_OK;
}

enum hf_err hf_trial_hear(struct hf_trial *trial, size_t number,
                          struct hf_view *view, struct hf_time now,
                          struct hf_why *why)
{
    struct hf_sending *sending = &trial->sendings[number];
    struct hf_inquiry inquiry = {.claim = &trial->claim,
                                 .way = sending->way,
                                 .adn = sending->adn,
                                 .view = &sending->view,
                                 .now = now};
    enum hf_err err;

    sending->view = *view;
    *view = (struct hf_view){0};
    sending->heard_at = now;
    trial->ended_at = now;
    err = hf_testimony_hear(&inquiry, &sending->testimony, why);
    if (err != HF_OK)
        return err;
    trial->heard++;
    return trial->heard == trial->sending_count ? go_on(trial, why) : HF_OK;
}

bool hf_trial_is_valid(const struct hf_trial *trial)
{
    return serves(&trial->sendings[trial->best]) &&
           (trial->caa == SIZE_MAX || serves(&trial->sendings[trial->caa])) &&
           (!trial->counted || trial->quorum.reason == HF_MPIC_OK);
}

const struct hf_sending *hf_trial_refusal(const struct hf_trial *trial)
{
    if (!serves(&trial->sendings[trial->best]))
        return &trial->sendings[trial->best];
    if (trial->caa != SIZE_MAX && !serves(&trial->sendings[trial->caa]))
        return &trial->sendings[trial->caa];
    for (size_t i = 0; i < trial->sending_count; i++)
        if (trial->sendings[i].attempt == trial->attempt &&
            !serves(&trial->sendings[i]))
            return &trial->sendings[i];
    return NULL;
}
