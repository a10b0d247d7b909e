/* SPDX-License-Identifier: Apache-2.0 */
/* eval_kinds.c -- the eighteen kinds of test object. */
#include "cli/eval.h"

static const struct {
    const char *name;
    hf_eval_fn *run;
} kinds[] = {
    {"parse", hf_eval_parse},
    {"validate", hf_eval_validate},
    {"hash", hf_eval_hash},
    {"challenge", hf_eval_challenge},
    {"directory", hf_eval_directory},
    {"variant-ca", hf_eval_variant_ca},
    {"reuse", hf_eval_reuse},
    {"mpic", hf_eval_mpic},
    {"caa", hf_eval_caa},
    {"jit", hf_eval_jit},
    {"client-record", hf_eval_client_record},
    {"txt-encode", hf_eval_txt_encode},
    {"normalize", hf_eval_normalize},
    {"preflight", hf_eval_preflight},
    {"account-proof", hf_eval_account_proof},
    {"identifier", hf_eval_identifier},
    {"owner", hf_eval_owner},
    {"monitor", hf_eval_monitor},
};

hf_eval_fn *hf_eval_find(struct hf_span kind)
{
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if (hf_span_eq(kind, hf_span_str(kinds[i].name)))
            return kinds[i].run;
    return NULL;
}
