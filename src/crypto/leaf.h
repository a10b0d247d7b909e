/* SPDX-License-Identifier: Apache-2.0 */
/*
 * leaf.h -- certificates of servers (RFC 5280 4, BR 7.1.2.7): what is signed.
 *
 * All that certificates of one profile have in common is encoded once, in a
 * template; then one costs a microsecond, where OpenSSL's own way costs
 * hundreds. Names are in a critical subjectAltName alone, and the subject is
 * empty. Whether it is right what is asked for is lint_leaf.h's to say.
 */
#pragma once

#include "crypto/san.h"
#include "crypto/x509.h"

#define HF_LEAF_URL_MAX      1024
#define HF_LEAF_TEMPLATE_MAX (4 * HF_LEAF_URL_MAX)

/* What certificates of one profile have in common. */
struct hf_leaf_profile {
    struct hf_x509_issuer issuer;
    bool client_auth;       /* clientAuth beside serverAuth */
    bool is_public;         /* domain validated, as BR 7.1.6.1 has it */
    struct hf_span ca_url;  /* where the issuer's certificate is; or empty */
    struct hf_span crl_url; /* its CRLs, before "N.crl"; or empty: none */
};

/* The same, encoded. */
struct hf_leaf_template {
    struct hf_span algorithm_and_issuer;
    struct hf_span extensions; /* those that are always the same */
    struct hf_span crl_url;
    char room[HF_LEAF_TEMPLATE_MAX];
};

/* Fails: HF_ELIMIT (a URL is too long). */
enum hf_err hf_leaf_template_make(const struct hf_leaf_profile *profile,
                                  struct hf_leaf_template *out,
                                  struct hf_why *why);

struct hf_leaf {
    const unsigned char *serial; /* big-endian, positive */
    size_t serial_len;
    int64_t not_before_at;
    int64_t not_after_at;      /* both included */
    struct hf_csr_names names; /* canonical */
    struct hf_span spki;       /* a whole SubjectPublicKeyInfo */
    uint32_t shard;            /* of the CRL that it will be in */
};

#define HF_LEAF_TBS_MAX(names) (8192 + 258 * (names))

/*
 * Write its TBSCertificate, the whole of `tbs`.
 * Fails: HF_ESYNTAX (`spki` is none), HF_EINVAL (an address that is none),
 *        HF_ELIMIT (no room; a moment outside 1950 to 9999), HF_ECRYPTO.
 */
enum hf_err hf_leaf_build(const struct hf_leaf_template *template,
                          const struct hf_leaf *leaf, struct hf_der *tbs,
                          struct hf_why *why);
