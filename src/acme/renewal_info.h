/* SPDX-License-Identifier: Apache-2.0 */
/* renewal_info.h -- when a CA wants a certificate renewed (RFC 9773). */
#pragma once

#include <stdint.h>

#include "holdfast/err.h"
#include "holdfast/span.h"

/* The suggested window, start before end. */
struct hf_renewal_info {
    int64_t start_at;
    int64_t end_at;
};

/*
 * Read a RenewalInfo object (section 4.2).
 * Fails: HF_ESYNTAX, HF_EINVAL (the window ends before it starts), HF_ENOMEM.
 */
enum hf_err hf_renewal_info_read(struct hf_span text,
                                 struct hf_renewal_info *out,
                                 struct hf_why *why);
