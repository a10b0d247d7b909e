/* SPDX-License-Identifier: Apache-2.0 */
/*
 * applicant.h -- who applies for certificates: an account that is unlocked,
 * its CA, what the two are in the eyes of the law, and the eyes to look at
 * names with. Opened once for all the certificates of one account.
 */
#pragma once

#include "cli/holder.h"
#include "cli/layers.h"
#include "cli/seeing.h"

/* clang-format off */
#define HF_APPLICANT_OPTIONS                                                   \
    {.name = "issuer",                                                         \
     .arg = "DOMAIN",                                                          \
     .many = true,                                                             \
     .help = "Issuer domain name of the CA, if its directory names none"},     \
    {.name = "no-check",                                                       \
     .help = "Order without looking at DNS before"},                           \
    {.name = "order-timeout",                                                  \
     .arg = "SECONDS",                                                         \
     .help = "Give an order up after this time (default 120)"},                \
    HF_WAIT_OPTION,                                                            \
    HF_PASSPHRASE_OPTIONS,                                                     \
    HF_HTTP_OPTIONS,                                                           \
    HF_SEEING_OPTIONS
/* clang-format on */

/* Whose fault it is that there is no certificate. */
enum hf_fault {
    HF_FAULT_OURS,    /* the disk, memory, a key, the command line */
    HF_FAULT_CAS,     /* this CA does not want to, or not for this account */
    HF_FAULT_SILENCE, /* nothing is to be had from this CA at present */
};

struct hf_applicant {
    struct hf_cli *cli;
    struct hf_span account; /* borrowed; its name here */
    struct hf_holder holder;
    struct hf_subject subject;
    struct hf_seeing seeing;
    bool looks; /* before ordering */
    int64_t order_timeout_s;
    const struct hf_config_section *section; /* what it was opened for */
};

/* Owns: hf_applicant_free(). On failure a message was printed, and `*fault`
 * tells whose it is. */
enum hf_exit hf_applicant_new(struct hf_cli *cli, struct hf_span account,
                              struct hf_applicant **out, enum hf_fault *fault);

/* Would one that is opened now be the same, the account being the same? The
 * section of a certificate may say how to reach DNS and the CA. NULL serves:
 * what could not be opened cannot be now. */
bool hf_applicant_serves(const struct hf_applicant *applicant);

/* Would applicants for certificates with these sections, or none, be the same,
 * the account being the same? */
bool hf_applicant_is_shared(const struct hf_cli *cli,
                            const struct hf_config_section *a,
                            const struct hf_config_section *b);

void hf_applicant_free(struct hf_applicant *applicant);
