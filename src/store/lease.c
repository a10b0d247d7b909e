/* SPDX-License-Identifier: Apache-2.0 */
#include "store/lease.h"

/* In the order of HF_LEASE_OPERATIONS. */
enum { TAKE, RENEW, RELEASE, CHECK };

/* The number in the only row, or 0 without one. */
static enum hf_err ask(struct hf_store *store, size_t operation,
                       const struct hf_store_value *values, size_t count,
                       int64_t *out, struct hf_why *why)
{
    int64_t got = 0;
    bool more = false;
    enum hf_err err = hf_store_start(store, operation, values, count, why);

    if (err == HF_OK)
        err = hf_store_next(store, operation, &more, why);
    if (err == HF_OK && more) {
        got = hf_store_get_number(store, operation, 0);
        err = hf_store_next(store, operation, &more, why);
    }
    if (err == HF_OK)
        *out = got;
    return err;
}

enum hf_err hf_lease_take(struct hf_store *store, struct hf_lease *lease,
                          int64_t now_s, int64_t expires_at, struct hf_why *why)
{
    const struct hf_store_value values[] = {
        hf_store_text(lease->name), hf_store_text(lease->owner),
        hf_store_number(now_s), hf_store_number(expires_at)};

    return ask(store, lease->operation + TAKE, values, 4, &lease->fence, why);
}

enum hf_err hf_lease_renew(struct hf_store *store, struct hf_lease *lease,
                           int64_t expires_at, struct hf_why *why)
{
    const struct hf_store_value values[] = {
        hf_store_text(lease->name), hf_store_text(lease->owner),
        hf_store_number(lease->fence), hf_store_number(expires_at)};
    enum hf_err err =
        hf_store_run(store, lease->operation + RENEW, values, 4, why);

    if (err == HF_OK && hf_store_changed(store) == 0)
        lease->fence = 0;
    return err;
}

enum hf_err hf_lease_release(struct hf_store *store, struct hf_lease *lease,
                             struct hf_why *why)
{
    const struct hf_store_value values[] = {hf_store_text(lease->name),
                                            hf_store_text(lease->owner),
                                            hf_store_number(lease->fence)};
    enum hf_err err =
        hf_store_run(store, lease->operation + RELEASE, values, 3, why);

    if (err == HF_OK)
        lease->fence = 0;
    return err;
}

enum hf_err hf_lease_check(struct hf_store *store, const struct hf_lease *lease,
                           bool *held, struct hf_why *why)
{
    const struct hf_store_value values[] = {hf_store_text(lease->name),
                                            hf_store_text(lease->owner),
                                            hf_store_number(lease->fence)};
    int64_t found = 0;
    enum hf_err err =
        ask(store, lease->operation + CHECK, values, 3, &found, why);

    if (err == HF_OK)
        *held = found != 0;
    return err;
}
