/* SPDX-License-Identifier: Apache-2.0 */
/*
 * seeing.h -- the eyes of `check`, set up from a command line: for every
 * command that looks at a name as a CA would.
 */
#pragma once

#include "cli/check.h"
#include "cli/resolve.h"
#include "holdfast/suffix.h"

/* Rows for a command's option table. */
/* clang-format off */
#define HF_SEEING_OPTIONS                                                      \
    {.name = "no-authoritative",                                               \
     .help = "Do not ask the authoritative servers one by one"},               \
        {.name = "authoritative-port",                                         \
         .arg = "PORT",                                                        \
         .help = "Their port, if it is not 53 (for tests)"},                   \
        {.name = "suffix-list",                                                \
         .arg = "FILE",                                                        \
         .choices = "<file>",                                                  \
         .help = "Public suffix list to use instead of the system's"},         \
        HF_RESOLVER_OPTIONS
/* clang-format on */

struct hf_seeing {
    struct hf_resolver resolver;
    struct hf_suffixes *suffixes;
    struct hf_viewer viewer; /* of the two above: do not copy it elsewhere */
};

/* On failure a message was printed, and `out` is closed. */
enum hf_exit hf_seeing_open(const struct hf_cli *cli, struct hf_seeing *out);

/* Harmless on a zeroed one. */
void hf_seeing_close(struct hf_seeing *seeing);
