/* SPDX-License-Identifier: Apache-2.0 */
/*
 * holder.h -- getting at an account: which one a command line means, its key,
 * its CA. Read once for every command that speaks for an account.
 */
#pragma once

#include <limits.h>

#include "cli/cli.h"
#include "cli/key_choice.h"
#include "cli/passphrase.h"
#include "client/account.h"
#include "client/account_run.h"
#include "client/key.h"
#include "crypto/private_key.h"
#include "os/lock.h"

/* Rows for a command's option table: which account ... */
/* clang-format off */
#define HF_ACCOUNT_OPTIONS                                                     \
    {.name = "account",                                                        \
     .arg = "NAME",                                                            \
     .help = "Account on this machine (default: 'default')"},                  \
        HF_STATE_OPTION

/* ... how to get at its key ... */
#define HF_PASSPHRASE_OPTIONS                                                  \
    {.name = "passphrase-file",                                                \
     .arg = "FILE",                                                            \
     .choices = "<file>",                                                      \
     .help = "First line is the passphrase of the account's key"},             \
        {.name = "passphrase-credential",                                      \
         .arg = "NAME",                                                        \
         .help = "Take it from this credential of the systemd service"},       \
        {.name = "passphrase-command",                                         \
         .arg = "COMMAND",                                                     \
         .help = "Take it from the first line that a command prints"}

/* ... and at the one that is to come ... */
#define HF_NEXT_PASSPHRASE_OPTIONS                                             \
    {.name = "next-passphrase-file",                                           \
     .arg = "FILE",                                                            \
     .choices = "<file>",                                                      \
     .help = "First line is the passphrase, or PIN, of the new key"},          \
        {.name = "next-passphrase-credential",                                 \
         .arg = "NAME",                                                        \
         .help = "Take it from this credential of the systemd service"},       \
        {.name = "next-passphrase-command",                                    \
         .arg = "COMMAND",                                                     \
         .help = "Take it from the first line that a command prints"},         \
        {.name = "next-plaintext",                                             \
         .help = "Keep the new key unencrypted"}

/* ... how long to wait for another process that is at work here ... */
#define HF_WAIT_OPTION                                                         \
    {.name = "wait",                                                           \
     .arg = "SECONDS",                                                         \
     .help = "Longest wait for another holdfast that is at work here "         \
             "(default 10)"}

/* ... and how to reach the CA. */
#define HF_HTTP_OPTIONS                                                        \
    {.name = "ca-bundle",                                                      \
     .arg = "FILE",                                                            \
     .many = true,                                                             \
     .choices = "<file>",                                                      \
     .help = "Trust these roots (PEM) for the CA's web server, not the "       \
             "system's"},                                                      \
        {.name = "timeout",                                                    \
         .arg = "SECONDS",                                                     \
         .help = "Longest wait for one answer of the CA (default 60)"}

#define HF_SANDBOX_OPTION                                                      \
    {.name = "sandbox",                                                        \
     .arg = "WHEN",                                                            \
     .choices = "on off",                                                      \
     .help = "Walls around what faces the network or keys (default: on)"}
/* clang-format on */

/* What only one process may change at a time, in the state folder. */
#define HF_LOCK_ACCOUNTS     "accounts"
#define HF_LOCK_CERTIFICATES "certificates"

/*
 * Have one of them to ourselves. Makes the folder. When another process has it
 * all the time that --wait allows, a message says which: HF_EXIT_LATER.
 */
enum hf_exit hf_state_lock(const struct hf_cli *cli, const char *what,
                           struct hf_lock *out);

/* Start the HTTP client. On failure a message was printed. */
enum hf_exit hf_holder_http(const struct hf_cli *cli, struct hf_http *out);

/* Where the command line says that the passphrase comes from, which is one
 * place at most, none when the key is to be plain. Text is borrowed from the
 * command line; a file's name is made absolute in `path`. */
enum hf_exit hf_passphrase_given(const struct hf_cli *cli, char *path,
                                 size_t size, struct hf_passphrase_source *out);

/* The same of the key to come, with "next-" in front; and its PIN, when a
 * PKCS #11 URI names a file of it. */
enum hf_exit hf_next_passphrase_given(const struct hf_cli *cli, char *path,
                                      size_t size,
                                      struct hf_passphrase_source *out);

