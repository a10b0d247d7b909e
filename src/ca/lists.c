/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/lists.h"

#include "base/alloc.h"
#include "crypto/crl.h"

#define TICKET   ((uint64_t)1 << 63) /* tells lists from certificates */
#define HURRY_S  2                   /* several revocations share a list */
#define RETRY_S  60
#define ANSWER_S 300 /* who does not answer for so long is asked again */

struct shard {
    int64_t due_at;
    int64_t asked_at; /* 0: nothing is under way */
    int64_t this_update_at;
    int64_t number;
};

struct hf_lists {
    const struct hf_service_config *config;
    struct hf_service_config kept;
    struct hf_revoked *revoked; /* room for one list */
    struct shard shards[];
};

enum hf_err hf_lists_new(const struct hf_service_config *config,
                         struct hf_lists **out, struct hf_why *why)
{
    struct hf_lists *lists =
        hf_alloc(1, sizeof(*lists) + config->shards * sizeof(struct shard));

    if (lists == NULL)
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    lists->kept = *config;
    lists->config = &lists->kept;
    *out = lists;
    return HF_OK;
}

void hf_lists_free(struct hf_lists *lists)
{
    if (lists == NULL)
        return;
    hf_free(lists->revoked);
    hf_free(lists);
}

void hf_lists_hurry(struct hf_lists *lists, uint32_t shard, int64_t now_at)
{
    if (shard < lists->config->shards &&
        lists->shards[shard].due_at > now_at + HURRY_S)
        lists->shards[shard].due_at = now_at + HURRY_S;
}

/* ---- what is in one ---- */

static unsigned nibble(char c)
{
    return (unsigned)(c <= '9' ? c - '0' : c - 'a' + 10);
}

static void take_entry(struct hf_store *store, struct hf_revoked *out)
{
    struct hf_span hex = hf_store_get_text(store, HF_CA_CERT_REVOKED, 0);

    *out = (struct hf_revoked){
        .at = hf_store_get_number(store, HF_CA_CERT_REVOKED, 1),
        .reason = (uint8_t)hf_store_get_number(store, HF_CA_CERT_REVOKED, 2),
    };
    for (size_t i = 0; i + 1 < hex.len && out->serial_len < 20; i += 2)
        out->serial[out->serial_len++] =
            (unsigned char)(nibble(hex.ptr[i]) << 4 | nibble(hex.ptr[i + 1]));
}

/* Where it comes to more than a list may hold, it fails: an unlisted
 * certificate would count as good. */
static enum hf_err read_revoked(struct hf_lists *lists, uint32_t shard,
                                int64_t now_at, size_t *count,
                                struct hf_why *why)
{
    const struct hf_store_value values[] = {hf_store_number(shard),
                                            hf_store_number(now_at)};
    struct hf_store *store = lists->config->store;
    size_t room = 0;
    bool more = false;
    enum hf_err err = hf_store_start(store, HF_CA_CERT_REVOKED, values, 2, why);

    *count = 0;
    if (err == HF_OK)
        err = hf_store_next(store, HF_CA_CERT_REVOKED, &more, why);
    while (err == HF_OK && more) {
        if (*count == room) {
            struct hf_revoked *larger;

            room = room == 0 ? 64 : 2 * room;
            larger = hf_realloc(lists->revoked, room, sizeof(*larger));
            if (larger == NULL)
                return hf_fail(why, HF_ENOMEM, 0, "out of memory");
            lists->revoked = larger;
        }
        take_entry(store, &lists->revoked[(*count)++]);
        err = hf_store_next(store, HF_CA_CERT_REVOKED, &more, why);
    }
    return err;
}

/* The number and the end of the one that stands. */
static enum hf_err read_last(struct hf_lists *lists, uint32_t shard,
                             int64_t *number, struct hf_why *why)
{
    struct hf_store *store = lists->config->store;
    struct hf_store_value value = hf_store_number(shard);
    bool found = false;
    enum hf_err err = hf_store_start(store, HF_CA_CRL_GET, &value, 1, why);

    *number = 0;
    if (err == HF_OK)
        err = hf_store_next(store, HF_CA_CRL_GET, &found, why);
    if (err != HF_OK || !found)
        return err;
    *number = hf_store_get_number(store, HF_CA_CRL_GET, 0);
    hf_store_end(store, HF_CA_CRL_GET);
    return HF_OK;
}

static enum hf_err ask(struct hf_lists *lists, uint32_t index, int64_t now_at,
                       struct hf_why *why)
{
    const struct hf_service_config *config = lists->config;
    struct shard *shard = &lists->shards[index];
    struct hf_issuer_crl list = {
        .ticket = TICKET | index,
        .shard = index,
        .this_update_at = now_at,
        .next_update_at = now_at + config->list_life_s,
    };
    int64_t number;
    enum hf_err err = hf_store_begin(config->store, why);

    if (err == HF_OK)
        err = read_revoked(lists, index, now_at, &list.count, why);
    if (err == HF_OK)
        err = read_last(lists, index, &number, why);
    hf_store_undo(config->store);
    if (err != HF_OK) /* the store may be back in a minute */
        return err == HF_ENOMEM ? err : HF_OK;
    shard->number = number >= now_at ? number + 1 : now_at;
    shard->this_update_at = now_at;
    list.number = (uint64_t)shard->number;
    list.revoked = lists->revoked;
    err = hf_issuer_submit_crl(config->issuer, &list, why);
    if (err != HF_OK)
        return err == HF_ELIMIT ? HF_OK : err;
    shard->asked_at = now_at;
    shard->due_at = now_at + config->list_every_s;
    return HF_OK;
}

static bool is_due(const struct shard *shard, int64_t now_at)
{
    return shard->asked_at == 0 ? now_at >= shard->due_at
                                : now_at >= shard->asked_at + ANSWER_S;
}

enum hf_err hf_lists_renew(struct hf_lists *lists, int64_t now_at,
                           struct hf_why *why)
{
    enum hf_err err = HF_OK;

    for (uint32_t i = 0; i < lists->config->shards; i++) {
        struct shard *shard = &lists->shards[i];

        if (err != HF_OK || !is_due(shard, now_at))
            continue;
        shard->asked_at = 0;
        shard->due_at = now_at + RETRY_S;
        err = ask(lists, i, now_at, why);
    }
    return err;
}

/* ---- what the issuer made ---- */

void hf_lists_take(struct hf_lists *lists, const struct hf_issuer_reply *reply)
{
    const struct hf_service_config *config = lists->config;
    uint32_t index = (uint32_t)(reply->ticket & ~TICKET);
    struct shard *shard;

    if ((reply->ticket & TICKET) == 0 || index >= config->shards)
        return;
    shard = &lists->shards[index];
    shard->asked_at = 0;
    if (reply->kind != HF_ISSUER_LISTED ||
        hf_store_run(
            config->store, HF_CA_CRL_PUT,
            HF_VALUES(
                hf_store_number(index), hf_store_number(shard->number),
                hf_store_blob(reply->der),
                hf_store_number(shard->this_update_at),
                hf_store_number(shard->this_update_at + config->list_life_s)),
            NULL) != HF_OK)
        shard->due_at = shard->this_update_at + RETRY_S;
}
