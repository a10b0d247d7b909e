/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/remembered.h"

#include "base/time_text.h"

#define URL_SHOWN 512

/* ---- one row ---- */

/* The key that the record was made for is one that the account still has, or
 * the record does not care (raw URLs stay good when keys change). */
static bool has_key(const struct hf_entry *entry,
                    const struct hf_account *account)
{
    if (entry->thumbprint.len == 0 || !hf_span_eq(entry->draft, HF_SPAN("02")))
        return true;
    for (size_t i = 0; i < account->key_count; i++)
        if (hf_span_eq(account->keys[i].thumbprint, entry->thumbprint))
            return true;
    return false;
}

static void put_at(struct hf_buf *out, const char *words, int64_t at)
{
    hf_buf_puts(out, words);
    hf_time_put(out, at);
}

void hf_remembered_put_entry(const struct hf_entry *entry,
                             const struct hf_missing *missing,
                             struct hf_buf *out)
{
    hf_buf_puts(out, "likely cause: record ");
    hf_buf_put_i64(out, entry->id);
    hf_buf_puts(out, " of the register ");
    if (entry->state == HF_RECORD_REMOVED) {
        put_at(out, "was taken away, or replaced, on ", entry->removed_at);
    } else if (!hf_span_eq(entry->account_url, missing->account->url)) {
        hf_buf_puts(out, "is for another account, ");
        hf_buf_put_escaped(out, entry->account_url, URL_SHOWN);
    } else if (!has_key(entry, missing->account)) {
        hf_buf_puts(out, "is for a key that the account no longer has");
    } else if (entry->has_until && entry->until_at <= missing->now_at) {
        put_at(out, "ended on ", entry->until_at);
    } else if (missing->wildcard && !entry->wildcard) {
        hf_buf_puts(out, "is for this name alone, not for those below it");
    } else if (entry->state == HF_RECORD_PLANNED) {
        put_at(out, "was planned on ", entry->planned_at);
        hf_buf_puts(out, " and not published since");
    } else {
        put_at(out, "was published on ", entry->published_at);
        hf_buf_puts(out, ": the zone was changed elsewhere, or its servers do "
                         "not have it yet");
    }
}

/* ---- the last row ---- */

static bool is_of_ca(const struct hf_entry *entry, const struct hf_ca *ca)
{
    return hf_span_among_nocase(entry->issuer, ca->issuers, ca->issuer_count);
}

/* When something happened to it last. */
static int64_t last_at(const struct hf_entry *entry)
{
    int64_t at = entry->planned_at;

    if (entry->published_at > at)
        at = entry->published_at;
    return entry->removed_at > at ? entry->removed_at : at;
}

/* The sentence about the last of the rows; those behind it have later
 * numbers, so the later one of two at the same time is taken. */
static enum hf_err walk(struct hf_register *reg,
                        const struct hf_missing *missing, struct hf_buf *out)
{
    const struct hf_register_filter filter = {.name = missing->name,
                                              .removed = true};
    size_t from = out->len;
    struct hf_entry entry;
    int64_t latest_at = 0;
    bool more = true;
    enum hf_err err = hf_register_list(reg, &filter, NULL);

    while (err == HF_OK && more) {
        err = hf_register_next(reg, &entry, &more, NULL);
        if (err != HF_OK || !more || !is_of_ca(&entry, missing->ca) ||
            last_at(&entry) < latest_at)
            continue;
        latest_at = last_at(&entry);
        out->len = from;
        hf_remembered_put_entry(&entry, missing, out);
    }
    if (err != HF_OK)
        out->len = from;
    return err;
}

bool hf_remembered_put(const struct hf_cli *cli,
                       const struct hf_missing *missing, struct hf_buf *out)
{
    struct hf_register *reg = NULL;
    size_t from = out->len;

    if (hf_register_open(cli->state, true, &reg, NULL) != HF_OK)
        return false;
    (void)walk(reg, missing, out);
    hf_register_close(reg);
    return out->len > from;
}
