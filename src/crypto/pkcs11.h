/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pkcs11.h -- a signer whose key is in a token: a smart card, a hardware
 * security module, SoftHSM (PKCS #11 v2.40; REQ CLI-23).
 *
 * What speaks to tokens is a shared object of its own, which is loaded when
 * first wanted: a client that keeps its key in a file carries none of it. A
 * token's own module does what it likes, files, sockets and threads included,
 * so a process that opens one cannot be walled in as the others are.
 */
#pragma once

#include "crypto/signer.h"
#include "holdfast/buf.h"
#include "holdfast/err.h"
#include "holdfast/span.h"

#define HF_PKCS11_TEXT_MAX 4096 /* octets of a URI and of a path */
#define HF_PKCS11_PIN_MAX  256  /* octets */

struct hf_pkcs11_key {
    struct hf_span uri;    /* "pkcs11:token=...;object=..." (RFC 7512) */
    struct hf_span module; /* its module; empty: the URI's module-path */
    struct hf_span pin;    /* empty: the URI's pin-value, or no login */
};

/*
 * Open the one private key that the URI means, in the one token that it means.
 * `loader` is the path of our shared object. The public key is read from the
 * token's public object with the same id, and each signature is verified
 * before it is given out.
 *
 * Owns:  hf_signer_clear(), which logs out and finalises the module: call it
 *        before the process ends.
 * Fails: HF_ENOTFOUND (no such shared object, module, token or key),
 *        HF_EINVAL (the URI, several keys, a wrong or locked PIN, a kind of
 *        key that ACME has no use for), HF_ELIMIT, HF_ENOMEM, HF_ECRYPTO. A
 *        signature fails with HF_EPEER when the token says no.
 */
enum hf_err hf_pkcs11_signer(const char *loader,
                             const struct hf_pkcs11_key *key,
                             struct hf_signer *out, struct hf_why *why);

/*
 * The path in the URI's pin-source, percent-decoded and without "file:", added
 * to `path`; nothing when there is none. Reading that file, whose first line
 * is the PIN, is the caller's business.
 * Fails: HF_ESYNTAX (broken percent-encoding), HF_EINVAL (a command, which is
 *        not run), HF_ELIMIT.
 */
enum hf_err hf_pkcs11_pin_source(struct hf_span uri, struct hf_buf *path,
                                 struct hf_why *why);

/* What the shared object offers, under this name and in this shape. */
#define HF_PKCS11_SYMBOL "hf_pkcs11_open_1"

typedef enum hf_err hf_pkcs11_open_fn(const struct hf_pkcs11_key *key,
                                      struct hf_signer *out,
                                      struct hf_why *why);
