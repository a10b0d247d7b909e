/* SPDX-License-Identifier: Apache-2.0 */
/*
 * issue.h -- one certificate, from the names to the files: look before
 * ordering, order, put it in its place. `cert issue` and `cert renew` do it.
 */
#pragma once

#include "cli/applicant.h"
#include "cli/hooks.h"
#include "cli/preflight.h"
#include "cli/request.h"
#include "cli/solving.h"
#include "client/lineage.h"
#include "client/order_run.h"
#include "crypto/certificate.h"

/* clang-format off */
#define HF_ISSUE_OPTIONS                                                       \
    {.name = "account",                                                        \
     .arg = "NAME",                                                            \
     .many = true,                                                             \
     .help = "Account on this machine (default: 'default'); several: the "     \
             "next when one gets nothing"},                                    \
    HF_STATE_OPTION,                                                          \
    HF_SOLVING_OPTIONS,                                                        \
    {.name = "csr",                                                            \
     .arg = "FILE",                                                            \
     .choices = "<file>",                                                      \
     .help = "For the names and the key of this request (PEM or DER)"},        \
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
    HF_HOOK_OPTIONS,                                                           \
    HF_APPLICANT_OPTIONS
/* clang-format on */

/* What the options say of the certificate, and what they leave out as it is in
 * `lineage`. Text is borrowed. HF_EXIT_USAGE: after a message. */
enum hf_exit hf_issue_read(const struct hf_cli *cli,
                           struct hf_lineage *lineage);

/* All is borrowed; what changes of the lineage is written to its file only. */
struct hf_issue_wish {
    const struct hf_lineage *lineage;
    const struct hf_certificate *live; /* that is renewed, or NULL */
    struct hf_hooks *hooks;
};

struct hf_issue {
    struct hf_cli *cli;
    struct hf_applicant *applicant;
    const char *state;
    struct hf_lineage lineage; /* what is wanted; then what was got */
    enum hf_fault fault;
    struct hf_hooks *hooks;
    struct hf_span live;     /* serial of the certificate before, or empty */
    struct hf_span profile;  /* that the order asks for, or empty */
    struct hf_span replaces; /* ARI id of the certificate before, or empty */
    struct hf_target targets[HF_LINEAGE_NAMES_MAX];
    struct hf_csr_names names; /* the same, of both kinds */
    struct hf_span hosts[HF_LINEAGE_NAMES_MAX];
    struct hf_span addresses[HF_LINEAGE_NAMES_MAX];
    struct hf_solving solving;
    struct hf_request request;
    struct hf_certificate *certificate;
    struct hf_order_engine *engine;
};

/*
 * Issue it by the account of the applicant; with the hooks before and after.
 *
 * With --dry-run it says what would be ordered, and writes nothing.
 *
 * HF_EXIT_NO: a name would not validate, and nothing was ordered.
 * HF_EXIT_LATER: the CA has had too many requests.
 * HF_EXIT_ERROR: the order failed, or something here.
 * All after messages; `*fault` says whether another CA might do it.
 */
enum hf_exit hf_issue(struct hf_applicant *applicant,
                      const struct hf_issue_wish *wish, enum hf_fault *fault);
