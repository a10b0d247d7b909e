/* SPDX-License-Identifier: Apache-2.0 */
/* hmac.h -- message authentication codes (RFC 2104), from OpenSSL. */
#pragma once

#include "holdfast/err.h"
#include "holdfast/span.h"

#define HF_HMAC_MAX 64 /* octets of the longest code */

struct hf_hmac;

/*
 * A code under `secret`, which is copied, with OpenSSL's `digest` ("SHA256").
 * Owns: hf_hmac_free(), which wipes.
 * Fails: HF_ECRYPTO (the machine's policy forbids it), HF_ENOMEM.
 */
enum hf_err hf_hmac_new(const char *digest, struct hf_span secret,
                        struct hf_hmac **out, struct hf_why *why);
void hf_hmac_free(struct hf_hmac *hmac);

/* Octets of a finished code. */
size_t hf_hmac_size(const struct hf_hmac *hmac);

/* Take in more; a failure shows at the end. */
void hf_hmac_add(struct hf_hmac *hmac, struct hf_span data);

/*
 * The code of what was added since the last time, into HF_HMAC_MAX bytes; the
 * next one begins. Fails: HF_ECRYPTO.
 */
enum hf_err hf_hmac_end(struct hf_hmac *hmac, unsigned char *out,
                        struct hf_why *why);

/* Equal, in a time that does not tell where they differ. */
bool hf_secret_eq(struct hf_span a, struct hf_span b);
