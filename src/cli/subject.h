/* SPDX-License-Identifier: Apache-2.0 */
/*
 * subject.h -- the CA and the account that a command line speaks of: --ca,
 * --issuer, --draft, --prefix, --account-url, --thumbprint, --key and their
 * kind, read once for every command that judges or builds.
 */
#pragma once

#include "acme/directory.h"
#include "cli/cas.h"
#include "cli/cli.h"
#include "client/account.h"

#define HF_SUBJECT_KEYS_MAX 32

struct hf_subject {
    struct hf_ca ca;           /* issuers empty when no CA was named */
    struct hf_account account; /* url empty when no account was named */
    const char *ca_name;       /* "letsencrypt", or NULL */
    bool has_ca;
    bool has_rules; /* --draft, --prefix or the table says which; else the
                       rules are those of draft -01 */
    bool has_account;
    bool subdomains; /* the CA's clients may name an ancestor at which it is to
                        look (RFC 9444), whether or not it prunes by itself */
    struct hf_digest *digest;        /* NULL when nothing is hashed */
    struct hf_cas *cas;              /* the table; NULL without --ca */
    const struct hf_ca_entry *entry; /* of --ca in it, or NULL */
    /* Storage behind ca and account. */
    struct hf_span issuers[HF_ISSUERS_MAX];
    struct hf_name issuer_names[HF_ISSUERS_MAX];
    struct hf_span prefixes[HF_ISSUERS_MAX];
    struct hf_key keys[HF_SUBJECT_KEYS_MAX];
    char thumbprints[HF_SUBJECT_KEYS_MAX][HF_THUMBPRINT_LEN];
    struct hf_account_file file;   /* of --account */
    struct hf_directory directory; /* and what its CA's said the last time */
};

/* Rows for a command's option table, and how many they are. */
/* clang-format off */
#define HF_SUBJECT_OPTIONS                                                     \
    {.name = "account",                                                        \
     .arg = "NAME",                                                            \
     .help = "An account of this machine, and its CA, instead of the next "    \
             "seven"},                                                         \
    HF_STATE_OPTION,                                                           \
    {.name = "ca",                                                             \
     .arg = "NAME",                                                            \
     .help = "A CA of the built-in table ('holdfast ca-table' lists it)"},     \
        {.name = "issuer",                                                     \
         .arg = "DOMAIN",                                                      \
         .many = true,                                                         \
         .help = "Issuer domain name of the CA, if it is not in the table"},   \
        {.name = "draft",                                                      \
         .arg = "RULES",                                                       \
         .choices = "00 01 02 dual br",                                        \
         .help = "Rules to judge by (default: those of the CA)"},              \
        {.name = "prefix",                                                     \
         .arg = "URL",                                                         \
         .many = true,                                                         \
         .help = "accountHashPrefix of the CA (draft -02)"},                   \
        {.name = "account-url",                                                \
         .arg = "URL",                                                         \
         .help = "The ACME account, exactly as the CA spells it"},             \
        {.name = "thumbprint",                                                 \
         .arg = "TEXT",                                                        \
         .many = true,                                                         \
         .help = "JWK thumbprint of the account key, newest first"},           \
        {.name = "key",                                                        \
         .arg = "FILE",                                                        \
         .many = true,                                                         \
         .choices = "<file>",                                                  \
         .help = "Public key (PEM or JWK) to take the thumbprint from"},       \
        {.name = "ca-file",                                                    \
         .arg = "FILE",                                                        \
         .choices = "<file>",                                                  \
         .help = "More CAs, in the format of data/cas.json"}
/* clang-format on */

/*
 * Load the table of CAs, with those of `path` when that is not NULL. False
 * after a message that names file and line.
 */
bool hf_subject_load_table(const struct hf_cli *cli, const char *path,
                           struct hf_cas **out);

/*
 * Read the options. On success `subject` must be released with
 * hf_subject_clear(); on failure a message was printed and a status other
 * than HF_EXIT_GOOD is returned.
 */
enum hf_exit hf_subject_read(const struct hf_cli *cli,
                             struct hf_subject *subject);

/*
 * The subject that an account of this machine is at its CA, from what the
 * CA's directory says (REQ CLI-01, CLI-07) and, where that is silent, from the
 * table of CAs; --issuer and --draft of the command line come first. Text is
 * borrowed from both. As hf_subject_read() otherwise.
 */
enum hf_exit hf_subject_of_account(const struct hf_cli *cli,
                                   const struct hf_account_file *file,
                                   const struct hf_directory *directory,
                                   struct hf_subject *subject);

/* The same subject, by what a challenge said: its names and its draft. */
void hf_subject_narrow(struct hf_subject *subject,
                       const struct hf_recognised *recognised);

/* Can a record at a parent serve, by the CA's ways or by its client's? */
static inline bool hf_subject_looks_above(const struct hf_subject *subject)
{
    return subject->ca.prunes || subject->subdomains;
}

void hf_subject_clear(struct hf_subject *subject);
