/* SPDX-License-Identifier: Apache-2.0 */
/*
 * import.h -- accounts that other ACME clients have on disk: where the key is,
 * and what is written beside it. Files are read as data, whatever their owners
 * do with them. What they say is a claim: the CA proves it (REQ CLI-17).
 *
 *   certbot     accounts/SERVER/PATH/ID/private_key.json, regr.json
 *   acme.sh     ca/SERVER/PATH/account.key, ca.conf
 *   lego        accounts/SERVER/MAIL/account.json and keys/MAIL.key (version
 *               4), or ID.key beside it (version 5)
 *   uacme       private/key.pem
 *   dehydrated  accounts/BASE64/account_key.pem, account_id.json
 *   caddy       acme/SERVER/users/MAIL/NAME.key, NAME.json
 *   mod_md      accounts/ACME-SERVER-N/account.pem, account.json
 */
#pragma once

#include "crypto/private_key.h"
#include "net/url.h"

#define HF_IMPORT_FORMATS "certbot acme.sh lego uacme dehydrated caddy mod_md"

/* Zeroed: nothing. Release with hf_import_clear(), which wipes. */
struct hf_import {
    struct hf_buf key;    /* PEM, or a JWK */
    char passphrase[256]; /* of the PEM, if it has one */
    size_t passphrase_len;
    char path[4096];                /* of the key, for messages */
    char directory[HF_URL_MAX + 1]; /* or empty: not written there */
    char url[HF_URL_MAX + 1];       /* or empty */
    bool exposed;                   /* others may read the key */
};

/*
 * Find the one account of this format at `path`: its folder, one above it, or
 * the file of its key.
 *
 * Fails: HF_EINVAL (no such format), HF_ENOTFOUND (no account), HF_ELIMIT
 *        (more than one, or a file too long), HF_ESYNTAX (a file is not what
 *        that client writes), HF_ESYSTEM, HF_ENOMEM.
 */
enum hf_err hf_import_read(struct hf_span format, const char *path,
                           struct hf_import *out, struct hf_why *why);
void hf_import_clear(struct hf_import *import);

/* The value of NAME='...' in shell assignments, as acme.sh writes them; for
 * hf_import_read() and its tests. False when it is not there, or is anything
 * but a quoted or plain word. */
bool hf_import_assigned(struct hf_span text, const char *name,
                        struct hf_span *out);
