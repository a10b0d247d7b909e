/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/validate.h"

#include "base/alloc.h"
#include "ca/validate_engine.h"
#include "holdfast/reuse.h"
#include "os/clock.h"

#define SENDINGS_MAX 256 /* more than a trial has */
#define LOOK_MS      10000
#define SOONER       10         /* so much those are roused that failed */
#define ROUSED       UINT64_MAX /* ticket of errands that are no trial's */

/* One job under way. An errand's ticket is its place and its number. */
struct hearing {
    bool used;
    uint64_t ticket; /* the caller's */
    struct hf_trial trial;
};

struct hf_validator {
    struct hf_validator_config config;
    struct hearing *hearings;
    size_t under_way;
};

/* ---- presets ---- */

static const char *const preset_words[] = {
    [HF_PRESET_COMPAT] = "compat",
    [HF_PRESET_STRICT] = "strict",
    [HF_PRESET_LETSENCRYPT] = "letsencrypt",
};

const char *hf_preset_word(enum hf_preset preset)
{
    return preset_words[preset];
}

bool hf_preset_find(struct hf_span word, enum hf_preset *out)
{
    for (unsigned i = HF_PRESET_COMPAT; i <= HF_PRESET_LETSENCRYPT; i++) {
        if (hf_span_eq(word, hf_span_str(preset_words[i]))) {
            *out = (enum hf_preset)i;
            return true;
        }
    }
    return false;
}

void hf_preset_apply(enum hf_preset preset, struct hf_ca *ca,
                     struct hf_validation_policy *policy)
{
    static const enum hf_rules rules[] = {
        [HF_PRESET_COMPAT] = HF_RULES_DUAL,
        [HF_PRESET_STRICT] = HF_RULES_DRAFT_02,
        [HF_PRESET_LETSENCRYPT] = HF_RULES_DRAFT_01,
    };

    ca->rules = rules[preset];
    ca->hash_algs = HF_HASH_DEFAULT;
    ca->allows_raw = preset != HF_PRESET_STRICT;
    ca->prunes = preset == HF_PRESET_COMPAT;
    ca->reuse_s = HF_REUSE_MAX_S;
    policy->reuses = preset != HF_PRESET_LETSENCRYPT;
}

/* ---- the validator ---- */

enum hf_err hf_validator_new(const struct hf_validator_config *config,
                             struct hf_validator **out, struct hf_why *why)
{
    struct hf_validator *validator;

    if (config->eye_count == 0 || config->eye_count > HF_EYES_MAX)
        return hf_fail(why, HF_EINVAL, 0,
                       "a validator needs one eye of its own, and at most 15 "
                       "remote ones");
    validator = hf_alloc(1, sizeof(*validator));
    if (validator == NULL)
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    validator->config = *config;
    if (config->window == 0)
        validator->config.window = HF_VALIDATOR_WINDOW;
    validator->hearings =
        hf_alloc(validator->config.window, sizeof(validator->hearings[0]));
    if (validator->hearings == NULL) {
        hf_free(validator);
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    }
    *out = validator;
    return HF_OK;
}

static void hearing_end(struct hf_validator *validator, struct hearing *hearing)
{
    hf_trial_clear(&hearing->trial);
    hearing->used = false;
    validator->under_way--;
}

void hf_validator_free(struct hf_validator *validator)
{
    if (validator == NULL)
        return;
    for (size_t i = 0; i < validator->config.window; i++)
        if (validator->hearings[i].used)
            hearing_end(validator, &validator->hearings[i]);
    hf_free(validator->hearings);
    hf_free(validator);
}

enum hf_err hf_validator_submit(struct hf_validator *validator,
                                const struct hf_validation_job *job,
                                uint64_t ticket, struct hf_why *why)
{
    struct hearing *hearing = validator->hearings;
    enum hf_err err;

    if (validator->under_way == validator->config.window)
        return hf_fail(why, HF_ELIMIT, 0, "too many validations under way");
    while (hearing->used)
        hearing++;
    err = hf_trial_init(&hearing->trial, job, &validator->config, why);
    if (err != HF_OK)
        return err;
    hearing->used = true;
    hearing->ticket = ticket;
    validator->under_way++;
    return HF_OK;
}

