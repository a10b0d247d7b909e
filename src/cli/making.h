/* SPDX-License-Identifier: Apache-2.0 */
/*
 * making.h -- records from a command line: which names, and what their records
 * say. `record make` writes them, `record publish` publishes them; both refuse
 * the same things with the same words (REQ RECORD-23).
 */
#pragma once

#include "cli/plan.h"
#include "cli/wanted.h"
#include "holdfast/suffix.h"

#define HF_MAKING_VALUE_MAX                                                    \
    4096 /* issuer, URL and parameters at their longest */

struct hf_making {
    struct hf_cli *cli;
    struct hf_subject subject;
    bool has_subject;
    struct hf_plan plan;
    struct hf_suffixes *suffixes;
    struct hf_name zone; /* --zone; empty when not given */
    struct hf_wanted_list wanted;
    size_t bad_count; /* names refused, each with a sentence */
    bool interrupted;
    char values[HF_ADDITION_VALUES][HF_MAKING_VALUE_MAX];
};

/* Rows for a command's option table, with those of subject and plan. */
/* clang-format off */
#define HF_MAKING_OPTIONS                                                      \
    HF_SUBJECT_OPTIONS,                                                        \
    HF_PLAN_OPTIONS,                                                           \
    {.name = "file",                                                           \
     .arg = "FILE",                                                            \
     .choices = "<file>",                                                      \
     .help = "Names from FILE, one a line; '-' is standard input"},            \
    {.name = "zone",                                                           \
     .arg = "NAME",                                                            \
     .help = "Zone that holds the names (default: the registrable name)"},     \
    {.name = "strict",                                                         \
     .help = "Do nothing at all when any name is refused"}
/* clang-format on */

/*
 * Read the options and the names. On heap storage: it is large. Release with
 * hf_making_clear() whatever comes back. Another status than HF_EXIT_GOOD
 * stands for a message on standard error; with some names refused the others
 * are in `wanted` and the status is good.
 */
enum hf_exit hf_making_read(struct hf_cli *cli, struct hf_making *making);
void hf_making_clear(struct hf_making *making);

/* Do the refused names forbid to go on? */
bool hf_making_is_stopped(const struct hf_making *making);

/*
 * The record of one name; text lives until the next call. `caa` stays empty.
 * Fails: as hf_grant_build().
 */
enum hf_err hf_making_add(struct hf_making *making,
                          const struct hf_wanted *item, struct hf_name *owner,
                          struct hf_addition *out, struct hf_why *why);

/* At the end: how many names were refused, and HF_EXIT_ERROR if any was.
 * `done` is what happened to the others: "written". */
enum hf_exit hf_making_finish(const struct hf_making *making, const char *done);
