/* SPDX-License-Identifier: Apache-2.0 */
/*
 * probed.h -- what a probe proves: http-01 (RFC 8555, section 8.3) and
 * tls-alpn-01 (RFC 8737, section 3; of addresses RFC 8738).
 */
#pragma once

#include "ca/claim.h"

/*
 * Judge the last probe of a view. `*problem` is NULL when it shows control,
 * else of RFC 8555, 6.7; `*reason` is the fixed word. Both static. Fails:
 * HF_ECRYPTO.
 */
enum hf_err hf_probed_judge(const struct hf_probed *probed,
                            const struct hf_claim *claim, const char **problem,
                            const char **reason, struct hf_why *why);

/* Why it does not, in a sentence about `reason`; `url: ...`. */
void hf_probed_put(struct hf_buf *out, const struct hf_probed *probed,
                   const char *reason);
