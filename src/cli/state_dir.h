/* SPDX-License-Identifier: Apache-2.0 */
/* state_dir.h -- the register of records in the state folder. */
#pragma once

#include "cli/cli.h"
#include "client/register.h"

/*
 * Open the register of cli->state. With `must_exist` a missing one leaves *out
 * as it is. Another status than HF_EXIT_GOOD stands for a message that names
 * the file.
 */
enum hf_exit hf_state_register(const struct hf_cli *cli, bool must_exist,
                               struct hf_register **out);
