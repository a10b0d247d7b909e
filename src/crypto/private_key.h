/* SPDX-License-Identifier: Apache-2.0 */
/*
 * private_key.h -- a private key in memory: of an account or of a certificate.
 *
 * Wiped when freed, and nothing prints it but hf_private_key_write() and
 * hf_private_key_to_jwk(). Who may read the file that these octets go to is
 * the caller's business (REQ CLI-23). Buffers that receive or held a key are
 * cleared with hf_buf_clear_wiped().
 */
#pragma once

#include <stdbool.h>

#include "holdfast/buf.h"
#include "holdfast/err.h"
#include "holdfast/span.h"

struct hf_signer;

/* What public CAs take for accounts and for certificates. */
enum hf_key_kind {
    HF_KEY_P256,
    HF_KEY_P384,
    HF_KEY_ED25519,
    HF_KEY_RSA2048,
    HF_KEY_RSA3072,
    HF_KEY_RSA4096,
};

#define HF_KEY_KIND_COUNT (HF_KEY_RSA4096 + 1)

/* "p256", "p384", "ed25519", "rsa2048", "rsa3072", "rsa4096". */
const char *hf_key_kind_name(enum hf_key_kind kind);
bool hf_key_kind_find(struct hf_span name, enum hf_key_kind *out);

#define HF_KEY_PEM_MAX     65536 /* octets of a file that is looked at */
#define HF_PASSPHRASE_MAX  1024
#define HF_PRIVATE_JWK_MAX 4096 /* octets that hf_private_key_to_jwk() adds */

struct hf_private_key;

/*
 * A new key from OpenSSL's generator. Owns: hf_private_key_free().
 * Fails: HF_ENOMEM, HF_ECRYPTO.
 */
enum hf_err hf_private_key_generate(enum hf_key_kind kind,
                                    struct hf_private_key **out,
                                    struct hf_why *why);

/*
 * The first private key in `pem`: PKCS#8, plain or encrypted (PBES2, as every
 * tool has written it for twenty years), SEC1 ("EC PRIVATE KEY") or PKCS#1
 * ("RSA PRIVATE KEY"), these also encrypted in the old PEM way. Certificates
 * and parameters beside it do not matter. `passphrase` counts only when the
 * key is encrypted.
 *
 * Owns:  hf_private_key_free().
 * Fails: HF_ESYNTAX (no such key in there), HF_EINVAL (no or the wrong
 *        passphrase, each with a sentence of its own; an encryption that would
 *        keep the machine busy for more than about a second; a key that ACME
 *        has no use for: RSA of other sizes, other curves, DSA, a public key),
 *        HF_ELIMIT, HF_ENOMEM.
 */
enum hf_err hf_private_key_read(struct hf_span pem, struct hf_span passphrase,
                                struct hf_private_key **out,
                                struct hf_why *why);

/* True when hf_private_key_read() will want a passphrase: time to ask. */
bool hf_private_key_is_encrypted(struct hf_span pem);

/* True when `err` and `why` of hf_private_key_read() say that the passphrase
 * was wrong: time to ask again. */
bool hf_private_key_wrong_passphrase(enum hf_err err, const struct hf_why *why);

/*
 * Add PKCS#8 in PEM to `pem`, in one piece. With a passphrase PBES2: scrypt
 * with N=2^14, r=8, p=1 (the most that OpenSSL's own reader accepts) and
 * AES-256-CBC; openssl(1) reads it. With an empty one the text is plain, and
 * it is the caller who decides that this may be.
 *
 * Fails: HF_ELIMIT (passphrase too long, or `pem` is full; then nothing was
 *        added), HF_ENOMEM, HF_ECRYPTO.
 */
enum hf_err hf_private_key_write(const struct hf_private_key *key,
                                 struct hf_span passphrase, struct hf_buf *pem,
                                 struct hf_why *why);

/*
 * The key of a private JWK, as in certbot's private_key.json: RSA with or
 * without its CRT members, EC, OKP (RFC 7518 6, RFC 8037).
 *
 * Owns:  hf_private_key_free().
 * Fails: HF_ESYNTAX, HF_EINVAL (a public key, a kind that ACME has no use for,
 *        halves that do not fit), HF_ELIMIT, HF_ENOMEM.
 */
enum hf_err hf_private_key_from_jwk(struct hf_span json,
                                    struct hf_private_key **out,
                                    struct hf_why *why);

/* Add a private JWK, in one piece, RSA with all of n e d p q dp dq qi.
 * Fails: HF_ELIMIT (`json` is full), HF_ECRYPTO. */
enum hf_err hf_private_key_to_jwk(const struct hf_private_key *key,
                                  struct hf_buf *json, struct hf_why *why);

enum hf_key_kind hf_private_key_kind(const struct hf_private_key *key);

/*
 * Make a signer of the key. The signer holds a reference of its own: either
 * may go first. Release with hf_signer_clear().
 * Fails: HF_ENOMEM, HF_ECRYPTO.
 */
enum hf_err hf_private_key_signer(const struct hf_private_key *key,
                                  struct hf_signer *out, struct hf_why *why);

/* Wipe and release. NULL does nothing. */
void hf_private_key_free(struct hf_private_key *key);

/*
 * OpenSSL reads its configuration, and what that names, when it is first made
 * to work: do that before a wall. Fails as hf_private_key_generate().
 */
enum hf_err hf_private_key_warm_up(struct hf_why *why);
