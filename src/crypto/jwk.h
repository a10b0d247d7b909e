/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jwk.h -- the name of a public key: its JWK thumbprint (RFC 7638).
 *
 * Public halves only. A private key is recognised and refused, so that nobody
 * gets used to handing one over for a computation that needs none (REQ
 * CLI-19).
 */
#pragma once

#include "holdfast/hashed_uri.h"

/*
 * The unpadded base64url SHA-256 thumbprint of the key in `text`: PEM
 * ("PUBLIC KEY", "RSA PUBLIC KEY") or one JWK object; RSA from 2048 bits,
 * P-256, P-384, P-521, Ed25519. `out` has HF_THUMBPRINT_LEN bytes (REQ
 * RECORD-26).
 *
 * Fails: HF_ESYNTAX (neither of the two), HF_EINVAL (a private key, a kind of
 *        key that ACME does not use, numbers that make no key), HF_ENOMEM,
 *        HF_ECRYPTO.
 */
enum hf_err hf_jwk_thumbprint(struct hf_span text, char *out,
                              struct hf_why *why);

/*
 * Add the SubjectPublicKeyInfo, in DER, of the key in a public JWK to `out`.
 * Fails: HF_ESYNTAX, HF_EINVAL, HF_ELIMIT (`out` is full), HF_ECRYPTO.
 */
enum hf_err hf_jwk_spki(struct hf_span jwk, struct hf_buf *out,
                        struct hf_why *why);
