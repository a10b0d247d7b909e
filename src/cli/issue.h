/* SPDX-License-Identifier: Apache-2.0 */
/*
 * issue.h -- one certificate, from the names to the files: look before
 * ordering, order, put it in its place. `cert issue` and `cert renew` do it.
 */
#pragma once

#include "cli/preflight.h"
#include "client/lineage.h"
#include "client/order_run.h"
#include "crypto/certificate.h"

/* clang-format off */
#define HF_ISSUE_OPTIONS                                                       \
    HF_ACCOUNT_OPTIONS,                                                        \
    {.name = "key-type",                                                       \
     .arg = "TYPE",                                                            \
     .choices = "p256 p384 rsa2048 rsa3072 rsa4096",                           \
     .help = "Key of the certificate (default: p256)"},                        \
    {.name = "profile",                                                        \
     .arg = "NAME",                                                            \
     .help = "Only by this profile of the CA"},                                \
    {.name = "preferred-profile",                                              \
     .arg = "NAME",                                                            \
     .help = "By this profile, if the CA offers it"},                          \
    {.name = "preferred-chain",                                                \
     .arg = "TEXT",                                                            \
     .help = "Take the chain whose last issuer has this common name"},         \
    {.name = "must-staple",                                                    \
     .help = "Ask for a certificate that wants a stapled OCSP answer"},        \
    {.name = "reuse-key",                                                      \
     .help = "Keep the certificate's key at renewals"},                        \
    HF_APPLICANT_OPTIONS
/* clang-format on */

struct hf_issue {
    struct hf_cli *cli;
    struct hf_applicant *applicant;
    const char *state;
    struct hf_lineage lineage; /* what is wanted; then what was got */
    struct hf_span profile;    /* that the order asks for, or empty */
    struct hf_span replaces;   /* ARI id of the certificate before, or empty */
    struct hf_target targets[HF_LINEAGE_NAMES_MAX];
    struct hf_private_key *key;
    struct hf_buf csr;
    struct hf_certificate *certificate;
    struct hf_order_engine *engine;
};

/*
 * Issue what `lineage` wants. It is borrowed, and what changes is written to
 * its file only.
 *
 * HF_EXIT_NO: a name would not validate, and nothing was ordered.
 * HF_EXIT_ERROR: the order failed. Both after messages.
 */
enum hf_exit hf_issue(struct hf_applicant *applicant,
                      const struct hf_lineage *lineage,
                      struct hf_span replaces);
