/* SPDX-License-Identifier: Apache-2.0 */
/* foreign.h -- how other ACME clients write keys and name them. */
#pragma once

#include "crypto/private_key.h"

#define HF_CERTBOT_ID_LEN 32

/*
 * What certbot calls the account of this public JWK: the MD5 of its PEM, in
 * lower-case hexadecimal. A name, nothing that protects.
 * Fails as hf_jwk_thumbprint().
 */
enum hf_err hf_certbot_id(struct hf_span jwk, char *out, struct hf_why *why);

/*
 * The key, plain, in the PEM of before PKCS#8 ("EC PRIVATE KEY", "RSA PRIVATE
 * KEY"), which is all that lego 4 reads; Ed25519 has none and stays PKCS#8.
 * Fails: HF_ELIMIT (`pem` is full), HF_ECRYPTO.
 */
enum hf_err hf_private_key_write_old(const struct hf_private_key *key,
                                     struct hf_buf *pem, struct hf_why *why);
