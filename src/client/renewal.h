/* SPDX-License-Identifier: Apache-2.0 */
/* renewal.h -- when is a certificate due? A decision without I/O. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "acme/renewal_info.h"

/* What is known of one certificate. */
struct hf_renewal {
    int64_t not_before_at;
    int64_t not_after_at;
    int64_t renew_at; /* chosen before; 0: not yet */
    uint32_t random;  /* fresh, so that a fleet does not come at once */
};

/* The moment to renew at by the CA's wish: one of the window's, at random
 * (RFC 9773, section 4.2). REQ CLI-35 */
int64_t hf_renewal_in_window(const struct hf_renewal_info *info,
                             uint32_t random);

/*
 * The moment to renew at when the CA has no wish: two thirds of the lifetime,
 * half of it when that is below ten days; and up to a fiftieth of it later.
 * REQ CLI-35, REUSE-13: right for lifetimes of 47 and of 6 days.
 */
int64_t hf_renewal_by_lifetime(const struct hf_renewal *renewal);

/* Is it due? Also when it ends within the last tenth of its life, whatever was
 * chosen before. */
bool hf_renewal_is_due(const struct hf_renewal *renewal, int64_t now_at);
