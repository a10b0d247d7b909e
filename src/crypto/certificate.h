/* SPDX-License-Identifier: Apache-2.0 */
/*
 * certificate.h -- what renewal needs to know of a chain that a CA sent
 * (application/pem-certificate-chain, RFC 8555 9.1).
 *
 * This trusts nothing and builds no path: whether clients will trust the chain
 * is for them to say. Texts out of certificates are hostile: escape them.
 */
#pragma once

#include "crypto/csr.h"
#include "crypto/private_key.h"
#include "crypto/san.h"
#include "holdfast/err.h"
#include "holdfast/span.h"

#define HF_CHAIN_TEXT_MAX  65536 /* octets of PEM */
#define HF_CHAIN_COUNT_MAX 16    /* certificates */
#define HF_SERIAL_MAX      32    /* octets; RFC 5280 4.1.2.2 allows 20 */
#define HF_KEY_ID_MAX      64    /* octets */
#define HF_ARI_ID_MAX      160   /* characters */
#define HF_FINGERPRINT_LEN 32    /* octets of SHA-256 */

/* A chain. All spans point into it. */
struct hf_certificate {
    int64_t not_before_at; /* the leaf's, both included */
    int64_t not_after_at;
    struct hf_san san;      /* the leaf's names */
    struct hf_span serial;  /* lower-case hex of its octets in DER */
    struct hf_span key_id;  /* keyIdentifier of the issuer; may be empty */
    struct hf_span ari_id;  /* RFC 9773 4.1; empty when key_id is */
    struct hf_span subject; /* common names in UTF-8; may be empty */
    struct hf_span issuer;
    struct hf_span top_issuer; /* that of the last certificate */

    size_t count; /* certificates */
    /* SHA-256 of the last certificate in DER: tells alternate chains apart. */
    unsigned char top_fingerprint[HF_FINGERPRINT_LEN];

    struct hf_span der;   /* the leaf, as revokeCert wants it */
    struct hf_span pem;   /* all, written again: leaf, then chain */
    struct hf_span leaf;  /* its first certificate */
    struct hf_span chain; /* the others; empty when there are none */
};

/*
 * Read a chain. Text between the certificates is left out of `pem`; any other
 * kind of PEM, a private key above all, is refused: servers would load it
 * (RFC 8555 9.1 allows certificates only).
 *
 * Owns:  hf_certificate_free().
 * Fails: HF_ESYNTAX, HF_EINVAL (another kind of PEM in it), HF_ELIMIT,
 *        HF_ENOMEM.
 */
enum hf_err hf_certificate_read(struct hf_span pem, struct hf_certificate **out,
                                struct hf_why *why);
void hf_certificate_free(struct hf_certificate *certificate);

/* Does the leaf certify this key? */
bool hf_certificate_is_for(const struct hf_certificate *certificate,
                           const struct hf_private_key *key);

/* Does the leaf certify the key of this request? */
bool hf_certificate_answers(const struct hf_certificate *certificate,
                            const struct hf_csr *csr);
