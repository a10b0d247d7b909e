/* SPDX-License-Identifier: Apache-2.0 */
/*
 * limit.h -- how often something may happen: failures of an account at a name
 * (REQ VAL-28), so that records which vanish cost little (REQ VAL-14), and
 * look-ups just in time of a name over all accounts (REQ JIT-04). Pure, and in
 * memory of a fixed size; or, of several processes, in tables.
 *
 * Each key has a bucket that `burst` events fill and that loses one every
 * `period_s`. Keys are known by 64 bits of a code under a secret; when there
 * are more keys than places, the one that is nearest to empty is forgotten, so
 * that whoever floods with names loosens only the limits of those who hardly
 * used them.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "holdfast/err.h"
#include "holdfast/span.h"

struct hf_limit;

struct hf_limit_config {
    size_t keys;           /* places; rounded up to a power of two */
    uint32_t burst;        /* events at once, at least 1 */
    int64_t period_s;      /* until one of them is forgotten, at least 1 */
    struct hf_span secret; /* random: nobody outside makes keys collide */
};

/* Owns: hf_limit_free(). Fails: HF_EINVAL, HF_ECRYPTO, HF_ENOMEM. */
enum hf_err hf_limit_new(const struct hf_limit_config *config,
                         struct hf_limit **out, struct hf_why *why);
void hf_limit_free(struct hf_limit *limit);

/*
 * May it happen at `now`? 0: yes; else seconds to wait until then, for
 * Retry-After. The key is both parts, told apart: an account and a name; or a
 * name alone. Asking does not count.
 */
int64_t hf_limit_wait_s(struct hf_limit *limit, struct hf_span a,
                        struct hf_span b, int64_t now);

/* It happened. */
void hf_limit_count(struct hf_limit *limit, struct hf_span a, struct hf_span b,
                    int64_t now);

/*
 * For who keeps the buckets elsewhere (ca/often.h): the number of a key, the
 * same for all who have this secret, positive; what hf_limit_wait_s() says of a
 * bucket that is empty at `dry_at`; and by how much an event moves that.
 */
int64_t hf_limit_key(struct hf_limit *limit, struct hf_span a,
                     struct hf_span b);
int64_t hf_limit_wait_of(const struct hf_limit *limit, int64_t dry_at,
                         int64_t now);
int64_t hf_limit_period_s(const struct hf_limit *limit);
