/* SPDX-License-Identifier: Apache-2.0 */
/*
 * provision.h -- what one run, with accounts that are opened late, may need of
 * this machine, all of it found out before a stranger is listened to: programs
 * that publish in DNS, each in a process of its own (client/hook.h), commands
 * that tell passphrases, in one process (os/secret.h), whoever has a key in
 * hardware (client/key.h), and folders of web servers. Then this process is
 * walled in (fence.h). It is kept in cli->provision.
 */
#pragma once

#include "cli/cli.h"
#include "client/hook.h"
#include "client/key.h"
#include "client/lineage.h"

/* On failure a message was printed. Owns: hf_provision_free(). */
enum hf_exit hf_provision_new(struct hf_cli *cli);
void hf_provision_free(struct hf_cli *cli);

/* What this certificate may need. False when out of memory, after a message. */
bool hf_provision_add(struct hf_cli *cli, const struct hf_lineage *lineage);

/* What this account may need; and that what is below this folder may be
 * changed. False when out of memory, without a message. */
bool hf_provision_add_account(struct hf_cli *cli, struct hf_span account);
bool hf_provision_add_folder(struct hf_cli *cli, struct hf_span path);

/*
 * That is all: start the programs, and build the wall. Change what is below the
 * state folder and those of web servers from now on, and no more. Other
 * people's code, which speaks to hardware, may have files of its own to change,
 * so the process that loads it is started before the wall.
 *
 * A program that cannot be started is told of where it is needed. On failure a
 * message was printed.
 */
enum hf_exit hf_provision_start(struct hf_cli *cli);

/* The hook of this text, to be called; or NULL. Borrowed. */
struct hf_hook *hf_provision_hook(const struct hf_cli *cli,
                                  struct hf_span text);

/* The process that waits to have this key of the account in this folder, or
 * has it by now; or NULL. Borrowed: hf_key_share(). */
struct hf_key *hf_provision_key(const struct hf_cli *cli, const char *folder,
                                struct hf_span thumbprint);

/* Let the command tell its passphrase; `*err` is that of hf_secret_run(). False
 * when there is no such command. */
bool hf_provision_tell(const struct hf_cli *cli, struct hf_span command,
                       struct hf_buf *out, enum hf_err *err,
                       struct hf_why *why);
