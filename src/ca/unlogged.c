/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/unlogged.h"

#include "base/alloc.h"
#include "base/hex.h"

#define TICKET ((uint64_t)1 << 61) /* tells them from certificates */
#define LOOK_S 2                   /* how often others' are looked for */

/* As many as go at once. */
struct batch {
    struct hf_revoked list[HF_ISSUED_BATCH_MAX];
    size_t count;
};

struct hf_unlogged {
    struct hf_store *store;
    struct hf_issuer *issuer;
    const struct hf_seat *seat;
    int64_t look_at;
    uint64_t wanted; /* rounds: the last one that somebody waits for, */
    uint64_t begun;
    uint64_t ended;
    uint64_t kept;     /* the last that ended well, with all that was there */
    bool is_under_way; /* a batch is with the issuer */
    struct batch batch;
};

enum hf_err hf_unlogged_new(struct hf_store *store, struct hf_issuer *issuer,
                            const struct hf_seat *seat,
                            struct hf_unlogged **out, struct hf_why *why)
{
    struct hf_unlogged *unlogged = hf_alloc(1, sizeof(*unlogged));

    if (unlogged == NULL)
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    unlogged->store = store;
    unlogged->issuer = issuer;
    unlogged->seat = seat;
    *out = unlogged;
    return HF_OK;
}

void hf_unlogged_free(struct hf_unlogged *unlogged)
{
    hf_free(unlogged);
}

/* ---- those who wait ---- */

/* A round that has begun may have read its rows before this one was there. */
uint64_t hf_unlogged_wait(struct hf_unlogged *unlogged)
{
    unlogged->wanted = unlogged->begun + 1;
    return unlogged->wanted;
}

enum hf_unlogged_state hf_unlogged_ask(const struct hf_unlogged *unlogged,
                                       uint64_t round)
{
    if (unlogged->kept >= round)
        return HF_UNLOGGED_KEPT;
    return unlogged->ended >= round ? HF_UNLOGGED_FAILED : HF_UNLOGGED_WAITS;
}

/* ---- the tables ---- */

static bool read_row(struct hf_store *store, struct hf_revoked *out)
{
    struct hf_span hex = hf_store_get_text(store, HF_CA_UNLOGGED_PAGE, 0);

    *out = (struct hf_revoked){
        .at = hf_store_get_number(store, HF_CA_UNLOGGED_PAGE, 1),
        .reason = (uint8_t)hf_store_get_number(store, HF_CA_UNLOGGED_PAGE, 2),
        .serial_len = (uint8_t)(hex.len / 2)};
    return hex.len > 0 && hex.len <= 2 * sizeof(out->serial) &&
           hf_hex_read(hex, out->serial, out->serial_len);
}

static enum hf_err read_batch(struct hf_store *store, void *of,
                              struct hf_why *why)
{
    const struct hf_store_value limit = hf_store_number(HF_ISSUED_BATCH_MAX);
    struct batch *batch = of;
    bool more = false;
    enum hf_err err =
        hf_store_start(store, HF_CA_UNLOGGED_PAGE, &limit, 1, why);

    batch->count = 0;
    if (err == HF_OK)
        err = hf_store_next(store, HF_CA_UNLOGGED_PAGE, &more, why);
    while (err == HF_OK && more) {
        if (!read_row(store, &batch->list[batch->count++])) {
            hf_store_end(store, HF_CA_UNLOGGED_PAGE);
            return hf_fail(why, HF_ESYNTAX, 0,
                           "a serial number in the database is none");
        }
        err = hf_store_next(store, HF_CA_UNLOGGED_PAGE, &more, why);
    }
    return err;
}

/* One that got a graver reason meanwhile goes into the log once more. */
static enum hf_err remove_batch(struct hf_store *store, void *of,
                                struct hf_why *why)
{
    const struct batch *batch = of;
    enum hf_err err = HF_OK;

