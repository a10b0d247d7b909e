/* SPDX-License-Identifier: Apache-2.0 */
/* manager.h -- the service manager that has started us, if one has. */
#pragma once

#include "cli/cli.h"
#include "os/notify.h"

/* What to tell it by; before the wall. On failure a message was printed. Owns:
 * hf_notify_close(). */
enum hf_exit hf_manager_open(const struct hf_cli *cli, struct hf_notify *out);

/* The sockets that it has for us. On failure a message was printed. */
enum hf_exit hf_manager_sockets(const struct hf_cli *cli,
                                struct hf_handed *out);
