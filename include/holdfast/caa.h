/* SPDX-License-Identifier: Apache-2.0 */
/* caa.h -- CAA processing (RFC 8659, RFC 8657; BR 3.2.2.8), for this method
 * unless another one is named. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "holdfast/span.h"

#define HF_CAA_CRITICAL 0x80

/* One property of the relevant RRset, found by climbing (RFC 8659, 3). */
struct hf_caa {
    uint8_t flags;
    struct hf_span tag;
    struct hf_span value;
};

enum hf_caa_reason {
    HF_CAA_OK,               /* permitted; also when nothing is restricted */
    HF_CAA_CRITICAL_UNKNOWN, /* a critical property nobody here knows */
    HF_CAA_NO_MATCHING_ISSUER,
    HF_CAA_ACCOUNT_MISMATCH, /* accounturi (RFC 8657, section 3) */
    HF_CAA_METHOD,           /* validationmethods (RFC 8657, section 4) */
};

const char *hf_caa_reason_word(enum hf_caa_reason reason);

/* Who asks. Arrays are borrowed. */
struct hf_caa_request {
    const struct hf_span *issuers; /* canonical names of the CA */
    size_t issuer_count;
    const struct hf_span *account_urls; /* raw; never the hashed URI */
    size_t account_url_count;
    bool wildcard;
    struct hf_span method; /* as RFC 8657 spells it; empty: dns-persist-01 */
};

/* REQ VAL-50, VAL-51. `*which` is the property that decided, or `count`. */
enum hf_caa_reason hf_caa_decide(const struct hf_caa *rrset, size_t count,
                                 const struct hf_caa_request *request,
                                 size_t *which);

/* Take one property out of CAA RDATA (RFC 8659, section 4.1). */
bool hf_caa_read(struct hf_span rdata, struct hf_caa *out);
