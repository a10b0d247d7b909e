/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/revoked.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/hex.h"
#include "ca/issuer.h"
#include "ca/revocation.h"

void hf_revoked_clear(struct hf_revoked_set *set)
{
    hf_free(set->list);
    *set = (struct hf_revoked_set){0};
}

static enum hf_err add(struct hf_revoked_set *set,
                       const struct hf_revoked *entry, struct hf_why *why)
{
    struct hf_revoked *larger;
    size_t room;

    if (set->count == HF_ISSUER_REVOKED_MAX)
        return hf_fail(why, HF_ELIMIT, 0,
                       "more certificates are revoked than one list may have");
    if (set->count == set->room) {
        room = set->room == 0 ? 64 : 2 * set->room;
        larger = hf_realloc(set->list, room, sizeof(*larger));
        if (larger == NULL)
            return hf_fail(why, HF_ENOMEM, 0, "out of memory");
        set->list = larger;
        set->room = room;
    }
    set->list[set->count++] = *entry;
    return HF_OK;
}

/* ---- of the tables ---- */

static bool take_row(struct hf_store *store, struct hf_revoked *out)
{
    struct hf_span hex = hf_store_get_text(store, HF_CA_CERT_REVOKED, 0);

    *out = (struct hf_revoked){
        .at = hf_store_get_number(store, HF_CA_CERT_REVOKED, 1),
        .reason = (uint8_t)hf_store_get_number(store, HF_CA_CERT_REVOKED, 2),
        .serial_len = (uint8_t)(hex.len / 2),
    };
    return hex.len > 0 && hex.len <= 2 * sizeof(out->serial) &&
           hf_hex_read(hex, out->serial, out->serial_len);
}

enum hf_err hf_revoked_read(struct hf_store *store, uint32_t shard,
                            int64_t now_at, struct hf_revoked_set *set,
                            struct hf_why *why)
{
    const struct hf_store_value values[] = {hf_store_number(shard),
                                            hf_store_number(now_at)};
    struct hf_revoked entry;
    bool more = false;
    enum hf_err err = hf_store_start(store, HF_CA_CERT_REVOKED, values, 2, why);

    set->count = 0;
    if (err == HF_OK)
        err = hf_store_next(store, HF_CA_CERT_REVOKED, &more, why);
    while (err == HF_OK && more) {
        err = take_row(store, &entry)
                  ? add(set, &entry, why)
                  : hf_fail(why, HF_ESYNTAX, 0,
                            "a serial number in the database is none");
        if (err == HF_OK)
            err = hf_store_next(store, HF_CA_CERT_REVOKED, &more, why);
        else
            hf_store_end(store, HF_CA_CERT_REVOKED);
    }
    return err;
}

/* ---- of a list ---- */

static enum hf_err read_list(const struct hf_crl_read *list,
                             struct hf_revoked_set *set, struct hf_why *why)
{
    struct hf_span rest = list->revoked;
    struct hf_revoked entry;
    enum hf_err err = HF_OK;

    while (err == HF_OK && hf_crl_next(&rest, &entry))
        err = add(set, &entry, why);
    if (err == HF_OK && rest.len > 0)
        err =
            hf_fail(why, HF_ESYNTAX, 0, "an entry of this list cannot be read");
    return err;
}

/* ---- side by side ---- */

struct compare {
    const struct hf_revoked_plan *plan;
    struct hf_revoked_rifts *out;
    struct hf_revoked_set rows;
    struct hf_revoked_set listed;
    struct hf_revoked_set forgotten;
};

static int by_serial(const void *a, const void *b)
{
    const struct hf_revoked *x = a;
    const struct hf_revoked *y = b;
    int len = x->serial_len - y->serial_len;

    return len != 0 ? len : memcmp(x->serial, y->serial, x->serial_len);
}

static void note(struct compare *c, enum hf_revoked_rift kind,
                 const struct hf_revoked *entry)
{
    c->out->counts[kind]++;
    c->out->one[kind] = *entry;
}

/* One that ended is revoked, and none of those that were read. */
static enum hf_err take_listed(struct compare *c,
                               const struct hf_revoked *entry,
                               struct hf_why *why)
{
    enum hf_revocation_state state;
    enum hf_err err = hf_revocation_look(c->plan->store, entry, &state, why);

    if (err != HF_OK || state == HF_REVOCATION_DONE)
        return err;
    note(c,
         state == HF_REVOCATION_OPEN ? HF_REVOKED_FORGOTTEN
                                     : HF_REVOKED_UNKNOWN,
         entry);
    return state == HF_REVOCATION_OPEN ? add(&c->forgotten, entry, why) : HF_OK;
}

static void take_row_alone(struct compare *c, const struct hf_revoked *entry)
{
    if (entry->at <= c->plan->listed_at)
        note(c, HF_REVOKED_UNLISTED, entry);
}

static enum hf_err merge(struct compare *c, struct hf_why *why)
{
    const struct hf_revoked_set *rows = &c->rows;
    const struct hf_revoked_set *listed = &c->listed;
    enum hf_err err = HF_OK;
    size_t i = 0;
    size_t j = 0;

    while (err == HF_OK && (i < rows->count || j < listed->count)) {
        int order = i == rows->count ? 1
                    : j == listed->count
                        ? -1
                        : by_serial(&rows->list[i], &listed->list[j]);

        if (order < 0)
            take_row_alone(c, &rows->list[i]);
        else if (order > 0)
            err = take_listed(c, &listed->list[j], why);
        i += order <= 0;
        j += order >= 0;
    }
    return err;
}

/* ---- mending ---- */

static enum hf_err revoke_all(struct hf_store *store, void *of,
                              struct hf_why *why)
{
    const struct hf_revoked_set *set = of;
    enum hf_revocation_state state;
    enum hf_err err = HF_OK;

    for (size_t i = 0; i < set->count && err == HF_OK; i++)
        err = hf_revocation_again(store, &set->list[i], false, &state, why);
    return err;
}

/* ---- all of it ---- */

static void sort(struct hf_revoked_set *set)
{
    if (set->count > 0)
        qsort(set->list, set->count, sizeof(set->list[0]), by_serial);
}

enum hf_err hf_revoked_compare(const struct hf_revoked_plan *plan,
                               const struct hf_crl_read *list,
                               struct hf_revoked_rifts *out, struct hf_why *why)
{
    struct compare c = {.plan = plan, .out = out};
    enum hf_err err = read_list(list, &c.listed, why);

    *out = (struct hf_revoked_rifts){0};
    if (err == HF_OK)
        err = hf_revoked_read(plan->store, plan->shard, plan->now_at, &c.rows,
                              why);
    sort(&c.rows);
    sort(&c.listed);
    if (err == HF_OK)
        err = merge(&c, why);
    if (err == HF_OK && plan->mends && c.forgotten.count > 0)
        err = hf_store_transact(plan->store, revoke_all, &c.forgotten, why);
    hf_revoked_clear(&c.rows);
    hf_revoked_clear(&c.listed);
    hf_revoked_clear(&c.forgotten);
    return err;
}
