/* SPDX-License-Identifier: Apache-2.0 */
/* validate_report.c -- what the validator tells of a trial that is done. */
#include "base/alloc.h"
#include "ca/validate_engine.h"
#include "holdfast/reuse.h"

#define CAA_REUSE_S (8 * (int64_t)3600) /* BR 3.2.2.8 */
#define TEXTS_MAX   ((size_t)(HF_FINDINGS_MAX + 1) * HF_DETAIL_MAX)

/* ---- texts ---- */

static struct hf_span since(const struct hf_buf *out, size_t at)
{
    return (struct hf_span){out->ptr + at, out->len - at};
}

static struct hf_inquiry inquiry_of(const struct hf_trial *trial,
                                    const struct hf_sending *sending)
{
    return (struct hf_inquiry){.claim = &trial->claim,
                               .way = sending->way,
                               .adn = sending->adn,
                               .view = &sending->view,
                               .now = sending->heard_at};
}

static void put_sending(struct hf_buf *out, const struct hf_trial *trial,
                        const struct hf_sending *sending)
{
    const struct hf_inquiry inquiry = inquiry_of(trial, sending);

    if (sending->eye > 0) {
        hf_buf_puts(out, "perspective ");
        hf_buf_put_escaped(
            out, hf_span_str(trial->config->eyes[sending->eye]->label),
            HF_EYE_LABEL_MAX);
        hf_buf_puts(out, ": ");
    }
    hf_testimony_put(out, &inquiry, &sending->testimony);
}

static struct hf_validation_fault *fault_next(struct hf_validation_result *out)
{
    return out->fault_count < HF_FINDINGS_MAX ? &out->faults[out->fault_count++]
                                              : NULL;
}

/* REQ ERR-07, ERR-08: each record of ours that does not serve, with a part of
 * its text and where it went wrong. */
static void put_record_fault(struct hf_buf *out,
                             struct hf_validation_result *result,
                             const struct hf_sending *sending, size_t i)
{
    const struct hf_judged *judged = &sending->testimony.judged[i];
    enum hf_outcome outcome = hf_reason_outcome(judged->reason);
    struct hf_validation_fault *fault;
    size_t at = out->len;

    if (outcome == HF_OUTCOME_VALID || outcome == HF_OUTCOME_IGNORED)
        return;
    fault = fault_next(result);
    if (fault == NULL)
        return;
    hf_buf_puts(out, "TXT of ");
    hf_buf_put(out, sending->adn);
    hf_buf_puts(out, ": \"");
    hf_buf_put_escaped(out, sending->testimony.values[i], HF_QUOTED_MAX);
    hf_buf_puts(out, "\"");
    if (outcome == HF_OUTCOME_MALFORMED) {
        hf_buf_puts(out, ", octet ");
        hf_buf_put_u64(out, judged->at);
    }
    hf_buf_puts(out, ": ");
    hf_buf_puts(out, hf_reason_law(judged->reason));
    *fault =
        (struct hf_validation_fault){.problem = hf_outcome_word(outcome),
                                     .reason = hf_reason_word(judged->reason),
                                     .detail = since(out, at)};
}

static void put_sending_fault(struct hf_buf *out,
                              struct hf_validation_result *result,
                              const struct hf_trial *trial,
                              const struct hf_sending *sending)
{
    struct hf_validation_fault *fault = fault_next(result);
    size_t at = out->len;

    if (fault == NULL)
        return;
    put_sending(out, trial, sending);
    *fault = (struct hf_validation_fault){.problem = sending->testimony.problem,
                                          .reason = sending->testimony.reason,
                                          .detail = since(out, at)};
}

/* Of the primary's look at a name each record; of what else failed, one. */
static void put_faults(struct hf_buf *out, struct hf_validation_result *result,
                       const struct hf_trial *trial)
{
    for (size_t i = 0; i < trial->sending_count; i++) {
        const struct hf_sending *sending = &trial->sendings[i];
        const struct hf_testimony *testimony = &sending->testimony;

        if (testimony->problem == NULL)
            continue;
        if (sending->eye > 0 || testimony->judged == NULL ||
            hf_reason_outcome(testimony->verdict.reason) == HF_OUTCOME_DNS) {
            put_sending_fault(out, result, trial, sending);
            continue;
        }
        for (size_t k = 0; k < testimony->count; k++)
            put_record_fault(out, result, sending, k);
    }
}

/* ---- the verdict ---- */

static const char *quorum_word(enum hf_mpic_reason reason)
{
    static const char *const words[] = {
        [HF_MPIC_OK] = "ok",
        [HF_MPIC_PRIMARY_FAILED] = "mpic-primary-failed",
        [HF_MPIC_TOO_FEW_REMOTES] = "mpic-too-few-remotes",
        [HF_MPIC_QUORUM] = "mpic-quorum",
        [HF_MPIC_RIR_DIVERSITY] = "mpic-rir-diversity",
    };

    return words[reason];
}

