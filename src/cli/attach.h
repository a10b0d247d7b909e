/* SPDX-License-Identifier: Apache-2.0 */
/* attach.h -- accounts that exist already: the CA proves them, and then they
 * are written down here. */
#pragma once

#include "cli/holder.h"

/* Ask the signer at the socket `path` for its account, prove it, and write it
 * down under the name that --account gives. */
enum hf_exit hf_attach(struct hf_cli *cli, const char *path);

/*
 * Have all accounts to ourselves and build the fence: whoever has the key runs
 * already. Then ask the CA whether holder->signer is the key of the account
 * file.url, and whether that is valid (REQ CLI-17); when there is no URL, which
 * account it is the key of: its URL is then put into `url` of HF_URL_MAX. On
 * failure a message was printed.
 */
enum hf_exit hf_attach_prove(struct hf_holder *holder, char *url);

/* Then write it down, with its key unless that is empty, when there is no
 * account of that name yet; and say so. On failure a message was printed. */
enum hf_exit hf_attach_keep(struct hf_holder *holder, struct hf_span pem);
