/* SPDX-License-Identifier: Apache-2.0 */
/* attach.h -- an account here whose key is at a signer for a fleet. */
#pragma once

#include "cli/holder.h"

/* Ask the signer at the socket `path` for its account, prove that with the CA
 * (REQ CLI-17), and write it down under the name that --account gives. */
enum hf_exit hf_attach(struct hf_cli *cli, const char *path);
