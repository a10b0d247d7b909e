/* SPDX-License-Identifier: Apache-2.0 */
/*
 * crl.h -- certificate revocation lists (RFC 5280 5): what is signed. Each is
 * complete for its shard, which its IssuingDistributionPoint names:
 * certificates of a shard have that URL, and a list without it would not be
 * complete.
 */
#pragma once

#include "crypto/x509.h"

struct hf_revoked {
    unsigned char serial[HF_X509_SERIAL_MAX]; /* big-endian, positive */
    uint8_t serial_len;
    uint8_t reason; /* RFC 5280 5.3.1; 0, unspecified, is left out */
    int64_t at;
};

struct hf_crl {
    struct hf_x509_issuer issuer;
    uint64_t number;
    int64_t this_update_at;
    int64_t next_update_at;
    struct hf_span url; /* of its shards, before "N.crl"; empty: no shards */
    uint32_t shard;
    const struct hf_revoked *revoked;
    size_t count;
};

/* Octets that a list of so many has at most, URL included. */
#define HF_CRL_TBS_MAX(count) (8192 + 64 * (count))

/* Is it a reason that a CA gives (RFC 5280 5.3.1, BR 7.2.2.1)? */
bool hf_crl_reason_is_good(unsigned reason);

/*
 * Write its TBSCertList, the whole of `tbs`.
 * Fails: HF_EINVAL (a reason or a serial number that is none), HF_ELIMIT (no
 *        room; a moment outside 1950 to 9999).
 */
enum hf_err hf_crl_build(const struct hf_crl *crl, struct hf_der *tbs,
                         struct hf_why *why);

/* ---- reading ---- */

/* A list that was signed. Spans of it. */
struct hf_crl_read {
    uint64_t number; /* cRLNumber */
    int64_t this_update_at;
    int64_t next_update_at;
    struct hf_span url; /* of its IssuingDistributionPoint; or empty */
    struct hf_span revoked;
};

/* Take one apart; who signed it is not looked at. Fails: HF_ESYNTAX (none, or
 * of another kind than ours: version 2, with a nextUpdate and a number). */
enum hf_err hf_crl_read(struct hf_span der, struct hf_crl_read *out,
                        struct hf_why *why);

/* Cut the next one off hf_crl_read.revoked; false when there is none, or it is
 * none: then `*rest` is not empty. The serial number is as in its DER. */
bool hf_crl_next(struct hf_span *rest, struct hf_revoked *out);
