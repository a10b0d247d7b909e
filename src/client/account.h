/* SPDX-License-Identifier: Apache-2.0 */
/*
 * account.h -- ACME accounts on this machine: what is known of each, and the
 * files of its keys. No network.
 *
 * An account is a folder accounts/NAME in the state folder, mode 0700. Its
 * account.json says which key file counts, and is replaced whole; key files
 * are named by their thumbprints and never overwritten. A key in hardware has
 * one, too, that says where it is (crypto/key_note.h). So at every moment,
 * also after a crash, account.json and the key it names belong together; a
 * key that is to replace it stands beside it as `next` until the CA has
 * answered (REQ CLI-39).
 */
#pragma once

#include <stdbool.h>

#include "crypto/key_note.h"
#include "holdfast/buf.h"
#include "holdfast/err.h"

#define HF_ACCOUNT_PRIOR_MAX    32 /* thumbprints of earlier keys */
#define HF_ACCOUNT_NAME_MAX     64
#define HF_ACCOUNT_NAME_DEFAULT "default"
#define HF_ACCOUNT_NAME_STAGING "staging" /* with --staging */
#define HF_ACCOUNT_KEY_MAX      8192 /* octets of a key file that we wrote */

/* What the key of an account to come is called in the place of its
 * thumbprint, until the CA has answered. */
#define HF_ACCOUNT_KEY_NEW HF_SPAN("new")

/* Where the passphrase of the key comes from; empty members do not count, and
 * with none of them somebody is asked. */
struct hf_passphrase_source {
    struct hf_span file;
    struct hf_span credential; /* of systemd */
    struct hf_span command;
};

#define HF_ACCOUNT_HOLES_MAX 8

/* What account.json holds. Text is borrowed: from the file that was read, or
 * from whoever writes one. Empty and zero: not known. */
struct hf_account_file {
    struct hf_span name;       /* when read: of the folder, borrowed from it */
    struct hf_span ca;         /* in the table of CAs */
    struct hf_span directory;  /* URL */
    struct hf_span url;        /* the account's, as in Location */
    struct hf_span status;     /* as last heard */
    struct hf_span contact;    /* "mailto:..." */
    struct hf_span eab_kid;    /* of the external binding */
    struct hf_span thumbprint; /* of the key that counts */
    struct hf_span next;       /* thumbprint of the key to come, or empty */
    struct hf_span prior[HF_ACCOUNT_PRIOR_MAX]; /* newest first */
    size_t prior_count;
    struct hf_span signer; /* socket of who has the key; empty: it is here */
    bool plaintext;        /* the key files are not encrypted */
    struct hf_passphrase_source passphrase;
    bool next_plaintext; /* these two for the key to come */
    struct hf_passphrase_source next_passphrase;
    struct hf_span tcti; /* how the TPM is reached; empty: the kernel's */
    struct hf_span holes[HF_ACCOUNT_HOLES_MAX]; /* hf_key_reach.holes */
    size_t hole_count;
    int64_t created_at;
    int64_t checked_at; /* when `status` was heard */
    int64_t keyed_at;   /* when the key that counts began to */
    struct json_t *json;
};

/* Letters, digits, '.', '-', '_'; at most HF_ACCOUNT_NAME_MAX, and no dot in
 * front. */
bool hf_account_name_is_good(struct hf_span name);

/* The account's folder, with NUL, in `out` of `size` bytes.
 * Fails: HF_EINVAL (the name), HF_ELIMIT. */
enum hf_err hf_account_folder(const char *state, struct hf_span name, char *out,
                              size_t size, struct hf_why *why);

/*
 * Read account.json. Owns: hf_account_file_clear().
 * Fails: HF_ENOTFOUND (no such account), HF_ESYNTAX, HF_EINVAL (a member is
 *        missing; others may read or change it), HF_ESYSTEM, HF_ENOMEM.
 */
enum hf_err hf_account_file_read(const char *folder,
                                 struct hf_account_file *out,
                                 struct hf_why *why);
void hf_account_file_clear(struct hf_account_file *account);

/* Write it, whole or not at all. Fails as hf_file_replace(), HF_EINVAL (some
 * text is not UTF-8). */
enum hf_err hf_account_file_write(const char *folder,
                                  const struct hf_account_file *account,
                                  struct hf_why *why);

/*
 * The key file of this thumbprint: PEM into `pem`, which the caller wipes.
 * Fails: HF_ENOTFOUND, HF_EINVAL (group or others can read it: REQ CLI-23),
 *        HF_ELIMIT, HF_ESYSTEM.
 */
enum hf_err hf_account_key_read(const char *folder, struct hf_span thumbprint,
                                struct hf_buf *pem, struct hf_why *why);
enum hf_err hf_account_key_write(const char *folder, struct hf_span thumbprint,
                                 struct hf_span pem, struct hf_why *why);

/* What a key file says without a passphrase. */
struct hf_key_place {
    enum hf_key_home home;
    bool plain;                     /* a file that is not encrypted */
    char uri[HF_TOKEN_URI_MAX + 1]; /* of a key in a PKCS #11 token, with NUL */
};

/* Fails as hf_account_key_read(), HF_ESYNTAX. */
enum hf_err hf_account_key_place(const char *folder, struct hf_span thumbprint,
                                 struct hf_key_place *out, struct hf_why *why);

/* Its name, for messages: "FOLDER/key-THUMBPRINT.pem". */
void hf_account_key_path(const char *folder, struct hf_span thumbprint,
                         struct hf_buf *out);

/*
 * Remove every key file but that of `keep`, and what crashes left of them:
 * to be called when the CA has just said that `keep` is the account's key,
 * so that no other is worth anything. (To overwrite them first is of no use
 * on modern disks.) Fails: HF_ESYSTEM, HF_ENOTFOUND (no such folder).
 */
enum hf_err hf_account_keys_sweep(const char *folder, struct hf_span keep,
                                  struct hf_why *why);

/*
 * The names of all accounts, sorted, each with a NUL, in `out`; how many.
 * One whose making was interrupted has a folder and no account.json yet.
 * No state folder is no account. Fails: HF_ESYSTEM, HF_ELIMIT.
 */
enum hf_err hf_account_names(const char *state, struct hf_buf *out,
                             size_t *count, struct hf_why *why);
