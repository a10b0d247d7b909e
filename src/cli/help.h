/* SPDX-License-Identifier: Apache-2.0 */
/* help.h -- what --help says, for terminals of 80 columns. */
#pragma once

#include "cli/cli.h"

/* One command with its options, and the `shared_count` ones of all. */
void hf_help_command(struct hf_out *out, const struct hf_command *command,
                     const struct hf_option *shared, size_t shared_count);

/* The commands of a family, "ca" or "ca cert"; all, when it is empty. */
void hf_help_family(struct hf_out *out, const struct hf_command *commands,
                    size_t count, struct hf_span family);

/* Does the command's name begin with all words of `family`, and go on? */
bool hf_help_in_family(const struct hf_command *command, struct hf_span family);

/* "p256, p384, rsa2048": the choices of an option, which has some. */
void hf_help_put_choices(struct hf_buf *out, const struct hf_option *option);
