/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plan.h -- what a command line of `record make` asks to be written, decided
 * once for all names: the draft, the issuer, the form, the end. What could
 * never validate is refused here, with what to do about it (REQ CLI-03).
 */
#pragma once

#include "cli/shapes.h"
#include "cli/subject.h"

struct hf_plan {
    struct hf_grant grants[HF_ADDITION_VALUES]; /* domain and wildcard are
                                                   those of each name */
    size_t grant_count;
    bool wildcard; /* for every name */
    bool caa;      /* CAA records as well: REQ CLI-24 */
    bool force;    /* publish what holdfast believes to be useless */
    uint32_t ttl_s;
};

/* Rows for the command's option table. */
/* clang-format off */
#define HF_PLAN_OPTIONS                                                        \
    {.name = "wildcard",                                                       \
     .help = "Add policy=wildcard: *.NAME and every name below"},              \
        {.name = "star",                                                       \
         .help = "Draft -02: one value for all names; shows that they belong " \
                 "together"},                                                  \
        {.name = "until",                                                      \
         .arg = "TIME",                                                        \
         .help = "End of the authorization: UNIX seconds, RFC 3339, +90d"},    \
        {.name = "ttl",                                                        \
         .arg = "SECONDS",                                                     \
         .help = "TTL of the records (default 3600)"},                         \
        {.name = "hash-alg",                                                   \
         .arg = "NAME",                                                        \
         .help = "Draft -02: another hash than sha-256, if the CA says so"},   \
        {.name = "both",                                                       \
         .help = "Both forms, for a CA that is changing to draft -02"},        \
        {.name = "force", .help = "Write even what should never validate"}
/* clang-format on */

/*
 * Read the options. False after a message on standard error; then the command
 * line was wrong. Warnings are messages too.
 */
bool hf_plan_read(const struct hf_cli *cli, const struct hf_subject *subject,
                  struct hf_plan *plan);

/* The value of the CAA property that matches the plan (RFC 8657). */
void hf_plan_put_caa(const struct hf_plan *plan, struct hf_buf *out);