    for (size_t i = 0; i < batch->count && err == HF_OK; i++) {
        char hex[2 * HF_X509_SERIAL_MAX];
        const struct hf_revoked *revoked = &batch->list[i];
        const struct hf_store_value values[] = {
            hf_store_text(
                (struct hf_span){hex, 2 * (size_t)revoked->serial_len}),
            hf_store_number(revoked->reason)};

        hf_hex(revoked->serial, revoked->serial_len, hex);
        err = hf_store_run(store, HF_CA_UNLOGGED_END, values, 2, why);
    }
    return err;
}

/* ---- a round ---- */

static void end_round(struct hf_unlogged *unlogged, bool good)
{
    unlogged->is_under_way = false;
    unlogged->ended = unlogged->begun;
    if (good)
        unlogged->kept = unlogged->begun;
}

/* The next batch of the round, or its end. A store that is away for a while is
 * asked again, and so is an issuer that is busy. */
static enum hf_err go_on(struct hf_unlogged *unlogged, int64_t now_at,
                         struct hf_why *why)
{
    struct hf_issuer_revocations revocations = {
        .ticket = TICKET, .now_at = now_at, .list = unlogged->batch.list};
    enum hf_err err =
        hf_store_transact(unlogged->store, read_batch, &unlogged->batch, why);

    revocations.count = unlogged->batch.count;
    if (err != HF_OK || revocations.count == 0) {
        end_round(unlogged, err == HF_OK);
        return HF_OK;
    }
    err = hf_issuer_submit_revocations(unlogged->issuer, &revocations, why);
    unlogged->is_under_way = err == HF_OK;
    if (err == HF_ELIMIT)
        end_round(unlogged, false);
    return err == HF_ELIMIT ? HF_OK : err;
}

enum hf_err hf_unlogged_renew(struct hf_unlogged *unlogged, int64_t now_at,
                              struct hf_why *why)
{
    bool is_time = now_at >= unlogged->look_at &&
                   hf_seat_has_chores(unlogged->seat, now_at);

    if (unlogged->is_under_way)
        return HF_OK;
    if (unlogged->begun == unlogged->ended) {
        if (!is_time && unlogged->wanted <= unlogged->begun)
            return HF_OK;
        unlogged->begun++;
        unlogged->look_at = now_at + LOOK_S;
    }
    return go_on(unlogged, now_at, why);
}

/* When there may be more, the round goes on. Rows that cannot be removed now
 * are taken once more, in a later one. */
bool hf_unlogged_take(struct hf_unlogged *unlogged,
                      const struct hf_issuer_reply *reply)
{
    const struct batch *batch = &unlogged->batch;
    bool has_more = batch->count == HF_ISSUED_BATCH_MAX;
    bool good = reply->kind == HF_ISSUER_LOGGED;
    bool removed;

    if (reply->ticket != TICKET)
        return false;
    unlogged->is_under_way = false;
    removed = good && hf_store_transact(unlogged->store, remove_batch,
                                        &unlogged->batch, NULL) == HF_OK;
    if (!removed || !has_more)
        end_round(unlogged, good && (removed || !has_more));
    return true;
}

/* ---- without a keeper ---- */

enum hf_err hf_unlogged_write(struct hf_store *store, struct hf_evidence *log,
                              int64_t now_at, struct hf_why *why)
{
    struct batch *batch = hf_alloc(1, sizeof(*batch));
    enum hf_err err = HF_OK;

    if (batch == NULL)
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    do {
        err = hf_store_transact(store, read_batch, batch, why);
        for (size_t i = 0; i < batch->count && err == HF_OK; i++)
            err = hf_issued_log_revoked(log, now_at, &batch->list[i], why);
        if (err == HF_OK)
            err = hf_evidence_rest(log, why);
        if (err == HF_OK)
            err = hf_store_transact(store, remove_batch, batch, why);
    } while (err == HF_OK && batch->count == HF_ISSUED_BATCH_MAX);
    hf_free(batch);
    return err;
}
