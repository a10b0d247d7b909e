/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/lost.h"

struct search {
    const struct hf_seat *seat;
    int64_t now_at;
    int64_t before_at;
    struct hf_lost *lost;
};

static enum hf_err take_up(struct hf_store *store,
                           enum hf_ca_operation operation,
                           const struct search *search, struct hf_why *why)
{
    const struct hf_store_value values[] = {
        hf_store_number(hf_seat_id(search->seat)),
        hf_store_number(search->now_at), hf_store_number(search->before_at),
        hf_store_number(hf_seat_predecessor(search->seat)),
        hf_store_number(hf_seat_knows_others(search->seat, search->now_at))};
    struct hf_lost *lost = search->lost;
    const size_t room = lost->count + HF_LOST_MAX;
    bool more = false;
    enum hf_err err = hf_store_start(store, operation, values, 5, why);

    if (err == HF_OK)
        err = hf_store_next(store, operation, &more, why);
    while (err == HF_OK && more) {
        if (lost->count < room)
            lost->ids[lost->count++] = hf_store_get_number(store, operation, 0);
        err = hf_store_next(store, operation, &more, why);
    }
    return err;
}

static enum hf_err find(struct hf_store *store, void *of, struct hf_why *why)
{
    const struct search *search = of;
    enum hf_err err;

    search->lost->count = 0;
    err = take_up(store, HF_CA_AUTHZ_TAKE_UP, search, why);
    search->lost->challenges = search->lost->count;
    return err == HF_OK ? take_up(store, HF_CA_ORDER_TAKE_UP, search, why)
                        : err;
}

enum hf_err hf_lost_take_up(struct hf_store *store, const struct hf_seat *seat,
                            int64_t now_at, int64_t before_at,
                            struct hf_lost *out, struct hf_why *why)
{
    struct search search = {seat, now_at, before_at, out};

    return hf_store_transact(store, find, &search, why);
}

struct hf_job hf_lost_job(const struct hf_lost *lost, size_t i)
{
    return (struct hf_job){
        i < lost->challenges ? HF_JOB_CHALLENGE : HF_JOB_SIGN, lost->ids[i]};
}