static void put_quorum(struct hf_buf *out, const struct hf_trial *trial)
{
    hf_buf_puts(out, "BR 3.2.2.9: ");
    hf_buf_put_u64(out, trial->quorum.corroborating);
    hf_buf_puts(out, " of ");
    hf_buf_put_u64(out, trial->quorum.remotes);
    hf_buf_puts(out, " remote perspectives corroborate (");
    hf_buf_puts(out, hf_mpic_reason_word(trial->quorum.reason));
    hf_buf_puts(out, ")");
}

static void put_refusal(struct hf_buf *out, struct hf_validation_result *result,
                        const struct hf_trial *trial)
{
    const struct hf_sending *refusal = hf_trial_refusal(trial);
    size_t at = out->len;

    result->problem = "unauthorized";
    if (refusal != NULL) {
        result->problem = refusal->testimony.problem;
        result->reason = refusal->testimony.reason;
    }
    if (refusal == NULL || refusal->eye > 0) {
        result->reason = quorum_word(trial->quorum.reason);
        put_quorum(out, trial);
    }
    if (trial->counted && trial->quorum.reason == HF_MPIC_TOO_FEW_REMOTES)
        result->problem = "serverInternal";
    if (refusal != NULL && refusal->eye > 0)
        hf_buf_puts(out, "; ");
    if (refusal != NULL)
        put_sending(out, trial, refusal);
    result->detail = since(out, at);
    put_faults(out, result, trial);
}

/* REQ VAL-52: the TTL or eight hours, whichever is longer. Of names below CAA
 * is looked at when one is certified. */
static int64_t caa_expires_at(const struct hf_trial *trial)
{
    const struct hf_claim *claim = &trial->claim;
    const struct hf_sending *sending;
    int64_t period = CAA_REUSE_S;

    if (trial->caa == SIZE_MAX)
        return claim->job.subdomains && !claim->policy->skips_caa ? 0
                                                                  : INT64_MAX;
    sending = &trial->sendings[trial->caa];
    if (sending->testimony.at < sending->view.answer_count) {
        const struct hf_found *found =
            &sending->view.answers[sending->testimony.at];

        if (found->ttl_s > period)
            period = found->ttl_s;
    }
    return sending->heard_at.s + period;
}

/* REQ REUSE-01..06, REUSE-12 */
static int64_t expires_at(const struct hf_trial *trial)
{
    const struct hf_testimony *best = &trial->sendings[trial->best].testimony;
    int64_t at = trial->sendings[trial->best].heard_at.s;
    int64_t period = hf_data_reuse_days(at) * (int64_t)HF_DAY_S;
    int64_t own = trial->claim.policy->other_reuse_s;

    if (trial->claim.job.way == HF_WAY_DNS_PERSIST)
        return best->verdict.expires_at;
    if (trial->claim.job.way == HF_WAY_CAA)
        return caa_expires_at(trial);
    return at + (own > 0 && own < period ? own : period);
}

static void tell_relied(struct hf_buf *out, struct hf_validation_result *result,
                        const struct hf_trial *trial)
{
    const struct hf_sending *best = &trial->sendings[trial->best];
    const struct hf_judged *judged;
    size_t at = out->len;

    result->reason = "ok";
    result->expires_at = expires_at(trial);
    result->caa_expires_at = caa_expires_at(trial);
    if (best->testimony.judged == NULL)
        return;
    judged = &best->testimony.judged[best->testimony.verdict.relied];
    result->form = judged->form;
    result->until_at = judged->record.until_at;
    result->ttl_s = best->view.answers[best->testimony.at].ttl_s;
    hf_buf_put(out, best->adn);
    result->adn = since(out, at);
    at = out->len;
    hf_buf_put(out, judged->record.account_uri);
    result->account_uri = since(out, at);
}

enum hf_err hf_trial_report(const struct hf_trial *trial,
                            struct hf_validation_result *out,
                            struct hf_why *why)
{
    struct hf_validation_result result = {.valid = hf_trial_is_valid(trial),
                                          .until_at = INT64_MAX};
    struct hf_buf texts;
    struct hf_buf evidence;

    /* All room at once, so that nothing moves. */
    result.bytes = hf_alloc(1, TEXTS_MAX + HF_EVIDENCE_MAX);
    if (result.bytes == NULL)
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    hf_buf_init(&texts, result.bytes, TEXTS_MAX);
    hf_buf_init(&evidence, result.bytes + TEXTS_MAX, HF_EVIDENCE_MAX);
    if (result.valid)
        tell_relied(&texts, &result, trial);
    else
        put_refusal(&texts, &result, trial);
    hf_trial_evidence(trial, &result, &evidence);
    result.evidence = hf_buf_span(&evidence);
    *out = result;
    return HF_OK;
}

void hf_validation_clear(struct hf_validation_result *result)
{
    hf_free(result->bytes);
    *result = (struct hf_validation_result){0};
}
