/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/listed.h"

#include "base/spelt.h"
#include "ca/issuer.h"
#include "ca/tables.h"

/* As ca/issuance.c writes it. */
void hf_listed_note(struct hf_listed *listed, const struct hf_entry *entry)
{
    struct hf_span rest = entry->body;
    uint64_t shard, number, count;

    if (!hf_span_eq(entry->kind, HF_SPAN("crl")) ||
        !hf_take_word(&rest, HF_SPAN("{\"shard\":")) ||
        !hf_take_decimal(&rest, &shard) || shard >= HF_LISTED_SHARDS_MAX ||
        !hf_take_word(&rest, HF_SPAN(",\"number\":")) ||
        !hf_take_decimal(&rest, &number) ||
        !hf_take_word(&rest, HF_SPAN(",\"revoked\":")) ||
        !hf_take_decimal(&rest, &count) || count > HF_ISSUER_REVOKED_MAX)
        return;
    listed->shards[shard].at = entry->at;
    listed->shards[shard].count = (int64_t)count;
}

static enum hf_err count_now(struct hf_store *store, size_t shard, int64_t at,
                             int64_t *out, struct hf_why *why)
{
    const struct hf_store_value values[] = {hf_store_number((int64_t)shard),
                                            hf_store_number(at)};
    bool more = false;
    enum hf_err err = hf_store_start(store, HF_CA_CERT_REVOKED, values, 2, why);

    *out = 0;
    if (err == HF_OK)
        err = hf_store_next(store, HF_CA_CERT_REVOKED, &more, why);
    for (; err == HF_OK && more; ++*out)
        err = hf_store_next(store, HF_CA_CERT_REVOKED, &more, why);
    return err;
}

enum hf_err hf_listed_lost(const struct hf_listed *listed,
                           struct hf_store *store, int64_t *out,
                           struct hf_why *why)
{
    int64_t lost = 0;
    enum hf_err err = HF_OK;

    for (size_t i = 0; i < HF_LISTED_SHARDS_MAX && err == HF_OK; i++) {
        int64_t count;

        if (listed->shards[i].count == 0)
            continue;
        err = count_now(store, i, listed->shards[i].at, &count, why);
        if (err == HF_OK && count < listed->shards[i].count)
            lost += listed->shards[i].count - count;
    }
    if (err == HF_OK)
        *out = lost;
    return err;
}
