/* SPDX-License-Identifier: Apache-2.0 */
/*
 * issued.h -- what the log of evidence (entry.h) says of certificates. An entry
 * of the kind "issue" is of one that is about to be signed, as ca/issuance.h
 * wrote it:
 *
 *     {"serial":"4f...","tbs_sha256":"64 hex digits",
 *      "order":"https://ca.example/order/7","account":"...","profile":"short",
 *      "not_before":1790000000,"not_after":1790086399,"names":[...]}
 *
 * one of the kind "certificate" of the signature that came of it:
 *
 *     {"entry":7,"der":"base64url of the whole certificate"}
 *
 * which follows in a moment, before any later "issue" but those that shared its
 * sync, HF_ISSUED_BATCH_MAX at most; and one of the kind "revoke" of its
 * revocation, which may be there twice, and in another keeper's log:
 *
 *     {"serial":"4f...","revoked_at":1790000000,"reason":4}
 *
 * Pure.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "ca/evidence.h"
#include "crypto/crl.h"
#include "holdfast/digest.h"

#define HF_ISSUED_BATCH_MAX 256

#define HF_ISSUED_HASH_LEN 32

struct hf_issued {
    struct hf_span serial; /* lower-case hex, as in the tables */
    unsigned char octets[HF_X509_SERIAL_MAX];
    size_t len; /* of these */
    unsigned char tbs_hash[HF_ISSUED_HASH_LEN];
    bool is_own;   /* of the CA's own web server: in no table */
    int64_t order; /* ids, 0: it names none */
    int64_t account;
    int64_t not_before_at; /* both included */
    int64_t not_after_at;
};

/* Read a body; spans point into it. What the evidence is, is not looked at.
 * False when it is none of ours. */
bool hf_issued_read(struct hf_span body, struct hf_issued *out);

/* The body of a "certificate": `entry` is that of the "issue". */
void hf_issued_put_certificate(struct hf_buf *out, uint64_t entry,
                               struct hf_span der);

/* Read one: `*der` is text in base64url then, of the body. False when it is
 * none of ours. */
bool hf_issued_read_certificate(struct hf_span body, uint64_t *entry,
                                struct hf_span *der);

/* The body of a "revoke"; and read one: false when it is none of ours. */
void hf_issued_put_revoked(struct hf_buf *out,
                           const struct hf_revoked *revoked);
bool hf_issued_read_revoked(struct hf_span body, struct hf_revoked *out);

/* Append one. Fails: as hf_evidence_append(), and HF_EINVAL (a reason that no
 * CA gives, which could not be read again). */
enum hf_err hf_issued_log_revoked(struct hf_evidence *log, int64_t at,
                                  const struct hf_revoked *revoked,
                                  struct hf_why *why);

/* The digest of what was signed, in tbs_sha256; false when `der` has no such
 * part. */
bool hf_issued_hash(const struct hf_digest *digest, struct hf_span der,
                    unsigned char out[HF_HASH_MAX]);
