/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hooks.h -- programs of the operator's around renewals, as certbot's users
 * know them: executables in the folders pre, deploy and post of --hook-dir, and
 * commands of one certificate, which its renewal file remembers.
 *
 *     pre     before the first order of a run
 *     deploy  for a certificate that was installed
 *     post    at the end of a run in which pre hooks were due
 *
 * They run in a process of its own (os/runner.h), which is told all of them
 * before anything of the network is read. That one fails is said, and counted;
 * nothing stops for it. What deploy hooks are owed is on disk (lineage.h): a
 * crash, or a hook that fails, loses nothing.
 */
#pragma once

#include "cli/cert.h"

/* clang-format off */
#define HF_HOOK_OPTIONS                                                        \
    {.name = "pre-hook",                                                       \
     .arg = "COMMAND",                                                         \
     .help = "Run before the first order, by /bin/sh; remembered"},            \
    {.name = "deploy-hook",                                                    \
     .arg = "COMMAND",                                                         \
     .help = "Run when this certificate was installed; remembered"},           \
    {.name = "post-hook",                                                      \
     .arg = "COMMAND",                                                         \
     .help = "Run at the end, if there was an order; remembered"},             \
    {.name = "hook-dir",                                                       \
     .arg = "DIR",                                                             \
     .choices = "<dir>",                                                       \
     .help = "Folder of pre, deploy and post hooks (root: "                    \
             "/etc/holdfast/hooks)"},                                          \
    {.name = "hook-timeout",                                                   \
     .arg = "SECONDS",                                                         \
     .help = "Longest that a hook may run (default 300)"},                     \
    {.name = "no-hooks", .help = "Run none, and do not make up for it later"}
/* clang-format on */

struct hf_hooks;

/* Those of the folders. On failure a message was printed.
 * Owns: hf_hooks_free(). */
enum hf_exit hf_hooks_new(struct hf_cli *cli, struct hf_hooks **out);
void hf_hooks_free(struct hf_hooks *hooks);

/* Put what the command line says in the place of what is remembered. True when
 * that changed something. Borrows from the command line. */
bool hf_hooks_replace(const struct hf_cli *cli, struct hf_lineage *lineage);

/* Those of a certificate. False when out of memory, after a message. */
bool hf_hooks_add(struct hf_hooks *hooks, const struct hf_lineage *lineage);

/* That is all: start the process that will run them, if there are any. On
 * failure a message was printed. */
enum hf_exit hf_hooks_start(struct hf_hooks *hooks);

/* Before an order: pre hooks that have not run yet. */
void hf_hooks_before(struct hf_hooks *hooks, const struct hf_lineage *lineage);

/* Has this certificate deploy hooks? */
bool hf_hooks_deploys(const struct hf_hooks *hooks,
                      const struct hf_lineage *lineage);

/*
 * The deploy hooks of this certificate, if it is owed them; and when all went
 * well, write down that it is not any more. `*ran` tells whether it was. On
 * failure a message was printed.
 */
enum hf_exit hf_hooks_deploy(struct hf_hooks *hooks, struct hf_cert *cert,
                             bool *ran);

/* How the attempt at a certificate ended, for the post hooks. */
void hf_hooks_note(struct hf_hooks *hooks, const struct hf_lineage *lineage,
                   bool renewed);

/* The end: post hooks. True when all hooks of this run went well. */
bool hf_hooks_after(struct hf_hooks *hooks);
