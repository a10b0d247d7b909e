/* SPDX-License-Identifier: Apache-2.0 */
/*
 * alpn.h -- what a server shows who is asked for "acme-tls/1" (RFC 8737,
 * section 3), taken out of its certificate by the process behind the wall,
 * and read by its parent. What it proves is for others to say.
 */
#pragma once

#include <stdbool.h>

#include "holdfast/buf.h"

struct ssl_st; /* SSL of OpenSSL */

#define HF_ALPN_MAX 1024 /* octets that hf_alpn_put() writes at most */

enum hf_alpn_kind { HF_ALPN_DNS, HF_ALPN_IP, HF_ALPN_OTHER };

/* Spans are borrowed. */
struct hf_alpn {
    bool negotiated;            /* "acme-tls/1" */
    unsigned name_count;        /* subjectAltName; 255 stands for more */
    enum hf_alpn_kind kind;     /* of the first */
    struct hf_span name;        /* text, or 4 or 16 octets */
    unsigned extension_count;   /* acmeIdentifier */
    bool critical;              /* all of them */
    struct hf_span hash;        /* in the first: 32 octets, or none */
    struct hf_span fingerprint; /* SHA-256 of the certificate, or none */
};

/* Ask for it; before the handshake. */
bool hf_alpn_want(struct ssl_st *ssl);

/* What the server showed; after the handshake. */
void hf_alpn_put(struct hf_buf *out, const struct ssl_st *ssl);

/* Read that; false when it is something else. */
bool hf_alpn_read(struct hf_span text, struct hf_alpn *out);
