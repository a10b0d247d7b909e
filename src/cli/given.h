/* SPDX-License-Identifier: Apache-2.0 */
/*
 * given.h -- the records that a command line gives, as operands, in files or
 * on standard input. One reader for every `record` command.
 */
#pragma once

#include "cli/cli.h"
#include "cli/given_line.h"

/* Rows for the option tables of the commands that use hf_given_each(). */
/* clang-format off */
#define HF_GIVEN_OPTIONS                                                       \
    {.name = "file",                                                           \
     .arg = "FILE",                                                            \
     .choices = "<file>",                                                      \
     .many = true,                                                             \
     .help = "Records from FILE, one a line; '-' is standard input"}
/* clang-format on */

/*
 * Hand every record on the command line to `fn`: the operands, then the files
 * of --file, or standard input when there is neither. Lines of a zone file
 * that are about something else are passed over.
 *
 * HF_EXIT_GOOD, or HF_EXIT_ERROR after messages about what could not be read;
 * HF_EXIT_INTERRUPTED.
 */
enum hf_exit hf_given_each(struct hf_cli *cli, hf_given_fn *fn, void *state);

/* The same for one file. */
enum hf_exit hf_given_file(struct hf_cli *cli, const char *path,
                           hf_given_fn *fn, void *state);

/* The name that an owner name is about: without its first label; empty when
 * that is none of the two labels of this method. */
struct hf_span hf_given_name(const struct hf_given *given);