/* An account with its key and its CA. Zeroed: nothing yet. */
struct hf_holder {
    const struct hf_cli *cli;
    struct hf_lock lock; /* of all accounts; whoever changes nothing of this
                            one may drop it after hf_holder_open() */
    char folder[PATH_MAX];
    struct hf_account_file file;
    enum hf_key_kind kind; /* of the key that counts */
    struct hf_signer signer;
    struct hf_http http;
    struct hf_talk talk;
    bool is_silent;               /* the CA's directory cannot be had */
    bool hashed_seen;             /* the CA once spoke draft -02: REQ CLI-06 */
    char next[HF_THUMBPRINT_LEN]; /* of a key to come, while it is made */
    char passphrase_room[HF_PASSPHRASE_MAX + 2];
    struct hf_buf passphrase; /* of the key; empty for a plain one */
    char next_passphrase_room[HF_PASSPHRASE_MAX + 2];
    struct hf_buf next_passphrase; /* of the key to come */
    struct hf_buf next_path;       /* of the file that it comes from */
};

/* The account that --account names, or the default one; with --staging that
 * for tests. */
struct hf_span hf_holder_name(const struct hf_cli *cli);

/* Nothing but the folder of the account, which need not exist; and its section
 * of the configuration file, which counts from here on. */
enum hf_exit hf_holder_init(const struct hf_cli *cli, struct hf_span name,
                            struct hf_holder *out);

/* The account's files, and no more. */
enum hf_exit hf_holder_file(const struct hf_cli *cli, struct hf_span name,
                            struct hf_holder *out);

/* The lock, the files, the key, and the CA's directory; and, when a key
 * change was interrupted, its end (REQ CLI-39). On failure a message was
 * printed and `out` is cleared, but for is_silent. */
enum hf_exit hf_holder_open(const struct hf_cli *cli, struct hf_span name,
                            struct hf_holder *out);

/* hf_holder_open() of the account that the command line means; from then on
 * nothing changes any more but what is below the state folder (fence.h). */
enum hf_exit hf_holder_open_fenced(const struct hf_cli *cli,
                                   struct hf_holder *out);

/* ---- keys (holder_key.c) ---- */

/*
 * The key of this thumbprint, unlocked with its passphrase, which is asked for
 * once. That it is the key of this thumbprint is checked, unless it is
 * HF_ACCOUNT_KEY_NEW. On failure a message was printed.
 */
enum hf_exit hf_holder_unlock(struct hf_holder *holder,
                              struct hf_span thumbprint, struct hf_signer *out,
                              enum hf_key_kind *kind);

/* Start the process for it, which waits for the passphrase until somebody
 * unlocks the key: hf_provision_key() is to find it then. Nobody is asked, and
 * no hardware touched. On failure a message was printed. */
enum hf_exit hf_holder_begin_wait(struct hf_holder *holder,
                                  struct hf_span thumbprint,
                                  struct hf_key **key);

/* The same in two steps: hand the key file to a process of its own, which
 * unlocks it meanwhile; and wait for that. */
enum hf_exit hf_holder_begin_unlock(struct hf_holder *holder,
                                    struct hf_span thumbprint,
                                    enum hf_key_give give, struct hf_key **key);
enum hf_exit hf_holder_end_unlock(struct hf_holder *holder,
                                  struct hf_span thumbprint, struct hf_key *key,
                                  struct hf_signer *out,
                                  enum hf_key_kind *kind);

/* Another key, as `choice` says, for `passphrase`; its file has this name, or,
 * when that is empty, its thumbprint. */
enum hf_exit hf_holder_new_key(struct hf_holder *holder,
                               const struct hf_key_choice *choice,
                               struct hf_span passphrase, struct hf_span name,
                               struct hf_signer *out);

/* The key that counts, unlocked into holder->signer, and as somebody else wants
 * it, unencrypted, into `out`, which the caller wipes. */
enum hf_exit hf_holder_reveal(struct hf_holder *holder, enum hf_key_give give,
                              struct hf_buf *out);

/*
 * The passphrase of a new key that is to be in `home`: from `source`, else from
 * the terminal, twice when it is to be made up. Hardware may do without.
 */
enum hf_exit hf_holder_new_passphrase(struct hf_holder *holder,
                                      enum hf_key_home home,
                                      const struct hf_passphrase_source *source,
                                      struct hf_buf *out);

void hf_holder_clear(struct hf_holder *holder);

/* Begin to talk to the CA of holder->file, with the directory from memory when
 * that is fresh. `signer` is NULL while there is no key. On failure a message
 * was printed. */
enum hf_exit hf_holder_talk(struct hf_holder *holder,
                            const struct hf_signer *signer);

/* One sentence about a call that failed: what for, why, and what the CA said.
 * HF_EXIT_ERROR, or HF_EXIT_INTERRUPTED. */
enum hf_exit hf_holder_fail(const struct hf_cli *cli,
                            const struct hf_talk *talk, struct hf_span what,
                            enum hf_err err, const struct hf_why *why);
