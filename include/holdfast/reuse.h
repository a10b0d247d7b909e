/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reuse.h -- how long a validation may be relied upon, and the calendar of
 * the Baseline Requirements.
 */
#pragma once

#include "holdfast/judge.h"

#define HF_DAY_S       86400
#define HF_REUSE_MAX_S (10 * (int64_t)HF_DAY_S) /* BR 3.2.2.4.22 */

struct hf_validation {
    enum hf_rules rules;
    enum hf_form form;    /* the TTL rule concerns raw records only */
    int64_t validated_at; /* seconds since the epoch */
    int64_t until_at;     /* persistUntil, INT64_MAX when absent */
    bool has_ttl;
    uint32_t ttl_s;
    int64_t reuse_s; /* the CA's own period; HF_REUSE_MAX_S when it has none */
};

/* The last second at which the validation may be used (REQ REUSE-01..06). */
int64_t hf_reuse_expires(const struct hf_validation *validation);

/* May it be used at `now` by an account of this status (REQ REUSE-09)? */
bool hf_reuse_is_usable(const struct hf_validation *validation,
                        enum hf_account_status status, struct hf_time now);

/* BR 4.2.1: days that domain data of other methods may be reused. */
int hf_data_reuse_days(int64_t at);

/* BR 6.3.2: longest validity of a certificate issued at `at`, in days. */
int hf_certificate_days(int64_t at);
