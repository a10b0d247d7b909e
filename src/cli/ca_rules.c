/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/ca_rules.h"

#include "base/alloc.h"

static enum hf_exit fail(const struct hf_cli *cli, const char *what,
                         const struct hf_why *why)
{
    hf_cli_fail(cli, hf_span_str(what), why);
    return HF_EXIT_ERROR;
}

enum hf_exit hf_ca_rules_read(const struct hf_cli *cli,
                              const struct hf_digest *digest,
                              struct hf_ca_rules **out)
{
    const char *list = hf_cli_value(cli, "suffix-list", NULL);
    struct hf_ca_rules *rules = hf_alloc(1, sizeof(*rules));
    struct hf_why why = {.text = "out of memory"};
    enum hf_exit status = HF_EXIT_GOOD;

    if (rules == NULL)
        return fail(cli, "", &why);
    if (hf_suffixes_load(list, &rules->suffixes, &why) != HF_OK)
        status = fail(cli, list == NULL ? "public suffix list" : list, &why);
    if (status == HF_EXIT_GOOD)
        status = hf_ca_setup_read(cli, rules->suffixes, digest, &rules->setup);
    if (status == HF_EXIT_GOOD)
        *out = rules;
    else
        hf_ca_rules_free(rules);
    return status;
}

enum hf_exit hf_ca_rules_look(const struct hf_cli *cli,
                              const struct hf_digest *digest,
                              struct hf_ca_rules *rules)
{
    enum hf_exit status =
        hf_eyes_open(cli, rules->setup.eye, digest, &rules->eyes);
    struct hf_validator_config config = {
        .ca = &rules->setup.settings.law,
        .policy = &rules->setup.policy,
        .suffixes = rules->suffixes,
        .eyes = rules->eyes.list,
        .eye_count = rules->eyes.count,
    };
    struct hf_why why = {0};

    if (status != HF_EXIT_GOOD)
        return status;
    rules->setup.policy.lone = rules->eyes.count == 1;
    return hf_validator_new(&config, &rules->validator, &why) == HF_OK
               ? HF_EXIT_GOOD
               : fail(cli, "the validator", &why);
}

void hf_ca_rules_free(struct hf_ca_rules *rules)
{
    if (rules == NULL)
        return;
    hf_validator_free(rules->validator);
    hf_eyes_close(&rules->eyes);
    hf_suffixes_free(rules->suffixes);
    hf_free(rules);
}
