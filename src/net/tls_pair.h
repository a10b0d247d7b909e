/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tls_pair.h -- a certificate with its chain and its key, out of PEM.
 */
#pragma once

#include <openssl/x509.h>

#include "holdfast/err.h"
#include "holdfast/span.h"

struct hf_tls_pair {
    STACK_OF(X509) * chain; /* its own first; at least one */
    EVP_PKEY *key;
};

/*
 * Release *out with hf_tls_pair_clear(), which is harmless on a zeroed one.
 * Fails: HF_ESYNTAX (no certificate, no plain key in there), HF_EINVAL (the key
 *        is another one's), HF_ENOMEM.
 */
enum hf_err hf_tls_pair_read(struct hf_span certificate, struct hf_span key,
                             struct hf_tls_pair *out, struct hf_why *why);
void hf_tls_pair_clear(struct hf_tls_pair *pair);

/* All certificates in `pem`, at least one. Release with sk_X509_pop_free().
 * Fails: HF_ESYNTAX, HF_ENOMEM. */
enum hf_err hf_tls_read_chain(struct hf_span pem, STACK_OF(X509) * *out,
                              struct hf_why *why);
