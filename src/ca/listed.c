/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/listed.h"

#include "ca/tables.h"

/* A member of small numbers, as ca/issuance.c writes it. */
static bool take_number(struct hf_span *rest, struct hf_span key, int64_t *out)
{
    int64_t value = 0;
    size_t len = 0;

    if (!hf_span_starts(*rest, key))
        return false;
    (void)hf_span_cut(rest, key.len);
    while (len < rest->len && len < 18 && hf_is_digit(rest->ptr[len]))
        value = 10 * value + (rest->ptr[len++] - '0');
    (void)hf_span_cut(rest, len);
    *out = value;
    return len > 0;
}

void hf_listed_note(struct hf_listed *listed, const struct hf_entry *entry)
{
    struct hf_span rest = entry->body;
    int64_t shard, number, count;

    if (!hf_span_eq(entry->kind, HF_SPAN("crl")) ||
        !take_number(&rest, HF_SPAN("{\"shard\":"), &shard) ||
        !take_number(&rest, HF_SPAN(",\"number\":"), &number) ||
        !take_number(&rest, HF_SPAN(",\"revoked\":"), &count) ||
        shard >= HF_LISTED_SHARDS_MAX)
        return;
    listed->shards[shard].at = entry->at;
    listed->shards[shard].count = count;
}

static enum hf_err count_now(struct hf_store *store, size_t shard, int64_t at,
                             int64_t *out, struct hf_why *why)
{
    const struct hf_store_value values[] = {hf_store_number((int64_t)shard),
                                            hf_store_number(at)};
    bool more = false;
    enum hf_err err = hf_store_start(store, HF_CA_CERT_REVOKED, values, 2, why);

    *out = -1;
    do {
        if (err == HF_OK)
            err = hf_store_next(store, HF_CA_CERT_REVOKED, &more, why);
        ++*out;
    } while (err == HF_OK && more);
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
