/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pkcs10.h -- what stands in a request for a certificate (RFC 2986, 4).
 *
 * OpenSSL's own X509_REQ looks through its decoders for the key, which costs
 * more than to verify the signature; here it is made when it is wanted, and of
 * the usual kind without them. For this layer only.
 */
#pragma once

#include <openssl/x509.h>

#include "holdfast/span.h"

/* Named as RFC 2986 does. */
struct hf_pkcs10_info {
    ASN1_INTEGER *version;
    X509_NAME *subject;
    ASN1_STRING *key; /* subjectPublicKeyInfo, head and all */
    STACK_OF(X509_ATTRIBUTE) * attributes;
};

struct hf_pkcs10 {
    struct hf_pkcs10_info *info;
    X509_ALGOR *alg;
    ASN1_BIT_STRING *signature;
};

/* NULL when the octets are no request, or not all of them are. Owns:
 * hf_pkcs10_free(). */
struct hf_pkcs10 *hf_pkcs10_read(struct hf_span der);
void hf_pkcs10_free(struct hf_pkcs10 *request);

/* Its public key, or NULL. Owns: EVP_PKEY_free(). */
EVP_PKEY *hf_pkcs10_key(const struct hf_pkcs10 *request);

/* Is it signed by the key? `der` is what it was read from. */
bool hf_pkcs10_is_signed_by(const struct hf_pkcs10 *request, struct hf_span der,
                            EVP_PKEY *key);

/* The extensions that it asks for, or NULL. Owns: all of them. */
STACK_OF(X509_EXTENSION) *
    hf_pkcs10_extensions(const struct hf_pkcs10 *request);
