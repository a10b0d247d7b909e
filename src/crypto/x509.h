/* SPDX-License-Identifier: Apache-2.0 */
/*
 * x509.h -- what certificates and CRLs share (RFC 5280): names, extensions,
 * key identifiers, and the signature around it all.
 */
#pragma once

#include "crypto/der.h"
#include "crypto/signer.h"
#include "holdfast/buf.h"

#define HF_X509_KEY_ID_LEN        20
#define HF_X509_ISSUER_KEY_ID_MAX 64   /* octets of another's */
#define HF_X509_SERIAL_MAX        20   /* octets of its DER: RFC 5280 4.1.2.2 */
#define HF_X509_NAME_MAX          1024 /* octets of a Name */
#define HF_X509_ENVELOPE_MAX      (HF_SIGNATURE_MAX + 64) /* around it */

/* Object identifiers that we write or look for: their contents. */
extern const struct hf_span hf_oid_common_name;
extern const struct hf_span hf_oid_organization;
extern const struct hf_span hf_oid_country;
extern const struct hf_span hf_oid_key_id;
extern const struct hf_span hf_oid_key_usage;
extern const struct hf_span hf_oid_alt_name;
extern const struct hf_span hf_oid_basic;
extern const struct hf_span hf_oid_name_constraints;
extern const struct hf_span hf_oid_crl_points;
extern const struct hf_span hf_oid_policies;
extern const struct hf_span hf_oid_authority_key_id;
extern const struct hf_span hf_oid_extended_usage;
extern const struct hf_span hf_oid_authority_info;
extern const struct hf_span hf_oid_ca_issuers;
extern const struct hf_span hf_oid_server_auth;
extern const struct hf_span hf_oid_client_auth;
extern const struct hf_span hf_oid_domain_validated; /* BR 7.1.6.1 */
extern const struct hf_span hf_oid_any_policy;
extern const struct hf_span hf_oid_crl_number;
extern const struct hf_span hf_oid_reason;
extern const struct hf_span hf_oid_crl_point;

/* Who signs. Spans of its certificate. */
struct hf_x509_issuer {
    struct hf_span name;   /* its subject, a whole Name */
    struct hf_span key_id; /* its subjectKeyIdentifier */
    enum hf_sig_alg alg;
};

/* The AlgorithmIdentifier of a signature. */
void hf_x509_put_algorithm(struct hf_der *der, enum hf_sig_alg alg);

/* A Name of texts in UTF-8, each may be empty; country in two letters. */
struct hf_x509_subject {
    struct hf_span country;
    struct hf_span organization;
    struct hf_span common_name;
};
void hf_x509_put_subject(struct hf_der *der,
                         const struct hf_x509_subject *subject);

/* An extension around what was written since `mark`. */
void hf_x509_wrap_extension(struct hf_der *der, struct hf_span oid,
                            bool critical, size_t mark);

/* Extensions that more than one kind of certificate has. */
void hf_x509_put_key_id(struct hf_der *der, struct hf_span key_id);
void hf_x509_put_authority_key_id(struct hf_der *der, struct hf_span key_id);
void hf_x509_put_ca_issuers(struct hf_der *der, struct hf_span url);
void hf_x509_put_policy(struct hf_der *der, struct hf_span oid);
void hf_x509_put_extended_usage(struct hf_der *der, bool client_auth);

/* DistributionPointName of one URL, `url` and then `more`. */
void hf_x509_put_point_name(struct hf_der *der, struct hf_span url,
                            struct hf_span more);
void hf_x509_put_crl_point(struct hf_der *der, struct hf_span url,
                           struct hf_span more);

/* What stands behind the URL of the CRLs for shard `n`: "n.crl". */
#define HF_X509_SHARD_MAX 16
struct hf_span hf_x509_shard(uint32_t n, char room[HF_X509_SHARD_MAX]);

void hf_x509_put_validity(struct hf_der *der, int64_t not_before_at,
                          int64_t not_after_at);

/*
 * The keyIdentifier of a public key: RFC 7093 2, method 1.
 * Fails: HF_ESYNTAX (no SubjectPublicKeyInfo), HF_ECRYPTO.
 */
enum hf_err hf_x509_key_id(struct hf_span spki,
                           unsigned char out[HF_X509_KEY_ID_LEN],
                           struct hf_why *why);

/*
 * Add to `out` what is signed, with its signature: a certificate or a CRL.
 * Fails: HF_ELIMIT (`out` is full), or as the signer; then nothing was added.
 */
enum hf_err hf_x509_sign(const struct hf_signer *signer, struct hf_span tbs,
                         struct hf_buf *out, struct hf_why *why);

/* The parts of a certificate. Spans of it. */
struct hf_x509 {
    struct hf_span tbs; /* whole */
    struct hf_span serial;
    struct hf_span algorithm; /* of its signature, whole */
    struct hf_span issuer;    /* whole Name */
    int64_t not_before_at;
    int64_t not_after_at;
    struct hf_span subject; /* whole Name */
    struct hf_span spki;    /* whole */
    struct hf_span extensions;
};

/* Take a TBSCertificate of version 3 apart, the whole of `tbs`. Fails:
 * HF_ESYNTAX. */
enum hf_err hf_x509_read_tbs(struct hf_span tbs, struct hf_x509 *out,
                             struct hf_why *why);

/* The same for a certificate. Does not look at its signature. */
enum hf_err hf_x509_read(struct hf_span der, struct hf_x509 *out,
                         struct hf_why *why);

struct hf_x509_extension {
    struct hf_span oid;
    bool critical;
    struct hf_span value; /* what the OCTET STRING holds */
};

/* Cut the next one off hf_x509.extensions; false when there is none, or it is
 * none: then `*rest` is not empty. */
bool hf_x509_next_extension(struct hf_span *rest,
                            struct hf_x509_extension *out);

/* The value of an extension; false when the certificate has it not. */
bool hf_x509_find_extension(struct hf_span extensions, struct hf_span oid,
                            struct hf_span *out);

/* The URL in a DistributionPointName, which is cut off; false when it has
 * another form than hf_x509_put_point_name() gives it. */
bool hf_x509_take_point_name(struct hf_span *rest, struct hf_span *url);

/* Where the CRL of a certificate is: its first distribution point's URL. */
bool hf_x509_find_crl_point(struct hf_span extensions, struct hf_span *url);

/* What a CA's certificate says of it: its subject, subjectKeyIdentifier.
 * `out->alg` is left. Fails: HF_ESYNTAX, HF_EINVAL (it is no CA's). */
enum hf_err hf_x509_read_issuer(struct hf_span der, struct hf_x509_issuer *out,
                                struct hf_why *why);
