/* SPDX-License-Identifier: Apache-2.0 */
/*
 * issue.h -- certificates, from the names to the files: look before ordering,
 * order, put them in their place; several side by side.
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

/* At a time; and all together have HF_LINEAGE_NAMES_MAX names at most. */
#define HF_ISSUE_MAX 32

/* One that is wanted, and what came of it. All is borrowed; what changes of the
 * lineage is written to its file only. */
struct hf_issue_wish {
    const struct hf_lineage *lineage;
    const struct hf_certificate *live;       /* that is renewed, or NULL */
    const struct hf_config_section *section; /* of the configuration file */
    struct hf_hooks *hooks;
    enum hf_exit status;
    enum hf_fault fault; /* with a failure: whether another CA might do it */
};

struct hf_issue {
    struct hf_cli *cli;
    struct hf_applicant *applicant;
    const char *state;
    struct hf_lineage lineage; /* what is wanted; then what was got */
    const struct hf_config_section *section;
    enum hf_exit status; /* HF_EXIT_GOOD: so far */
    enum hf_fault fault;
    struct hf_hooks *hooks;
    struct hf_span live;     /* serial of the certificate before, or empty */
    struct hf_span profile;  /* that the order asks for, or empty */
    struct hf_span replaces; /* ARI id of the certificate before, or empty */
    struct hf_target targets[HF_LINEAGE_NAMES_MAX];
    struct hf_csr_names names; /* the same, of both kinds */
    struct hf_span hosts[HF_LINEAGE_NAMES_MAX];
    struct hf_span ancestors[HF_LINEAGE_NAMES_MAX]; /* of each of them */
    struct hf_span addresses[HF_LINEAGE_NAMES_MAX];
    struct hf_solving solving;
    struct hf_request request;
    struct hf_certificate *certificate;
    struct hf_order_job job;
};

/* May these two be issued side by side by one account? Only where records
 * stand: what is shown for an order could be in the way of another one's. */
bool hf_issue_goes_with(const struct hf_cli *cli, const struct hf_issue_wish *a,
                        const struct hf_issue_wish *b);

/*
 * Issue them by the account of the applicant, HF_ISSUE_MAX at most; with the
 * hooks before and after. They go step by step together, and what fails for
 * one is nothing to the others.
 *
 * With --dry-run it says what would be ordered, and writes nothing.
 *
 * The status of each:
 * HF_EXIT_NO: a name would not validate, and nothing was ordered.
 * HF_EXIT_LATER: the CA has had too many requests.
 * HF_EXIT_ERROR: the order failed, or something here.
 * All after messages.
 */
void hf_issue(struct hf_applicant *applicant,
              struct hf_issue_wish *const *wishes, size_t count);
