/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sec1.h -- keys on curves, in the one form that nearly everybody gives them:
 * the private half in PKCS #8 (RFC 5958; RFC 5915: version 1, both halves, no
 * parameters), the public one on a named curve (RFC 5480).
 *
 * OpenSSL reads and writes every form, through decoders and encoders that it
 * first looks for: a millisecond each. It stays responsible for all others. For
 * this layer only.
 */
#pragma once

#include <openssl/x509.h>
#include <stdbool.h>

/* The key in `info`; NULL when that has another form, or numbers that make no
 * key: ask OpenSSL. That the halves fit is for hf_private_key_adopt() to see.
 * Owns: EVP_PKEY_free(). */
EVP_PKEY *hf_sec1_read(const PKCS8_PRIV_KEY_INFO *info);

/* A key on P-256 or P-384 in this form; NULL for other keys, and without
 * memory. Owns: PKCS8_PRIV_KEY_INFO_free(), which wipes. */
PKCS8_PRIV_KEY_INFO *hf_sec1_write(const EVP_PKEY *key);

/* The public half of a key on P-256 or P-384; false for other keys, and without
 * memory. */
bool hf_sec1_put_public(const EVP_PKEY *key, X509_PUBKEY *out);
