/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/signed.h"

#include <limits.h>
#include <openssl/err.h>
#include <openssl/x509.h>

static X509 *read_certificate(struct hf_span der)
{
    const unsigned char *at = (const unsigned char *)der.ptr;
    X509 *out = der.len > LONG_MAX ? NULL : d2i_X509(NULL, &at, (long)der.len);

    if (out != NULL && at != (const unsigned char *)der.ptr + der.len) {
        X509_free(out);
        out = NULL;
    }
    return out;
}

bool hf_signed_certificate(struct hf_span certificate, struct hf_span ca)
{
    X509 *signer = read_certificate(ca);
    X509 *subject = read_certificate(certificate);
    EVP_PKEY *key = signer == NULL ? NULL : X509_get0_pubkey(signer);
    bool good =
        key != NULL && subject != NULL && X509_verify(subject, key) == 1;

    X509_free(subject);
    X509_free(signer);
    ERR_clear_error();
    return good;
}

bool hf_signed_crl(struct hf_span crl, struct hf_span ca)
{
    const unsigned char *at = (const unsigned char *)crl.ptr;
    X509 *signer = read_certificate(ca);
    X509_CRL *list =
        crl.len > LONG_MAX ? NULL : d2i_X509_CRL(NULL, &at, (long)crl.len);
    EVP_PKEY *key = signer == NULL ? NULL : X509_get0_pubkey(signer);
    bool good = key != NULL && list != NULL && X509_CRL_verify(list, key) == 1;

    X509_CRL_free(list);
    X509_free(signer);
    ERR_clear_error();
    return good;
}
