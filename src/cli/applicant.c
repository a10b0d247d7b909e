/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/applicant.h"

#include "base/alloc.h"

static enum hf_exit open_subject(struct hf_applicant *applicant)
{
    struct hf_holder *holder = &applicant->holder;
    enum hf_exit status =
        hf_subject_of_account(applicant->cli, &holder->file,
                              &holder->talk.directory, &applicant->subject);

    if (status != HF_EXIT_GOOD || applicant->subject.ca.issuer_count > 0)
        return status;
    hf_cli_error(applicant->cli, holder->file.directory,
                 "the directory does not say which issuer names the CA has; "
                 "find them in its documentation and give --issuer");
    return HF_EXIT_ERROR;
}

static enum hf_exit open_eyes(struct hf_applicant *applicant)
{
    struct hf_viewer *viewer = &applicant->seeing.viewer;
    enum hf_exit status;

    if (!applicant->looks)
        return HF_EXIT_GOOD;
    status = hf_seeing_open(applicant->cli, &applicant->seeing);
    /* A CA that is in no table may be somebody's own. */
    viewer->any_name = applicant->subject.entry == NULL;
    viewer->ancestors = hf_subject_looks_above(&applicant->subject);
    return status;
}

static enum hf_exit open_all(struct hf_applicant *applicant,
                             struct hf_span account)
{
    struct hf_cli *cli = applicant->cli;
    enum hf_exit status;

    applicant->looks = !hf_cli_has(cli, "no-check");
    applicant->order_timeout_s = 120;
    if (!hf_cli_number(cli, "order-timeout", 1, 86400,
                       &applicant->order_timeout_s))
        return HF_EXIT_USAGE;
    status = hf_holder_open(cli, account, &applicant->holder);
    /* An order changes nothing of the account: others may work meanwhile. */
    hf_lock_drop(&applicant->holder.lock);
    if (status == HF_EXIT_GOOD)
        status = open_subject(applicant);
    /* While we start to look, the CA may get ready for the orders. Should that
     * fail, it shows when they are placed. */
    if (status == HF_EXIT_GOOD && !hf_cli_has(cli, "dry-run"))
        (void)!hf_talk_foresee(&applicant->holder.talk, NULL);
    return status == HF_EXIT_GOOD ? open_eyes(applicant) : status;
}

enum hf_exit hf_applicant_new(struct hf_cli *cli, struct hf_span account,
                              struct hf_applicant **out, enum hf_fault *fault)
{
    struct hf_applicant *applicant = hf_alloc(1, sizeof(*applicant));
    enum hf_exit status;

    *fault = HF_FAULT_OURS;
    if (applicant == NULL) {
        hf_cli_error(cli, account, "out of memory");
        return HF_EXIT_ERROR;
    }
    applicant->cli = cli;
    applicant->account = account;
    applicant->section = hf_layers_certificate(cli);
    status = open_all(applicant, account);
    if (status == HF_EXIT_GOOD) {
        *out = applicant;
        return status;
    }
    if (applicant->holder.is_silent)
        *fault = HF_FAULT_SILENCE;
    hf_applicant_free(applicant);
    return status;
}

/* Does the section say anything that an applicant is made of? */
static bool is_special(const struct hf_cli *cli,
                       const struct hf_config_section *section)
{
    static const struct hf_option options[] = {HF_APPLICANT_OPTIONS};

    for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
        if (section != NULL && hf_config_key_find(cli->layers->config, section,
                                                  options[i].name) != NULL)
            return true;
    return false;
}

bool hf_applicant_is_shared(const struct hf_cli *cli,
                            const struct hf_config_section *a,
                            const struct hf_config_section *b)
{
    return a == b || (!is_special(cli, a) && !is_special(cli, b));
}

bool hf_applicant_serves(const struct hf_applicant *applicant)
{
    return applicant == NULL ||
           hf_applicant_is_shared(applicant->cli, applicant->section,
                                  hf_layers_certificate(applicant->cli));
}

void hf_applicant_free(struct hf_applicant *applicant)
{
    if (applicant == NULL)
        return;
    hf_seeing_close(&applicant->seeing);
    hf_subject_clear(&applicant->subject);
    hf_holder_clear(&applicant->holder);
    hf_free_wiped(applicant, sizeof(*applicant));
}
