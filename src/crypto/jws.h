/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jws.h -- what ACME clients send: flattened JSON Web Signatures (RFC 7515
 * 7.2.2, RFC 8555 6.2).
 *
 *     {"protected":"...","payload":"...","signature":"..."}
 *
 * Each function adds one such object to `out`. On failure nothing was added,
 * and `out` may be full.
 */
#pragma once

#include "crypto/signer.h"
#include "holdfast/buf.h"
#include "holdfast/err.h"
#include "holdfast/span.h"

#define HF_JWS_PAYLOAD_MAX ((size_t)1 << 20) /* octets */
#define HF_JWS_TEXT_MAX    4096              /* of a URL, a kid, a nonce */

/* The protected header; the algorithm is the signer's. */
struct hf_jws_header {
    struct hf_span url;
    struct hf_span nonce; /* empty: none */
    struct hf_span kid;   /* the account URL; empty: the signer's "jwk" */
};

/*
 * Sign `payload`; an empty one makes a POST-as-GET (RFC 8555 6.3).
 * Fails: HF_ELIMIT, HF_ENOMEM, or what the signer fails with.
 */
enum hf_err hf_jws_sign(const struct hf_signer *signer,
                        const struct hf_jws_header *header,
                        struct hf_span payload, struct hf_buf *out,
                        struct hf_why *why);

/*
 * The inner JWS of keyChange (RFC 8555 7.3.5): the new key says that it takes
 * over `account`, a URL, from `old_jwk`, the public JWK of the key so far. The
 * result is the payload of an ordinary request, signed by the old key, to the
 * same `url` (REQ CLI-39).
 */
enum hf_err hf_jws_key_change(const struct hf_signer *new_signer,
                              struct hf_span url, struct hf_span account,
                              struct hf_span old_jwk, struct hf_buf *out,
                              struct hf_why *why);

/* MAC algorithms of external account binding (RFC 7518 3.1). */
enum hf_mac_alg { HF_HS256, HF_HS384, HF_HS512 };

#define HF_MAC_ALG_COUNT (HF_HS512 + 1)

const char *hf_mac_alg_name(enum hf_mac_alg alg);
bool hf_mac_alg_find(struct hf_span name, enum hf_mac_alg *out);

/* What the CA gave out for one account. */
struct hf_eab {
    enum hf_mac_alg alg;
    struct hf_span key; /* decoded, up to 1024 octets */
    struct hf_span kid;
};

/*
 * External account binding (RFC 8555 7.3.4; REQ CLI-41): the MAC over `jwk`,
 * the public JWK of the account's key. `url` is newAccount's.
 * Fails: HF_EINVAL (no kid), HF_ELIMIT (also an empty key), HF_ENOMEM,
 *        HF_ECRYPTO.
 */
enum hf_err hf_jws_bind(const struct hf_eab *eab, struct hf_span url,
                        struct hf_span jwk, struct hf_buf *out,
                        struct hf_why *why);

/* The same with HS256, which nearly every CA wants. */
enum hf_err hf_jws_eab(struct hf_span hmac_key, struct hf_span kid,
                       struct hf_span url, struct hf_span jwk,
                       struct hf_buf *out, struct hf_why *why);
