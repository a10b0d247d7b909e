/* SPDX-License-Identifier: Apache-2.0 */
/*
 * issued.h -- what an entry of the kind "issue" in the log of evidence
 * (entry.h) says of the certificate that was signed, as ca/issuance.h wrote it:
 *
 *     {"serial":"4f...","tbs_sha256":"64 hex digits",
 *      "order":"https://ca.example/order/7","account":"...","profile":"short",
 *      "not_before":1790000000,"not_after":1790086399,"names":[...]}
 *
 * Pure.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "crypto/x509.h"

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