/* An errand that can have no view fails where it was sent. */
static enum hf_err refuse_errand(struct hf_trial *trial, size_t number,
                                 const struct hf_why *said, struct hf_time now,
                                 struct hf_why *why)
{
    struct hf_view view = {.failure = said->text};

    hf_trial_asked(trial);
    return hf_trial_hear(trial, number, &view, now, why);
}

/* Send what the trial wants to know, as long as its eyes take it. */
static enum hf_err send(struct hf_validator *validator, size_t place,
                        struct hf_time now, struct hf_why *why)
{
    struct hf_trial *trial = &validator->hearings[place].trial;
    int64_t look_ms = validator->config.policy->look_ms;
    struct hf_errand errand;
    size_t number;

    while (hf_trial_errand(trial, &errand, &number)) {
        struct hf_eye *eye =
            validator->config.eyes[trial->sendings[number].eye];
        struct hf_why said = {0};
        enum hf_err err;

        if (eye->under_way == eye->window)
            return HF_OK;
        errand.give_up_at_ms =
            hf_clock_ms() + (look_ms > 0 ? look_ms : LOOK_MS);
        err = hf_eye_submit(eye, &errand, place * SENDINGS_MAX + number, &said);
        if (err == HF_ELIMIT)
            return HF_OK; /* eyes may share what they ask through */
        if (err == HF_OK)
            hf_trial_asked(trial);
        else if (err == HF_EINVAL)
            err = refuse_errand(trial, number, &said, now, why);
        else if (why != NULL)
            *why = said;
        if (err != HF_OK)
            return err;
    }
    return HF_OK;
}

static enum hf_err send_all(struct hf_validator *validator, struct hf_time now,
                            struct hf_why *why)
{
    enum hf_err err = HF_OK;

    for (size_t i = 0; i < validator->config.window && err == HF_OK; i++)
        if (validator->hearings[i].used)
            err = send(validator, i, now, why);
    return err;
}

/* Every view of one eye that is there. */
static enum hf_err hear(struct hf_validator *validator, struct hf_eye *eye,
                        struct hf_time now, bool *heard, struct hf_why *why)
{
    struct hf_view view = {0};
    uint64_t ticket = 0;
    bool got = true;
    enum hf_err err = HF_OK;

    while (err == HF_OK && got) {
        err = hf_eye_poll(eye, &ticket, &view, &got, why);
        if (err != HF_OK || !got)
            break;
        *heard = true;
        if (ticket == ROUSED) {
            hf_view_clear(&view);
            continue;
        }
        err = hf_trial_hear(&validator->hearings[ticket / SENDINGS_MAX].trial,
                            ticket % SENDINGS_MAX, &view, now, why);
    }
    return err;
}

static enum hf_err hear_all(struct hf_validator *validator, struct hf_time now,
                            bool *heard, struct hf_why *why)
{
    enum hf_err err = HF_OK;

    *heard = false;
    for (size_t i = 0; i < validator->config.eye_count && err == HF_OK; i++)
        err = hear(validator, validator->config.eyes[i], now, heard, why);
    return err;
}

static struct hearing *hearing_done(struct hf_validator *validator)
{
    for (size_t i = 0; i < validator->config.window; i++)
        if (validator->hearings[i].used &&
            hf_trial_is_done(&validator->hearings[i].trial))
            return &validator->hearings[i];
    return NULL;
}

/* What is heard leads to further errands, until nothing more is there. */
static enum hf_err go_on(struct hf_validator *validator, struct hf_time now,
                         struct hf_why *why)
{
    bool heard = true;
    enum hf_err err = HF_OK;

    while (err == HF_OK && heard) {
        err = send_all(validator, now, why);
        if (err == HF_OK)
            err = hear_all(validator, now, &heard, why);
    }
    return err;
}

