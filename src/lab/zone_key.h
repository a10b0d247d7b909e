/* SPDX-License-Identifier: Apache-2.0 */
/*
 * zone_key.h -- the key of a zone, ECDSA P-256 (RFC 6605): one key that signs
 * all of it, also itself.
 */
#pragma once

#include "lab/zone_records.h"

#define HF_LAB_DNSKEY_LEN    68 /* flags, protocol, algorithm, point */
#define HF_LAB_DS_LEN        36 /* tag, algorithm, digest type, SHA-256 */
#define HF_LAB_SIGNATURE_LEN 64

struct hf_lab_key;

/* A new one for `zone`. Owns: hf_lab_key_free(). Fails: HF_ENOMEM, HF_ECRYPTO.
 */
enum hf_err hf_lab_key_new(const struct hf_wire_name *zone,
                           struct hf_lab_key **out, struct hf_why *why);
void hf_lab_key_free(struct hf_lab_key *key);

/* RDATA of its DNSKEY, borrowed from it, and of the DS that names it. */
struct hf_span hf_lab_key_dnskey(const struct hf_lab_key *key);
struct hf_span hf_lab_key_ds(const struct hf_lab_key *key);

/* When a signature holds. */
struct hf_lab_window {
    int64_t from_at;
    int64_t until_at;
};

/*
 * Sign the RRset `rrs`, all of one owner and type, in canonical order (RFC
 * 4034, section 6); RDATA of the RRSIG into `out`. The owner may be a
 * wildcard. Fails: HF_ENOMEM, HF_ECRYPTO.
 */
enum hf_err hf_lab_key_sign(const struct hf_lab_key *key,
                            struct hf_lab_rr *const *rrs, size_t count,
                            struct hf_lab_window window,
                            struct hf_lab_signature *out, struct hf_why *why);
