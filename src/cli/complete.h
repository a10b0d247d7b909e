/* SPDX-License-Identifier: Apache-2.0 */
/* complete.h -- shell completion, written from the table of commands. */
#pragma once

#include "cli/cli.h"

/* The options that every command shares; returns how many. */
size_t hf_cli_options(const struct hf_command *command,
                      const struct hf_option **own,
                      const struct hf_option **shared);

/* `holdfast completion bash|zsh|fish`; argv holds the words after it. */
enum hf_exit hf_complete_main(const struct hf_command *commands, size_t count,
                              struct hf_cli *cli, int argc, char **argv);
