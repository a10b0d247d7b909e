/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ca_certificate.h -- certificates of CAs themselves (RFC 5280 4, BR 7.1.2.1
 * and 7.1.2.6): what is signed, for a root and for an issuing CA below it.
 */
#pragma once

#include "crypto/x509.h"

#define HF_CA_PERMITTED_MAX 32    /* names that constraints allow */
#define HF_CA_TBS_MAX       12288 /* octets */

struct hf_ca_certificate {
    const unsigned char *serial;
    size_t serial_len;
    struct hf_x509_subject subject;
    struct hf_span spki; /* its own public key */
    int64_t not_before_at;
    int64_t not_after_at;
    bool is_root;
    /* Of an issuing CA: */
    struct hf_x509_issuer issuer; /* a root's is made of its own */
    bool client_auth;             /* what it issues may be for clients, too */
    bool is_public;               /* it has the policy of BR 7.1.6.1 */
    struct hf_span ca_url;        /* where the root's certificate is */
    struct hf_span crl_url;       /* the root's CRL, whole; or empty */
    /* Host names that it may issue for, with all below them, and addresses as
     * "192.0.2.0/24"; when there are none: all. */
    const struct hf_span *permitted;
    size_t permitted_count;
};

/*
 * Write its TBSCertificate, the whole of `tbs`. `alg` is that of who signs.
 * Fails: HF_ESYNTAX (`spki` is none), HF_EINVAL (a name or address to be
 *        permitted that is none; an empty subject), HF_ELIMIT, HF_ECRYPTO.
 */
enum hf_err hf_ca_certificate_build(const struct hf_ca_certificate *certificate,
                                    enum hf_sig_alg alg, struct hf_der *tbs,
                                    struct hf_why *why);

/* Is this something that may be permitted? */
bool hf_ca_permitted_is_good(struct hf_span text);
