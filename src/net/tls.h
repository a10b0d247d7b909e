/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tls.h -- TLS to a server that must prove who it is.
 *
 * TLS 1.2 or newer; the certificate must lead to one that was given, and must
 * be for the name or the address that was asked for. Files are read before the
 * first connection; afterwards none is needed.
 */
#pragma once

#include <openssl/ssl.h>

#include "net/url.h"

struct hf_tls;

/*
 * Trust the certificates in these PEM files, or those of the system when
 * `count` is 0. Every one of them ends a chain, also one that is not
 * self-signed.
 *
 * Fails: HF_ENOTFOUND, HF_ESYSTEM, HF_ELIMIT (a file), HF_ESYNTAX (no
 *        certificate in it), HF_ECRYPTO, HF_ENOMEM.
 */
enum hf_err hf_tls_new(const char *const *files, size_t count,
                       struct hf_tls **out, struct hf_why *why);
void hf_tls_free(struct hf_tls *tls);

/* For looking at servers: it trusts nobody, and connects to anybody. Fails:
 * HF_ECRYPTO, HF_ENOMEM. */
enum hf_err hf_tls_new_blind(struct hf_tls **out, struct hf_why *why);

/*
 * Say who we are to servers that ask: the chain and the key in these PEM
 * files. Fails: HF_ESYNTAX (not to be read, or not a pair).
 */
enum hf_err hf_tls_identify(struct hf_tls *tls, const char *chain,
                            const char *key, struct hf_why *why);

/* What one connection learns; it lives as long as the SSL. */
struct hf_tls_note {
    int untrusted;         /* OpenSSL's code of why, or 0 */
    SSL_SESSION **session; /* where to keep what makes the next handshake
                              shorter; ours to free, may be NULL inside */
};

/* A connection to `host`, which the server must prove to be; NULL when
 * OpenSSL says no. A session in *note->session is offered. */
SSL *hf_tls_connect(struct hf_tls *tls, struct hf_span host,
                    enum hf_url_host kind, struct hf_tls_note *note);
