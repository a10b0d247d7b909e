/* SPDX-License-Identifier: Apache-2.0 */
/*
 * key_note.h -- a key file that holds no key, but says which hardware has it:
 * the URI of a key in a PKCS #11 token, or a key that one TPM alone can
 * unwrap. In the PEM forms that OpenSSL's pkcs11 and tpm2 providers read, too.
 * No PIN is ever in one.
 */
#pragma once

#include <stdbool.h>

#include "holdfast/buf.h"
#include "holdfast/err.h"
#include "holdfast/span.h"

/* Where a private key is. */
enum hf_key_home {
    HF_HOME_FILE, /* in the file itself, encrypted or not */
    HF_HOME_PKCS11,
    HF_HOME_TPM2,
};

#define HF_KEY_HOME_COUNT (HF_HOME_TPM2 + 1)

/* "file", "pkcs11", "tpm2". */
const char *hf_key_home_name(enum hf_key_home home);

/* By a key file's text; or by what names a key: "pkcs11:...", "tpm2:". */
enum hf_key_home hf_key_home_of(struct hf_span text);

#define HF_TOKEN_URI_MAX 1024 /* octets */

/* Add PEM that names the key by its URI. Fails: HF_ELIMIT, HF_ECRYPTO. */
enum hf_err hf_key_note_write_uri(struct hf_span uri, struct hf_buf *pem,
                                  struct hf_why *why);

/* Add the URI in it. Fails: HF_ESYNTAX, HF_ELIMIT. */
enum hf_err hf_key_note_read_uri(struct hf_span pem, struct hf_buf *uri,
                                 struct hf_why *why);

/* A key that a TPM wrapped (ASN.1 Specification for TPM 2.0 Key Files). */
struct hf_tpm2_note {
    bool has_auth;          /* it wants an authorization value */
    uint32_t parent;        /* handle: of a hierarchy, or of a stored key */
    struct hf_span public;  /* TPM2B_PUBLIC */
    struct hf_span private; /* TPM2B_PRIVATE */
};

#define HF_TPM2_NOTE_MAX 4096 /* octets of each half, and of the DER */

enum hf_err hf_key_note_write_tpm2(const struct hf_tpm2_note *note,
                                   struct hf_buf *pem, struct hf_why *why);

/*
 * The spans of `out` point into `room` of HF_TPM2_NOTE_MAX.
 * Fails: HF_ESYNTAX, HF_EINVAL (a key of another kind, or under a policy),
 *        HF_ELIMIT.
 */
enum hf_err hf_key_note_read_tpm2(struct hf_span pem, unsigned char *room,
                                  struct hf_tpm2_note *out, struct hf_why *why);

/* Will the hardware want a PIN or an authorization value for this key? Which
 * tokens want one is known by asking them: true for all. */
bool hf_key_note_has_auth(struct hf_span text);
