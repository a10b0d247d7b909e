/* SPDX-License-Identifier: Apache-2.0 */
/*
 * secret.h -- where a passphrase comes from. What is given out is a secret:
 * the caller's buffer is fixed, and wiped when it is done with.
 */
#pragma once

#include "os/runner.h"

/*
 * The first line of a file of the owner alone, without its LF.
 * Fails: HF_ENOTFOUND, HF_EINVAL (others may read it; it is empty), HF_ELIMIT,
 *        HF_ESYSTEM.
 */
enum hf_err hf_secret_file(const char *path, struct hf_buf *out,
                           struct hf_why *why);

/* A credential that systemd gave to this service: the file `name` in
 * `folder`, which is $CREDENTIALS_DIRECTORY. Fails as above. */
enum hf_err hf_secret_credential(const char *folder, struct hf_span name,
                                 struct hf_buf *out, struct hf_why *why);

/* The first line that a command says, run by /bin/sh within half a minute.
 * Fails: HF_EINVAL (it failed, or said nothing), HF_ESYSTEM, HF_ECANCELED. */
enum hf_err hf_secret_command(const char *command, struct hf_buf *out,
                              struct hf_why *why);

/* The same by a runner, which is told of the command before it starts. A runner
 * of such commands begins with the environment of hf_secret_init(). */
void hf_secret_init(struct hf_runner *runner);
size_t hf_secret_add(struct hf_runner *runner, struct hf_span command);

/* Fails: as hf_runner_run(), HF_EINVAL (it failed, or said nothing). */
enum hf_err hf_secret_run(struct hf_runner *runner, size_t index,
                          struct hf_buf *out, struct hf_why *why);

/*
 * Ask on the terminal, without showing what is typed.
 * Fails: HF_ENOTFOUND (there is no terminal), HF_EINVAL (nothing was typed),
 *        HF_ELIMIT, HF_ECANCELED, HF_ESYSTEM.
 */
enum hf_err hf_secret_ask(const char *prompt, struct hf_buf *out,
                          struct hf_why *why);

/* A line that may be seen, such as a confirmation. Fails as above. */
enum hf_err hf_terminal_ask(const char *prompt, struct hf_buf *out,
                            struct hf_why *why);