enum hf_err hf_validator_poll(struct hf_validator *validator,
                              struct hf_time now, uint64_t *ticket,
                              struct hf_validation_result *out, bool *got,
                              struct hf_why *why)
{
    struct hearing *hearing = hearing_done(validator);
    enum hf_err err = HF_OK;

    *got = false;
    if (hearing == NULL) {
        err = go_on(validator, now, why);
        hearing = hearing_done(validator);
    }
    if (err != HF_OK || hearing == NULL)
        return err;
    err = hf_trial_report(&hearing->trial, out, why);
    if (err != HF_OK)
        return err;
    *ticket = hearing->ticket;
    *got = true;
    hearing_end(validator, hearing);
    return HF_OK;
}

size_t hf_validator_fds(const struct hf_validator *validator, int *fds,
                        size_t max)
{
    size_t count = 0;

    for (size_t i = 0; i < validator->config.eye_count; i++) {
        const struct hf_eye *eye = validator->config.eyes[i];
        int own[HF_EYE_FDS_MAX];
        size_t own_count = eye->fds(eye->state, own);

        for (size_t k = 0; k < own_count && count < max; k++)
            fds[count++] = own[k];
    }
    return count;
}

/* ---- how its eyes do ---- */

/* Where there is no room there is work, and an answer soon. */
static bool rouse(const struct hf_validator *validator, struct hf_eye *eye,
                  int64_t now_ms)
{
    const struct hf_ca *ca = validator->config.ca;
    const struct hf_errand errand = {.way = HF_WAY_CAA,
                                     .name = ca->issuers[0],
                                     .give_up_at_ms = now_ms + LOOK_MS,
                                     .issuers = ca->issuers,
                                     .issuer_count = ca->issuer_count,
                                     .for_way = HF_WAY_DNS_PERSIST};

    return hf_eye_submit(eye, &errand, ROUSED, NULL) == HF_OK;
}

bool hf_validator_rouse(struct hf_validator *validator, int64_t quiet_ms)
{
    int64_t now_ms = hf_clock_ms();
    bool did = false;

    for (size_t i = 1; i < validator->config.eye_count; i++) {
        struct hf_eye *eye = validator->config.eyes[i];
        int64_t heard_at_ms = eye->record.heard_at_ms;

        int64_t quiet_for_ms =
            eye->record.failure == NULL ? quiet_ms : quiet_ms / SOONER;

        if (eye->under_way == 0 &&
            (heard_at_ms == 0 || heard_at_ms + quiet_for_ms <= now_ms))
            did |= rouse(validator, eye, now_ms);
    }
    return did;
}

/* One that saw any account's record there would be. */
static struct hf_perspective perspective_of(const struct hf_eye *eye)
{
    static const struct hf_span any = HF_SPAN_INIT("any account");

    return (struct hf_perspective){.rir = hf_span_str(eye->rir),
                                   .valid = !hf_eye_is_blind(eye),
                                   .account_uris = &any,
                                   .account_uri_count = 1};
}

void hf_validator_health(const struct hf_validator *validator, int64_t now_at,
                         struct hf_validator_health *out)
{
    const struct hf_validator_config *config = &validator->config;
    struct hf_perspective primary = perspective_of(config->eyes[0]);
    struct hf_perspective remotes[HF_EYES_MAX];

    for (size_t i = 1; i < config->eye_count; i++)
        remotes[i - 1] = perspective_of(config->eyes[i]);
    *out = (struct hf_validator_health){
        .eyes = (const struct hf_eye *const *)config->eyes,
        .eye_count = config->eye_count,
        .is_lone = config->policy->lone,
        .quorum =
            hf_mpic_decide(now_at, &primary, remotes, config->eye_count - 1),
        .remotes_needed = hf_mpic_remotes_needed(now_at)};
}

size_t hf_validator_under_way(const struct hf_validator *validator)
{
    return validator->under_way;
}
