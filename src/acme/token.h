/* SPDX-License-Identifier: Apache-2.0 */
/*
 * token.h -- what a challenge with a token wants to see: the key
 * authorization (RFC 8555, section 8.1), and where. No I/O.
 */
#pragma once

#include "holdfast/buf.h"
#include "holdfast/err.h"
#include "holdfast/hashed_uri.h"

#define HF_TOKEN_MAX         256 /* characters; servers use 43 */
#define HF_AUTHORIZATION_MAX (HF_TOKEN_MAX + 1 + HF_THUMBPRINT_LEN)
#define HF_DNS_VALUE_LEN     43 /* base64url of SHA-256 */

/* Where http-01 is looked for (section 8.3), and dns-01 (section 8.4). */
#define HF_HTTP_PATH "/.well-known/acme-challenge/"
#define HF_DNS_OWNER "_acme-challenge."

/*
 * Nothing but base64url, so that a file of its name lies where it should, and
 * at least 22 characters of it, which hold the 128 bits that make it
 * impossible to guess (section 8.3).
 */
bool hf_token_is_good(struct hf_span token);

/* Add the key authorization: TOKEN.THUMBPRINT. */
void hf_token_put_authorization(struct hf_buf *out, struct hf_span token,
                                struct hf_span thumbprint);

/*
 * Add the value of the TXT record of dns-01 for this key authorization.
 * Fails: as digest->compute().
 */
enum hf_err hf_token_put_dns_value(struct hf_buf *out,
                                   struct hf_span authorization,
                                   const struct hf_digest *digest,
                                   struct hf_why *why);
