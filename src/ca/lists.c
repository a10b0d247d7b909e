/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/lists.h"

#include "base/alloc.h"
#include "ca/revoked.h"

#define TICKET   ((uint64_t)1 << 63) /* tells lists from certificates */
#define LOOK_S   2   /* how often the tables are asked what is due */
#define ANSWER_S 300 /* who does not answer for so long is asked again */

struct shard {
    int64_t number; /* of the one that stands; 0: there is none */
    int64_t due_at;
    /* Of the one that is being made: */
    int64_t asked_at; /* 0: none is */
    int64_t next_number;
    int64_t was_due_at;
};

struct hf_lists {
    struct hf_service_config config;
    const struct hf_seat *seat;
    int64_t look_at;
    struct hf_revoked_set revoked; /* of the list that is being made */
    struct shard shards[];
};

enum hf_err hf_lists_new(const struct hf_service_config *config,
                         const struct hf_seat *seat, struct hf_lists **out,
                         struct hf_why *why)
{
    struct hf_lists *lists =
        hf_alloc(1, sizeof(*lists) + config->shards * sizeof(struct shard));

    if (lists == NULL)
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    lists->config = *config;
    lists->seat = seat;
    *out = lists;
    return HF_OK;
}

void hf_lists_free(struct hf_lists *lists)
{
    if (lists == NULL)
        return;
    hf_revoked_clear(&lists->revoked);
    hf_free(lists);
}

/* ---- which are due ---- */

static enum hf_err read_shards(struct hf_lists *lists, struct hf_why *why)
{
    struct hf_store *store = lists->config.store;
    bool more = false;
    enum hf_err err = hf_store_start(store, HF_CA_CRLS, NULL, 0, why);

    if (err == HF_OK)
        err = hf_store_next(store, HF_CA_CRLS, &more, why);
    while (err == HF_OK && more) {
        int64_t index = hf_store_get_number(store, HF_CA_CRLS, 0);

        if (index >= 0 && index < lists->config.shards) {
            struct shard *shard = &lists->shards[index];

            shard->number = hf_store_get_number(store, HF_CA_CRLS, 1);
            shard->due_at = hf_store_get_number(store, HF_CA_CRLS, 2);
        }
        err = hf_store_next(store, HF_CA_CRLS, &more, why);
    }
    return err;
}

static enum hf_err ask(struct hf_lists *lists, uint32_t index, int64_t now_at,
                       struct hf_why *why)
{
    struct shard *shard = &lists->shards[index];
    struct hf_issuer_crl list = {
        .ticket = TICKET | index,
        .shard = index,
        .number =
            (uint64_t)(shard->number >= now_at ? shard->number + 1 : now_at),
        .this_update_at = now_at,
        .next_update_at = now_at + lists->config.list_life_s,
    };
    enum hf_err err = hf_revoked_read(lists->config.store, index, now_at,
                                      &lists->revoked, why);

    if (err != HF_OK)
        return err;
    list.revoked = lists->revoked.list;
    list.count = lists->revoked.count;
    err = hf_issuer_submit_crl(lists->config.issuer, &list, why);
    if (err != HF_OK)
        return err == HF_ELIMIT ? HF_OK : err;
    shard->next_number = (int64_t)list.number;
    shard->was_due_at = shard->due_at;
    shard->asked_at = now_at;
    return HF_OK;
}

static bool is_due(const struct shard *shard, int64_t now_at)
{
    return shard->asked_at == 0 ? now_at >= shard->due_at
                                : now_at >= shard->asked_at + ANSWER_S;
}

static enum hf_err ask_all(struct hf_lists *lists, int64_t now_at,
                           struct hf_why *why)
{
    enum hf_err err = read_shards(lists, why);

    for (uint32_t i = 0; err == HF_OK && i < lists->config.shards; i++)
        if (is_due(&lists->shards[i], now_at))
            err = ask(lists, i, now_at, why);
    return err;
}

enum hf_err hf_lists_renew(struct hf_lists *lists, int64_t now_at,
                           struct hf_why *why)
{
    struct hf_store *store = lists->config.store;
    enum hf_err err;

    if (now_at < lists->look_at || !hf_seat_has_chores(lists->seat, now_at))
        return HF_OK;
    lists->look_at = now_at + LOOK_S;
    err = hf_store_begin(store, why);
    if (err == HF_OK)
        err = ask_all(lists, now_at, why);
    hf_store_undo(store); /* nothing was changed */
    return err == HF_EPEER && hf_store_should_retry(store) ? HF_OK : err;
}

/* ---- what the issuer made ---- */

struct made {
    struct hf_lists *lists;
    uint32_t index;
    int64_t at;
    struct hf_span der;
};

/* Whoever lost the chores meanwhile leaves the list to its successor. */
static enum hf_err keep(struct hf_store *store, void *of, struct hf_why *why)
{
    const struct made *made = of;
    const struct hf_service_config *config = &made->lists->config;
    const struct shard *shard = &made->lists->shards[made->index];
    const struct hf_store_value values[] = {
        hf_store_number(made->index),
        hf_store_number(shard->next_number),
        hf_store_blob(made->der),
        hf_store_number(made->at),
        hf_store_number(made->at + config->list_life_s),
        hf_store_number(shard->was_due_at),
        hf_store_number(made->at + config->list_every_s)};
    bool held;
    enum hf_err err = hf_seat_check_chores(made->lists->seat, &held, why);

    return err == HF_OK && held
               ? hf_store_run(store, HF_CA_CRL_PUT, values, 7, why)
               : err;
}

bool hf_lists_take(struct hf_lists *lists, const struct hf_issuer_reply *reply)
{
    struct made made = {.lists = lists,
                        .index = (uint32_t)(reply->ticket & ~TICKET),
                        .der = reply->der};
    struct shard *shard;

    if ((reply->ticket & TICKET) == 0 || made.index >= lists->config.shards)
        return false;
    shard = &lists->shards[made.index];
    made.at = shard->asked_at;
    shard->asked_at = 0;
    if (reply->kind != HF_ISSUER_LISTED)
        return true; /* it is still due */
    /* When this fails it is still due, too. */
    (void)hf_store_transact(lists->config.store, keep, &made, NULL);
    return true;
}
