/* SPDX-License-Identifier: Apache-2.0 */
/* standing.h -- the records in this machine's register that name an account:
 * what a change of the account means for DNS. */
#pragma once

#include "cli/cli.h"
#include "client/register.h"

/*
 * Call `each` with `to` for every one that was not removed. No register is no
 * record. On failure a message was printed.
 */
enum hf_exit
hf_standing_walk(const struct hf_cli *cli, struct hf_span account_url,
                 void (*each)(void *to, const struct hf_entry *entry),
                 void *to);
