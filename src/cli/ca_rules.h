/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ca_rules.h -- what of a CA can become another while it serves: its settings,
 * and who looks at names for it. ca_reload.h makes them anew.
 */
#pragma once

#include "cli/ca_setup.h"
#include "cli/eyes.h"

/* Large: not for the stack. */
struct hf_ca_rules {
    struct hf_ca_setup setup;
    struct hf_suffixes *suffixes;
    struct hf_eyes eyes;
    struct hf_validator *validator;
};

/* Read the settings. `digest` and the text of the command line are borrowed for
 * their life. On failure a message was printed. Owns: hf_ca_rules_free(). */
enum hf_exit hf_ca_rules_read(const struct hf_cli *cli,
                              const struct hf_digest *digest,
                              struct hf_ca_rules **out);
void hf_ca_rules_free(struct hf_ca_rules *rules);

/* Open the eyes that these settings want, and a validator over them. */
enum hf_exit hf_ca_rules_look(const struct hf_cli *cli,
                              const struct hf_digest *digest,
                              struct hf_ca_rules *rules);
