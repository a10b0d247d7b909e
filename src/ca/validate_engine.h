/* SPDX-License-Identifier: Apache-2.0 */
/*
 * validate_engine.h -- how one validation goes on: which eye is to look at
 * what, given the views so far, and what they mean together. No input or
 * output, no clock.
 *
 *     primary: the name -> its parents -> CAA -> remotes -> quorum
 *
 * Nothing is asked that the verdict does not need: parents when the name
 * itself has no good record, CAA and the remotes when there is one.
 */
#pragma once

#include "ca/testimony.h"
#include "holdfast/mpic.h"

/* One errand of one eye, and what came of it. */
struct hf_sending {
    size_t eye;
    enum hf_way way;
    struct hf_span adn; /* dns-persist-01 */
    unsigned attempt;   /* of the quorum, from 1; the primary's is 1, too */
    struct hf_time heard_at;
    struct hf_view view;
    struct hf_testimony testimony;
};

enum hf_trial_stage {
    HF_TRIAL_NAME,
    HF_TRIAL_PARENTS,
    HF_TRIAL_CAA,
    HF_TRIAL_REMOTES,
    HF_TRIAL_DONE,
};

struct hf_trial {
    struct hf_claim claim;
    const struct hf_validator_config *config;
    enum hf_trial_stage stage;
    unsigned attempt;
    struct hf_span adns[HF_CANDIDATES_MAX];
    size_t adn_count;
    struct hf_sending *sendings;
    size_t sending_count;
    size_t asked; /* of these; in their order */
    size_t heard; /* of these; in any order */
    size_t best;  /* the primary's view of the name that counts */
    size_t caa;   /* and of CAA; sending_count: it was not looked at */
    bool counted; /* there was a quorum to be had: */
    struct hf_mpic quorum;
    struct hf_time ended_at;
};

/* Owns: hf_trial_clear(). Borrows `config`. Fails: as hf_claim_init(). */
enum hf_err hf_trial_init(struct hf_trial *trial,
                          const struct hf_validation_job *job,
                          const struct hf_validator_config *config,
                          struct hf_why *why);
void hf_trial_clear(struct hf_trial *trial);

/* The next errand and its number, which hf_trial_asked() says is under way;
 * false when there is none now. */
bool hf_trial_errand(const struct hf_trial *trial, struct hf_errand *out,
                     size_t *number);
void hf_trial_asked(struct hf_trial *trial);

/* A view came back; it belongs to the trial then. Fails: HF_ENOMEM,
 * HF_ECRYPTO. */
enum hf_err hf_trial_hear(struct hf_trial *trial, size_t number,
                          struct hf_view *view, struct hf_time now,
                          struct hf_why *why);

static inline bool hf_trial_is_done(const struct hf_trial *trial)
{
    return trial->stage == HF_TRIAL_DONE;
}

/* What it ended with: NULL when it is valid, else the testimony to report. */
const struct hf_sending *hf_trial_refusal(const struct hf_trial *trial);

/* Is it valid? Not before it is done. */
bool hf_trial_is_valid(const struct hf_trial *trial);

/* The verdict, with its evidence. Owns: hf_validation_clear(). Fails:
 * HF_ENOMEM. */
enum hf_err hf_trial_report(const struct hf_trial *trial,
                            struct hf_validation_result *out,
                            struct hf_why *why);

/* Its evidence alone, as JSON of at most HF_EVIDENCE_MAX octets: of views that
 * are too large for that less is shown. */
void hf_trial_evidence(const struct hf_trial *trial,
                       const struct hf_validation_result *result,
                       struct hf_buf *out);
