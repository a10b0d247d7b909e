/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tbs.h -- what stands in a certificate (RFC 5280, 4.1), its public key as
 * mere octets.
 *
 * OpenSSL's own X509 makes a key of them at once, for which it first looks
 * through its decoders: a fifth of a millisecond for each certificate. For this
 * layer only.
 */
#pragma once

#include <openssl/x509.h>

/* Named as RFC 5280 does. The members may be NULL where it says OPTIONAL. */
struct hf_tbs {
    ASN1_INTEGER *version;
    ASN1_INTEGER *serial;
    X509_ALGOR *alg;
    X509_NAME *issuer;
    X509_VAL *validity;
    X509_NAME *subject;
    ASN1_STRING *key; /* subjectPublicKeyInfo, head and all */
    ASN1_BIT_STRING *issuer_id;
    ASN1_BIT_STRING *subject_id;
    STACK_OF(X509_EXTENSION) * extensions;
};

struct hf_tbs_signed {
    struct hf_tbs *tbs;
    X509_ALGOR *alg;
    ASN1_BIT_STRING *signature;
};

/* Read DER from `*at` on, which then stands behind it. NULL when it is no
 * certificate. Owns: hf_tbs_free(). */
struct hf_tbs_signed *hf_tbs_read(const unsigned char **at, long len);
void hf_tbs_free(struct hf_tbs_signed *cert);
