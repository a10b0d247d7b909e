/* SPDX-License-Identifier: Apache-2.0 */
/* retry_after.h -- how long a server asks us to wait (RFC 9110, 10.2.3). */
#pragma once

#include <stdint.h>

#include "holdfast/span.h"

#define HF_RETRY_AFTER_MAX_S (366 * INT64_C(86400)) /* longer is a mistake */

/*
 * Seconds from `now_at`, 0 to HF_RETRY_AFTER_MAX_S, of the header's value: a
 * number, or a date in the form that HTTP prefers. A date in the past is 0.
 * -1 when there is none, or nobody can tell what it means.
 */
int64_t hf_retry_after_s(struct hf_span value, int64_t now_at);
