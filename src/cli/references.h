/* SPDX-License-Identifier: Apache-2.0 */
/*
 * references.h -- what a configuration file says of things outside of a
 * section: other sections, accounts, CAs, files. They may come and go, so that
 * only `config check` looks; a command finds out by itself.
 */
#pragma once

#include "cli/cli.h"
#include "cli/config.h"

/* Note what is wrong. `state` is the folder of accounts.
 * Fails: HF_ENOMEM, HF_ESYSTEM. */
enum hf_err hf_references_check(const struct hf_cli *cli, const char *state,
                                struct hf_config *config, struct hf_why *why);
