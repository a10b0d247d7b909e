/* SPDX-License-Identifier: Apache-2.0 */
/*
 * config_kind.h -- what the keys of a configuration file mean: in a section of
 * each kind a key is the long name of an option, and says what the command line
 * leaves out. The option tables of the commands are the one list of them, so
 * that an option is a key, checked and documented, from the day it is made.
 */
#pragma once

#include "cli/cli.h"
#include "cli/config.h"

struct hf_config_kind {
    const char *word;    /* of the section; "" for the file itself */
    const char *home;    /* the command whose options are its keys; or NULL */
    const char *only;    /* of these; NULL: all of them, */
    const char *without; /* but not these; or NULL */
    const char *away;    /* what counts for other commands too; NULL: all */
    const struct hf_option *own; /* keys that are no option */
    size_t own_count;
};

/* By its word, or NULL. */
const struct hf_config_kind *hf_config_kind_find(const char *word);

/* What a key stands for, or NULL: there is no such key here. */
const struct hf_option *hf_config_kind_option(const struct hf_config_kind *kind,
                                              const struct hf_cli *cli,
                                              const char *key);

/*
 * Does the key count for the command that runs? An option of another command
 * may have the same name; it is the same option when its help says so too.
 */
bool hf_config_kind_serves(const struct hf_config_kind *kind,
                           const struct hf_cli *cli, const char *key);

/* Is this value of a switch a yes? What is neither is a no. */
bool hf_config_is_yes(const char *value);

/*
 * Note what is wrong in `config` by itself: kinds, titles, keys, and values as
 * far as their options say what they are.
 * Fails: HF_ENOMEM.
 */
enum hf_err hf_config_check(const struct hf_cli *cli, struct hf_config *config,
                            struct hf_why *why);
