/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jwk_read.h -- keys out of the text of one JWK object (RFC 7517, RFC 7518
 * section 6, RFC 8037). For this layer only.
 *
 * Strict: no member twice, numbers in canonical base64url without zero octets
 * in front, coordinates in full length, points on the curve.
 */
#pragma once

#include <openssl/evp.h>

#include "holdfast/err.h"
#include "holdfast/span.h"

#define HF_JWK_TEXT_MAX 65536 /* octets of a text that is looked at */

/*
 * A public key: RSA, P-256, P-384, P-521, Ed25519. A private one is refused.
 * Owns: EVP_PKEY_free(). Fails: HF_ESYNTAX (no JSON object), HF_EINVAL.
 */
enum hf_err hf_jwk_read_public(struct hf_span text, EVP_PKEY **out,
                               struct hf_why *why);

/*
 * A private key of one of these kinds. RSA needs n, e and d; its other
 * members are computed and not believed, so that they cannot contradict. Only
 * RSA and Ed25519 are sure to have fitting halves afterwards: try an EC key
 * before you rely on it. Values are wiped from the JSON parser's memory.
 *
 * Owns: EVP_PKEY_free(). Fails: HF_ESYNTAX, HF_EINVAL (also for a public
 * key), HF_ELIMIT.
 */
enum hf_err hf_jwk_read_private(struct hf_span text, EVP_PKEY **out,
                                struct hf_why *why);
