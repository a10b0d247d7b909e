/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jws_read.h -- what ACME servers receive: flattened JSON Web Signatures (RFC
 * 7515, section 7.2.2; RFC 8555, section 6.2). Everything in one is a
 * stranger's, also when its signature is good.
 */
#pragma once

#include "crypto/jws.h"
#include "crypto/public_key.h"

#define HF_JWS_BODY_MAX ((size_t)128 << 10) /* octets of one */

/* One of them, taken apart. Spans point into it; an absent text is empty. */
struct hf_jws {
    struct hf_span alg;
    struct hf_span kid;
    struct hf_span jwk; /* JSON text; either this or kid is there */
    struct hf_span nonce;
    struct hf_span url;
    struct hf_span payload; /* decoded; empty for POST-as-GET */
    struct hf_span input;   /* what was signed (RFC 7515, section 5.1) */
    struct hf_span signature;
    char *block; /* what they live in */
};

/*
 * Read a body. It is refused with more than one signature, with an unprotected
 * header, with "crit" or "b64", with neither or both of "jwk" and "kid", and
 * with base64url that is not the one spelling of its octets.
 *
 * Owns:  hf_jws_clear().
 * Fails: HF_ESYNTAX (no such object), HF_EINVAL (what RFC 8555, section 6.2,
 *        forbids), HF_ELIMIT, HF_ENOMEM.
 */
enum hf_err hf_jws_read(struct hf_span body, struct hf_jws *out,
                        struct hf_why *why);

/* Release and zero. Harmless on a zeroed one. */
void hf_jws_clear(struct hf_jws *jws);

/* Signed by this key, with the algorithm of this key? */
bool hf_jws_is_signed_by(const struct hf_jws *jws,
                         const struct hf_public_key *key);

/* Is its code (RFC 8555, section 7.3.4) good under this MAC key? */
bool hf_jws_has_mac_of(const struct hf_jws *jws, struct hf_span mac_key);
