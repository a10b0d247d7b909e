/* SPDX-License-Identifier: Apache-2.0 */
/* certificate.h -- what was issued, for those who need more than its octets. */
#pragma once

#include "ca/call.h"

/* Its row, in the call's arena. */
struct hf_cert {
    struct hf_span serial; /* lower-case hex of its octets in DER */
    int64_t account;
    int64_t order;
    struct hf_span der;
    int64_t not_before_at; /* both included */
    int64_t not_after_at;
    int64_t shard; /* of the list it is in when it is revoked */
    struct hf_span key_hash;
    bool is_revoked;
    bool is_replaced; /* another order has it in "replaces" */
};

bool hf_cert_load(struct hf_ca_call *call, struct hf_span serial,
                  struct hf_cert *out, bool *found);
