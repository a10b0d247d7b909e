/* SPDX-License-Identifier: Apache-2.0 */
/* order.h -- orders (RFC 8555, section 7.1.3) for those who need more of one
 * than its object. */
#pragma once

#include "ca/authz.h"
#include "ca/issuer.h"

/* Its row, in the call's arena. */
struct hf_order {
    int64_t id;
    int64_t account;
    struct hf_span status; /* of the row */
    int64_t expires_at;
    struct hf_span profile;
    struct hf_span identifiers; /* JSON */
    struct hf_span replaces;
    struct hf_span error; /* JSON; or empty */
    struct hf_span serial;
    struct hf_span csr;
    struct hf_authz *authzs;
    size_t authz_count;
};

bool hf_order_load(struct hf_ca_call *call, int64_t id, struct hf_order *out,
                   bool *found);

/* Section 7.1.6: what the row, the moment and the authorizations make of it;
 * ready when all of these are valid (REQ VAL-37), whenever they became so
 * (REQ JIT-07). */
struct hf_span hf_order_status(const struct hf_order *order, int64_t now_at);

/*
 * What the issuer is to sign for an order, with the evidence of each of its
 * names, in the arena.
 */
bool hf_order_signing(struct hf_ca_call *call, const struct hf_order *order,
                      const struct hf_issuer_order **out);

/* hf_csr_spki(), or badCSR; and its SHA-256, 32 octets. */
bool hf_order_spki(struct hf_ca_call *call, struct hf_span csr,
                   struct hf_span *out);
bool hf_order_key_hash(struct hf_ca_call *call, struct hf_span csr,
                       unsigned char *out);
