/* SPDX-License-Identifier: Apache-2.0 */
/*
 * token.h -- keys in hardware: in a PKCS #11 token (a smart card, a security
 * module, SoftHSM; v2.40) or in a TPM 2.0 (REQ CLI-23).
 *
 * What speaks to each is a shared object of its own, loaded when an account's
 * key is there: a client that keeps its key in a file carries none of it. And
 * that in turn runs other people's code, which wants files and sockets. So
 * there are two steps, for a process to wall itself in between: first the code
 * is loaded and the hardware found, then the key is used.
 */
#pragma once

#include "crypto/key_note.h"
#include "crypto/private_key.h"
#include "crypto/signer.h"

#define HF_TOKEN_PIN_MAX 256 /* octets of a PIN, or of a TPM's auth value */

struct hf_token_driver;

struct hf_token_plan {
    const struct hf_token_driver *driver; /* of hf_token_file(); NULL: there is
                                             none */
    struct hf_span where;  /* a note (key_note.h), "pkcs11:...", or "tpm2:" */
    struct hf_span tcti;   /* how to reach a TPM; empty: the kernel's */
    bool make;             /* a new key, rather than one that is there */
    enum hf_key_kind kind; /* of the new one */
};

/* The key. The signer owns what was opened: hf_signer_clear(). */
struct hf_token_key {
    struct hf_signer signer;
    enum hf_key_kind kind;
};

/* What a shared object does; state in `token`. */
struct hf_token_driver {
    /* Keeps nothing of `plan`. */
    enum hf_err (*open)(const struct hf_token_plan *plan, void **token,
                        struct hf_why *why);
    /* On success `token` belongs to the signer. */
    enum hf_err (*use)(void *token, struct hf_span pin,
                       struct hf_token_key *out, struct hf_buf *note,
                       struct hf_why *why);
    void (*free)(void *token);
};

/* What it offers, under this name and in this shape. */
#define HF_TOKEN_SYMBOL "hf_token_driver_1"
extern const struct hf_token_driver hf_token_driver_1;

/* Hardware that was found. */
struct hf_token {
    const struct hf_token_driver *driver;
    void *state;
};

#define HF_TOKEN_FILE_MAX 64

/* The name of the shared object, with NUL, that has the driver for what `where`
 * names. */
void hf_token_file(struct hf_span where, char out[HF_TOKEN_FILE_MAX]);

/*
 * Connect to the hardware that plan->where names, and find the token that it
 * means. The PIN is not needed yet, and nothing is signed.
 *
 * Owns:  hf_token_close(), unless hf_token_use() succeeds.
 * Fails: HF_ENOTFOUND (no driver, no such module, token or TPM),
 *        HF_EINVAL (the URI; several tokens; a key of that kind cannot be made
 *        there), HF_ESYNTAX (the note), HF_EPEER (it does not work), HF_ELIMIT,
 *        HF_ENOMEM.
 */
enum hf_err hf_token_open(const struct hf_token_plan *plan,
                          struct hf_token *out, struct hf_why *why);

/*
 * Log in and find the one key that was meant, or make it: so that it never
 * leaves the hardware. Then out->signer signs; each signature is verified
 * before it is given out. What finds the key the next time, its note, is added
 * to `note`.
 *
 * Owns:  hf_signer_clear(), which logs out and lets go of the hardware: call
 *        it before the process ends.
 * Fails: HF_ENOTFOUND (no such key), HF_EINVAL (several keys, a wrong or locked
 *        PIN, a kind of key that ACME has no use for, a key of another TPM),
 *        HF_EPEER, HF_ELIMIT, HF_ENOMEM, HF_ECRYPTO. A signature fails with
 *        HF_EPEER when the hardware says no.
 */
enum hf_err hf_token_use(struct hf_token *token, struct hf_span pin,
                         struct hf_token_key *out, struct hf_buf *note,
                         struct hf_why *why);

/* Harmless on a zeroed one. */
void hf_token_close(struct hf_token *token);
