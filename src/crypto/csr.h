/* SPDX-License-Identifier: Apache-2.0 */
/*
 * csr.h -- requests for certificates (PKCS#10, RFC 2986): make one, and read
 * one that a user brings.
 *
 * Ours have an empty subject and all names in a critical subjectAltName, as
 * RFC 5280 4.2.1.6 wants it then. A common name would say nothing that the
 * list does not say, has room for 64 octets only, and CAs are giving it up.
 */
#pragma once

#include "crypto/private_key.h"
#include "crypto/san.h"
#include "holdfast/buf.h"
#include "holdfast/err.h"
#include "holdfast/span.h"

#define HF_CSR_MAX 65536 /* octets of a text that is looked at */

/*
 * Add a request in DER to `der`: for one to HF_SAN_MAX names, host names in
 * canonical form, also as *.NAME. With `must_staple` it asks for RFC 7633's
 * status_request. Signed with SHA-256 or SHA-384, as fits the key.
 *
 * Fails: HF_EINVAL (a name that is none, or no name), HF_ELIMIT (too many, or
 *        `der` is full), HF_ECRYPTO (also for want of memory). Then nothing
 *        was added.
 */
enum hf_err hf_csr_make(const struct hf_private_key *key,
                        const struct hf_csr_names *names, bool must_staple,
                        struct hf_buf *der, struct hf_why *why);

/* What a request asks for. */
struct hf_csr {
    struct hf_san san; /* a common name that is a name is among them */
    enum hf_key_kind kind;
    bool must_staple;
    const char *other;  /* what it asks for besides, in our words, or NULL */
    struct hf_span der; /* as it was given */
    char *bytes;        /* what `der` lives in */
};

/*
 * Read a request, PEM or DER; its signature is good afterwards. `other` is set
 * for names that are neither host names nor addresses, for more in the subject
 * than a common name, and for extensions that servers have no use for: CAs
 * drop or refuse these, and the user should hear of it before.
 *
 * Owns:  hf_csr_clear().
 * Fails: HF_ESYNTAX (no request), HF_EINVAL (a wrong signature, one with MD5
 *        or SHA-1, a key that CAs do not take, no name), HF_ELIMIT, HF_ENOMEM.
 */
enum hf_err hf_csr_read(struct hf_span text, struct hf_csr *out,
                        struct hf_why *why);

/* Release. Harmless on a zeroed one. */
void hf_csr_clear(struct hf_csr *csr);

/* SubjectPublicKeyInfo in DER out of a request in DER whose signature was
 * checked (RFC 2986, section 4.1); borrowed. False when it is no request. */
bool hf_csr_spki(struct hf_span der, struct hf_span *out);

/* Does the key belong to the request? */
bool hf_csr_is_for(const struct hf_csr *csr, const struct hf_private_key *key);
