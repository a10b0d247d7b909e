/* SPDX-License-Identifier: Apache-2.0 */
/*
 * key_msg.h -- what is said to a process that has a key, and what it says.
 *
 *     OPEN    how (1), origin (text), passphrase (text), TCTI (text), holes
 *             (text), environment (text), give (1), seal (text), PEM, JWK or
 *             URI
 *     MAKE    how (1), origin (text), passphrase (text), TCTI (text), holes
 *             (text), environment (text), kind (1), where: nothing, or hardware
 *     UNLOCK  passphrase
 *     SIGN    octets
 *
 *     READY   algorithm (1), kind (1), thumbprint, JWK (text), directory
 *             (text), account URL (text); of a key in hardware its note
 *             (crypto/key_note.h), else for MAKE the sealed PEM, and for OPEN
 *             what it is to give
 *     SIGNED  signature
 *     FAILED  error (1), sentence
 *
 * A signer for a fleet (`account serve-signer`) begins with READY by itself,
 * and then takes SIGN alone. Pure.
 */
#pragma once

#include "crypto/private_key.h"
#include "crypto/signer.h"
#include "keys/reach.h"
#include "os/role.h"

enum hf_key_frame {
    HF_KEY_OPEN = 1,
    HF_KEY_MAKE,
    HF_KEY_SIGN,
    HF_KEY_READY,
    HF_KEY_SIGNED,
    HF_KEY_FAILED,
    HF_KEY_UNLOCK,
};

#define HF_KEY_SIGN_MAX  ((size_t)2 << 20) /* octets that one SIGN holds */
#define HF_KEY_REPLY_MAX ((size_t)16 << 10)
#define HF_KEY_SAID_MAX  1200 /* of a sentence in FAILED, escaped */

/* What comes back with READY of a key that was opened. */
enum hf_key_give {
    HF_KEY_GIVE_NOTHING,
    HF_KEY_GIVE_PEM, /* sealed with another passphrase, or plain */
    HF_KEY_GIVE_JWK,
    HF_KEY_GIVE_OLD_PEM, /* plain, as lego 4 wants it */
};

/* OPEN and MAKE. */
struct hf_key_want {
    bool make;
    bool no_wall;
    bool waits;                /* until UNLOCK, which brings the passphrase */
    struct hf_span origin;     /* a URL at the server that it may sign for */
    struct hf_span passphrase; /* or PIN; may be empty: there is none */
    struct hf_key_reach reach;
    /* To open: PEM, a private JWK, or as below. To make: empty for a key in a
     * file, else the hardware to make it in, as hf_token_plan.where. */
    struct hf_span pem;
    enum hf_key_give give;
    struct hf_span seal;   /* the passphrase of the PEM that it gives */
    enum hf_key_kind kind; /* to make */
};

void hf_key_put_want(struct hf_buf *out, const struct hf_key_want *want);
enum hf_err hf_key_read_want(const struct hf_frame *frame,
                             struct hf_key_want *out, struct hf_why *why);

void hf_key_put(struct hf_buf *out, enum hf_key_frame kind,
                struct hf_span octets);

/* Of READY; the rest of it borrows from the frame. */
struct hf_key_ready {
    struct hf_signer signer; /* without functions */
    enum hf_key_kind kind;
    struct hf_span directory; /* of a signer for a fleet */
    struct hf_span account_url;
    struct hf_span pem; /* of a key that was made; or what was to be given */
};

void hf_key_put_ready(struct hf_buf *out, const struct hf_key_ready *ready);

/* Fails: HF_ESYNTAX. The thumbprint is that of the JWK, or it is none. */
enum hf_err hf_key_read_ready(const struct hf_frame *frame,
                              struct hf_key_ready *out, struct hf_why *why);

void hf_key_put_failed(struct hf_buf *out, enum hf_err err, const char *text);

/* The error that was sent, with its sentence, printable, in `said` of
 * HF_KEY_SAID_MAX + 1; HF_EPEER when the frame is something else. */
enum hf_err hf_key_read_failed(const struct hf_frame *frame, char *said,
                               struct hf_why *why);
