/* SPDX-License-Identifier: Apache-2.0 */
/* cas_section.h -- CAs that a configuration file describes. */
#pragma once

#include "cli/cas.h"
#include "cli/config.h"

/*
 * Add the CA of a section, `ca NAME { ... }`. What a CA of that name has in the
 * table already stays as far as the section does not say otherwise.
 * Fails: as hf_cas_add(). Text is borrowed from the configuration.
 */
enum hf_err hf_cas_add_section(struct hf_cas *cas,
                               const struct hf_config *config,
                               const struct hf_config_section *section,
                               struct hf_why *why);

/* The same for all sections of CAs. On failure `*at` is the one. */
enum hf_err hf_cas_add_sections(struct hf_cas *cas,
                                const struct hf_config *config,
                                const struct hf_config_section **at,
                                struct hf_why *why);
