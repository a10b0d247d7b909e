/* SPDX-License-Identifier: Apache-2.0 */
/*
 * key_choice.h -- which key a new account, or a key change, is to have: what
 * the command line says of it.
 */
#pragma once

#include "cli/cli.h"
#include "client/account.h"
#include "crypto/private_key.h"

/* Rows for a command's option table. */
/* clang-format off */
#define HF_KEY_OPTIONS                                                         \
    {.name = "key",                                                            \
     .arg = "WHERE",                                                           \
     .help = "Where the key is: 'file', 'tpm2:', or a PKCS #11 URI"},          \
        {.name = "make-key",                                                   \
         .help = "Make the key in the PKCS #11 token, rather than use one "    \
                 "that is there"},                                             \
        {.name = "key-type",                                                   \
         .arg = "TYPE",                                                        \
         .choices = "p256 p384 ed25519 rsa2048 rsa3072 rsa4096",               \
         .help = "Kind of the key (default: p256, or as the old one)"},        \
        {.name = "tcti",                                                       \
         .arg = "TCTI",                                                        \
         .help = "How the TPM is reached (default: $TPM2TOOLS_TCTI, or "       \
                 "device:/dev/tpmrm0)"},                                       \
        {.name = "token-allow",                                                \
         .arg = "WHAT",                                                        \
         .many = true,                                                         \
         .help = "What a token's module needs behind its wall: a path that "   \
                 "it reads and writes, or 'network'"}
/* clang-format on */

struct hf_key_choice {
    bool given; /* does the command line say where? */
    bool make;
    bool has_kind;
    enum hf_key_home home;
    enum hf_key_kind kind;
    struct hf_span where; /* as hf_token_plan.where; empty for a file */
};

/*
 * Read it; `kind` is the kind when nothing else is said. What concerns the
 * account goes into `file`: how hardware is reached. Text is borrowed from the
 * command line. On failure a message was printed.
 */
enum hf_exit hf_key_choice_read(const struct hf_cli *cli, enum hf_key_kind kind,
                                struct hf_account_file *file,
                                struct hf_key_choice *out);

/* The file that a PKCS #11 URI at --key names as its pin-source, into `path`
 * of `size`, which is empty when there is none. */
enum hf_exit hf_key_choice_pin_source(const struct hf_cli *cli, char *path,
                                      size_t size);
