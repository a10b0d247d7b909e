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
#define HF_CRL_TBS_MAX(count) (8192 + (count)*64)

/* Is it a reason that a CA gives (RFC 5280 5.3.1, BR 7.2.2.1)? */
bool hf_crl_reason_is_good(unsigned reason);

/*
 * Write its TBSCertList, the whole of `tbs`.
 * Fails: HF_EINVAL (a reason or a serial number that is none), HF_ELIMIT (no
 *        room; a moment outside 1950 to 9999).
 */
enum hf_err hf_crl_build(const struct hf_crl *crl, struct hf_der *tbs,
                         struct hf_why *why);
