/* SPDX-License-Identifier: Apache-2.0 */
/*
 * issuance.h -- inside the process that has a CA's key: from an order to what
 * is signed, and to the entry of the log that must be on disk before.
 */
#pragma once

#include "ca/issuer_msg.h"
#include "crypto/constraints.h"
#include "crypto/leaf.h"
#include "crypto/leaf_lint.h"

/* What holds for all certificates of one CA. */
struct hf_issuance {
    struct hf_x509_issuer issuer;
    int64_t ends_at; /* the CA's own certificate */
    struct hf_constraints constraints;
    bool is_public;
    uint32_t shards;
    struct hf_span ca_url;
    struct hf_span crl_url;
    struct hf_suffixes *suffixes; /* NULL when not public */
    const struct hf_digest *digest;
    struct hf_issuer_profiles profiles;
    char words[HF_ISSUER_PROFILES_MAX][HF_ISSUER_WORD_MAX]; /* their names */
    struct hf_leaf_template templates[HF_ISSUER_PROFILES_MAX];
    struct hf_buf texts; /* what the spans above point into */
};

/*
 * `spki` is that of the key that will sign, with `alg`. Copies what it needs of
 * `config`; the members digest and suffixes are set
 * by the caller; suffixes are released with the rest.
 * Owns:  hf_issuance_clear().
 * Fails: HF_EINVAL (the certificate is no CA's, or another key's), HF_ESYNTAX,
 *        HF_ELIMIT, HF_ENOMEM.
 */
enum hf_err hf_issuance_init(const struct hf_issuer_config *config,
                             struct hf_span spki, enum hf_sig_alg alg,
                             struct hf_issuance *out, struct hf_why *why);
void hf_issuance_clear(struct hf_issuance *issuance);

/* Other profiles, which are copied. Fails: as hf_issuance_init(); then there
 * are none. */
enum hf_err hf_issuance_change(struct hf_issuance *issuance,
                               const struct hf_issuer_profiles *profiles,
                               struct hf_why *why);

/* Something to be signed, when its entry is on disk. */
struct hf_issuance_draft {
    uint64_t ticket;
    enum hf_issuer_kind kind;
    struct hf_buf tbs; /* hf_buf_clear() */
    unsigned char serial[HF_X509_SERIAL_MAX];
    size_t serial_len;
    uint32_t shard;
    int64_t at; /* of its entry */
    uint64_t entry;
    unsigned char hash[HF_ENTRY_HASH_LEN];
};

/*
 * Check an order and build its certificate, with a serial number of our own.
 * The body of its entry is added to `body`.
 * Fails: HF_EINVAL (refused: why->text says by which rule), HF_ESYNTAX,
 *        HF_ELIMIT, HF_ENOMEM, HF_ESYSTEM (no random octets), HF_ECRYPTO.
 */
enum hf_err hf_issuance_draft(const struct hf_issuance *issuance,
                              const struct hf_issuer_order *order,
                              struct hf_issuance_draft *out,
                              struct hf_buf *body, struct hf_why *why);

/* The same for a CRL. */
enum hf_err hf_issuance_draft_crl(const struct hf_issuance *issuance,
                                  const struct hf_issuer_crl *crl,
                                  struct hf_issuance_draft *out,
                                  struct hf_buf *body, struct hf_why *why);

/* A serial number: HF_SERIAL_LEN octets of which 126 bits cannot be foreseen,
 * positive, and in DER as long as it is. */
#define HF_SERIAL_LEN 16
enum hf_err hf_serial_make(unsigned char out[HF_SERIAL_LEN],
                           struct hf_why *why);

/* Whose CRL has it when it is revoked: the last four octets, big-endian, modulo
 * shards. */
uint32_t hf_serial_shard(const unsigned char *serial, size_t len,
                         uint32_t shards);
