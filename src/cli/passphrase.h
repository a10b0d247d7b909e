/* SPDX-License-Identifier: Apache-2.0 */
/*
 * passphrase.h -- a passphrase, or PIN, from where it is to come: a file, a
 * systemd credential, a command, or else somebody at the terminal.
 */
#pragma once

#include "cli/cli.h"
#include "client/account.h"

/* How somebody is asked. */
struct hf_passphrase_prompt {
    const char *known;   /* for one that is known */
    const char *made_up; /* for one to be made up, twice; NULL: it is known */
    bool may_be_none;    /* hardware says itself when it wants one */
};

/* Nothing is wanted of the terminal: the source says where it is. */
static inline bool
hf_passphrase_source_is_empty(const struct hf_passphrase_source *source)
{
    return source->file.len + source->credential.len + source->command.len == 0;
}

/* Add it to `out`, which the caller wipes. On failure a message was printed. */
enum hf_exit hf_passphrase_get(const struct hf_cli *cli,
                               const struct hf_passphrase_prompt *prompt,
                               bool is_new,
                               const struct hf_passphrase_source *source,
                               struct hf_buf *out);
