/* SPDX-License-Identifier: Apache-2.0 */
#include "store/lease.h"

/* In the order of HF_LEASE_OPERATIONS. */
enum { TAKE, RENEW, RELEASE, CHECK };

enum hf_err hf_lease_take(struct hf_store *store, struct hf_lease *lease,
                          int64_t now_s, int64_t expires_at, struct hf_why *why)
{
    const struct hf_store_value values[] = {
        hf_store_text(lease->name), hf_store_text(lease->owner),
        hf_store_number(now_s), hf_store_number(expires_at)};

    return hf_store_ask(store, lease->operation + TAKE, values, 4,
                        &lease->fence, why);
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
        hf_store_ask(store, lease->operation + CHECK, values, 3, &found, why);

    if (err == HF_OK)
        *held = found != 0;
    return err;
}
