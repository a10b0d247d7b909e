/* SPDX-License-Identifier: Apache-2.0 */
/*
 * provision.h -- what the orders of one run may need of this machine, all of it
 * found out before anything of the network is read: programs that publish in
 * DNS, each in a process of its own (client/hook.h), commands that tell
 * passphrases, in one process (os/secret.h), and folders of web servers. Then
 * this process is walled in (fence.h). It is kept in cli->provision.
 */
#pragma once

#include "cli/cli.h"
#include "client/hook.h"
#include "client/lineage.h"

/* On failure a message was printed. Owns: hf_provision_free(). */
enum hf_exit hf_provision_new(struct hf_cli *cli);
void hf_provision_free(struct hf_cli *cli);

/* What this certificate may need. False when out of memory, after a message. */
bool hf_provision_add(struct hf_cli *cli, const struct hf_lineage *lineage);

/*
 * That is all: start the programs, and build the wall. Change what is below the
 * state folder and those of web servers from now on, and no more. There is no
 * wall when the account of some certificate has its key in hardware: other
 * people's code, begun with the account, may need to change files of its own.
 *
 * A program that cannot be started is told of where it is needed. On failure a
 * message was printed.
 */
enum hf_exit hf_provision_start(struct hf_cli *cli);

/* The hook of this text, to be called; or NULL. Borrowed. */
struct hf_hook *hf_provision_hook(const struct hf_cli *cli,
                                  struct hf_span text);

/* Let the command tell its passphrase; `*err` is that of hf_secret_run(). False
 * when there is no such command. */
bool hf_provision_tell(const struct hf_cli *cli, struct hf_span command,
                       struct hf_buf *out, enum hf_err *err,
                       struct hf_why *why);
