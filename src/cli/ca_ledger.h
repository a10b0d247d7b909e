/* SPDX-License-Identifier: Apache-2.0 */
/* ca_ledger.h -- the tables of a CA (ca/tables.h) for its operator's commands.
 * The CA may be serving meanwhile. */
#pragma once

#include "ca/tables.h"
#include "cli/cli.h"

/* Where they are in the CA's folder, when no URL says otherwise: in a folder of
 * their own, the only one that a CA which serves may change by itself. */
#define HF_CA_LEDGER_FOLDER "ledger"
#define HF_CA_LEDGER        HF_CA_LEDGER_FOLDER "/ca.db"

/* Beside them: where a CA that serves listens to its operator, at a Unix socket
 * that is its owner's alone. */
#define HF_CA_CONTROL HF_CA_LEDGER_FOLDER "/control"

/* And its log of evidence. */
#define HF_CA_LOG "evidence"

/* Rows for a command's option table. */
/* clang-format off */
#define HF_CA_LEDGER_OPTIONS                                                   \
    HF_STATE_OPTION,                                                           \
        {.name = "authority",                                                  \
         .arg = "NAME",                                                        \
         .help = "Its section of the configuration file (default: 'default')"}, \
        {.name = "store",                                                      \
         .arg = "URL",                                                         \
         .help = "postgresql:// URL of the CA's database (default: SQLite in " \
                 "the state folder)"}
/* clang-format on */

/* Heed the section of the configuration file that --authority names. */
void hf_ca_ledger_section(const struct hf_cli *cli);

/* Open them; they must be there. On failure a message was printed. Owns:
 * hf_store_close(). */
enum hf_exit hf_ca_ledger_open(const struct hf_cli *cli, struct hf_store **out);

/* The message of something that failed in them. HF_EXIT_ERROR. */
enum hf_exit hf_ca_ledger_fail(const struct hf_cli *cli,
                               const struct hf_why *why);
