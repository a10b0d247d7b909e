/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hook_values.h -- what hooks learn: variables by the names that users of
 * certbot and lego have in their scripts, and ours.
 */
#pragma once

#include <limits.h>

#include "client/lineage.h"

/* Longest list of names that a variable holds: certbot's limit. */
#define HF_HOOK_NAMES_MAX 32000

enum hf_hook_variable {
    HF_VAR_HOOK, /* pre, deploy, post */
    HF_VAR_CERT, /* the certificate's name */
    HF_VAR_ACCOUNT,
    HF_VAR_RENEWED_LINEAGE,
    HF_VAR_RENEWED_DOMAINS,
    HF_VAR_FAILED_DOMAINS,
    HF_VAR_LEGO_NAME,
    HF_VAR_LEGO_DOMAINS,
    HF_VAR_LEGO_PATH,
    HF_VAR_LEGO_KEY_PATH,
    HF_VAR_LEGO_KEY_TYPE,
    HF_VARS
};

extern const struct hf_span hf_hook_variables[HF_VARS];

/* One value a variable; those that are unset have no ptr. Point into here. */
struct hf_hook_values {
    struct hf_span list[HF_VARS];
    char folder[PATH_MAX];
    char cert[PATH_MAX];
    char key[PATH_MAX];
    char domains[HF_HOOK_NAMES_MAX];
    char commas[HF_HOOK_NAMES_MAX];
};

/* Append the names with `between` them, as many whole ones as there is room
 * for. */
void hf_hook_put_names(struct hf_buf *out, const struct hf_span *names,
                       size_t count, char between);

/* What a deploy hook is told of this certificate. Fails: HF_ELIMIT. */
enum hf_err hf_hook_values_of(const char *state,
                              const struct hf_lineage *lineage,
                              struct hf_hook_values *out, struct hf_why *why);
