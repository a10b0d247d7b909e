/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/seat.h"

#include "base/alloc.h"
#include "ca/nonce.h"
#include "os/random.h"
#include "store/lease.h"

#define RENEW_S 10
#define AGAIN_S 1                    /* when it did not go well */
#define LIFE_S  30                   /* who did not renew for so long is gone */
#define KEPT_S  (7 * (int64_t)86400) /* rows of those who are gone */

struct hf_seat {
    struct hf_store *store;
    char name[HF_SEAT_NAME_MAX];
    size_t name_len; /* 0: nobody else serves from the store */
    int64_t id;
    int64_t predecessor;
    char key[HF_NONCE_KEY_LEN];
    int64_t renewed_at; /* the last time; 0: never */
    int64_t since_at;   /* renewed in time from then on */
    int64_t renew_at;   /* the next time */
    bool alone;
    struct hf_lease chores;
    char owner[24]; /* of that lease: the id as text */
    /* of a transaction that is not committed yet */
    int64_t now_at;
    bool replaced;
    bool sees_nobody;
};

static struct hf_span name_of(const struct hf_seat *seat)
{
    return (struct hf_span){seat->name, seat->name_len};
}

/* ---- the key that all have ---- */

/* Whoever is first makes it. */
static enum hf_err get_key(struct hf_seat *seat, struct hf_why *why)
{
    const struct hf_store_value values[] = {
        hf_store_text(HF_SPAN("nonce")),
        hf_store_blob((struct hf_span){seat->key, sizeof(seat->key)})};
    struct hf_span got;
    bool more = false;
    enum hf_err err =
        hf_store_run(seat->store, HF_CA_SECRET_ADD, values, 2, why);

    if (err == HF_OK)
        err = hf_store_start(seat->store, HF_CA_SECRET_GET, values, 1, why);
    if (err == HF_OK)
        err = hf_store_next(seat->store, HF_CA_SECRET_GET, &more, why);
    if (err != HF_OK)
        return err;
    got = more ? hf_store_get_text(seat->store, HF_CA_SECRET_GET, 0)
               : (struct hf_span){0};
    if (got.len == sizeof(seat->key))
        memcpy(seat->key, got.ptr, got.len);
    hf_store_end(seat->store, HF_CA_SECRET_GET);
    return got.len == sizeof(seat->key)
               ? HF_OK
               : hf_fail(why, HF_EINVAL, 0,
                         "its key of nonces is not as we left it");
}

/* ---- sitting down ---- */

static enum hf_err get_predecessor(struct hf_seat *seat, struct hf_why *why)
{
    const struct hf_store_value name = hf_store_text(name_of(seat));

    return hf_store_ask(seat->store, HF_CA_KEEPER_GET, &name, 1,
                        &seat->predecessor, why);
}

static enum hf_err sit(struct hf_store *store, void *of, struct hf_why *why)
{
    struct hf_seat *seat = of;
    const struct hf_store_value values[] = {
        hf_store_text(name_of(seat)), hf_store_number(seat->id),
        hf_store_number(seat->now_at), hf_store_number(seat->now_at + LIFE_S)};
    enum hf_err err = get_predecessor(seat, why);

    if (err == HF_OK)
        err = hf_store_run(store, HF_CA_KEEPER_SIT, values, 4, why);
    return err == HF_OK ? get_key(seat, why) : err;
}

static enum hf_err choose_id(struct hf_seat *seat, struct hf_why *why)
{
    struct hf_buf text;
    enum hf_err err = hf_random_fill(&seat->id, sizeof(seat->id), why);

    seat->id = (seat->id & INT64_MAX) | 1;
    hf_buf_init(&text, seat->owner, sizeof(seat->owner));
    hf_buf_put_i64(&text, seat->id);
    seat->chores = (struct hf_lease){.operation = HF_CA_LEASE,
                                     .name = HF_SPAN("chores"),
                                     .owner = hf_buf_span(&text)};
    return err;
}

static enum hf_err build(struct hf_seat *seat, struct hf_span name,
                         struct hf_why *why)
{
    enum hf_err err;

    if (name.len > sizeof(seat->name))
        return hf_fail(why, HF_ELIMIT, 0,
                       "the path of the state folder and "
                       "the host's name are too long");
    err = choose_id(seat, why);
    if (err != HF_OK || name.len == 0)
        return err;
    memcpy(seat->name, name.ptr, name.len);
    seat->name_len = name.len;
    seat->alone = false; /* until we have looked */
    err = hf_random_fill(seat->key, sizeof(seat->key), why);
    return err == HF_OK ? hf_store_transact(seat->store, sit, seat, why) : err;
}

enum hf_err hf_seat_new(struct hf_store *store, struct hf_span name,
                        int64_t now_at, struct hf_seat **out,
                        struct hf_why *why)
{
    struct hf_seat *seat = hf_alloc(1, sizeof(*seat));
    enum hf_err err;

    if (seat == NULL)
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    *seat = (struct hf_seat){.store = store,
                             .now_at = now_at,
                             .since_at = now_at,
                             .renewed_at = now_at,
                             .alone = true};
    err = build(seat, name, why);
    if (err == HF_OK)
        *out = seat;
    else
        hf_seat_free(seat);
    return err;
}

void hf_seat_free(struct hf_seat *seat)
{
    if (seat == NULL)
        return;
    explicit_bzero(seat->key, sizeof(seat->key));
    hf_free(seat);
}

/* ---- staying ---- */

static enum hf_err look_around(struct hf_seat *seat, struct hf_why *why)
{
    const struct hf_store_value values[] = {hf_store_number(seat->id),
                                            hf_store_number(seat->now_at)};
    int64_t other = 0;
    enum hf_err err =
        hf_store_ask(seat->store, HF_CA_KEEPER_OTHER, values, 2, &other, why);

    seat->sees_nobody = other == 0;
    return err;
}

static enum hf_err hold_chores(struct hf_seat *seat, struct hf_why *why)
{
    struct hf_lease *chores = &seat->chores;
    int64_t until_at = seat->now_at + LIFE_S;
    enum hf_err err = HF_OK;

    if (chores->fence != 0)
        err = hf_lease_renew(seat->store, chores, until_at, why);
    return err == HF_OK && chores->fence == 0
               ? hf_lease_take(seat->store, chores, seat->now_at, until_at, why)
               : err;
}

static enum hf_err stay(struct hf_seat *seat, struct hf_why *why)
{
    const struct hf_store_value values[] = {
        hf_store_text(name_of(seat)), hf_store_number(seat->id),
        hf_store_number(seat->now_at), hf_store_number(seat->now_at + LIFE_S)};
    enum hf_err err =
        hf_store_run(seat->store, HF_CA_KEEPER_STAY, values, 4, why);

    if (err != HF_OK)
        return err;
    seat->replaced = hf_store_changed(seat->store) == 0;
    err = look_around(seat, why);
    return err == HF_OK && !seat->replaced ? hold_chores(seat, why) : err;
}

/* What is too old to matter to anybody. */
static enum hf_err sweep(struct hf_seat *seat, struct hf_why *why)
{
    const struct hf_store_value nonces[] = {
        hf_store_number(hf_nonces_forgotten(seat->now_at))};
    const struct hf_store_value keepers[] = {
        hf_store_number(seat->now_at - KEPT_S)};
    const struct hf_store_value now = hf_store_number(seat->now_at);
    enum hf_err err =
        hf_store_run(seat->store, HF_CA_NONCE_SWEEP, nonces, 1, why);

    if (err == HF_OK)
        err = hf_store_run(seat->store, HF_CA_BUCKET_SWEEP, &now, 1, why);
    return err == HF_OK
               ? hf_store_run(seat->store, HF_CA_KEEPER_SWEEP, keepers, 1, why)
               : err;
}

/* In one transaction, once: nobody waits for it, and it can be done later. */
static bool once(struct hf_seat *seat,
                 enum hf_err (*work)(struct hf_seat *seat, struct hf_why *why))
{
    struct hf_why why = {0};
    enum hf_err err = hf_store_begin(seat->store, &why);

    if (err == HF_OK)
        err = work(seat, &why);
    if (err == HF_OK)
        err = hf_store_commit(seat->store, &why);
    if (err != HF_OK)
        hf_store_undo(seat->store);
    return err == HF_OK;
}

static void was_renewed(struct hf_seat *seat)
{
    if (seat->now_at - seat->renewed_at >= LIFE_S)
        seat->since_at = seat->now_at;
    seat->renewed_at = seat->now_at;
    seat->renew_at = seat->now_at + RENEW_S;
    seat->alone = seat->sees_nobody;
}

enum hf_err hf_seat_renew(struct hf_seat *seat, int64_t now_at,
                          struct hf_why *why)
{
    if (seat->name_len == 0 || now_at < seat->renew_at)
        return HF_OK;
    seat->now_at = now_at;
    seat->renew_at = now_at + AGAIN_S;
    if (!once(seat, stay))
        return HF_OK;
    if (seat->replaced)
        return hf_fail(
            why, HF_EPEER, 0,
            "another process serves in the place of this one: no two "
            "may have the same host name and state folder");
    was_renewed(seat);
    if (hf_seat_has_chores(seat, now_at))
        (void)once(seat, sweep);
    return HF_OK;
}

static enum hf_err leave(struct hf_seat *seat, struct hf_why *why)
{
    const struct hf_store_value values[] = {hf_store_text(name_of(seat)),
                                            hf_store_number(seat->id)};
    enum hf_err err =
        hf_store_run(seat->store, HF_CA_KEEPER_LEAVE, values, 2, why);

    return err == HF_OK ? hf_lease_release(seat->store, &seat->chores, why)
                        : err;
}

/* Who cannot say so is missed all the same, a little later. */
void hf_seat_leave(struct hf_seat *seat)
{
    if (seat->name_len > 0)
        (void)once(seat, leave);
}

/* ---- what it knows ---- */

int64_t hf_seat_id(const struct hf_seat *seat)
{
    return seat->id;
}

int64_t hf_seat_predecessor(const struct hf_seat *seat)
{
    return seat->predecessor;
}

bool hf_seat_is_alone(const struct hf_seat *seat)
{
    return seat->alone;
}

bool hf_seat_knows_others(const struct hf_seat *seat, int64_t now_at)
{
    return seat->name_len == 0 || (now_at - seat->since_at >= LIFE_S &&
                                   now_at - seat->renewed_at < LIFE_S);
}

bool hf_seat_has_chores(const struct hf_seat *seat, int64_t now_at)
{
    return seat->name_len == 0 ||
           (seat->chores.fence != 0 && now_at - seat->renewed_at < LIFE_S);
}

enum hf_err hf_seat_check_chores(const struct hf_seat *seat, bool *held,
                                 struct hf_why *why)
{
    *held = true;
    return seat->name_len == 0
               ? HF_OK
               : hf_lease_check(seat->store, &seat->chores, held, why);
}

struct hf_span hf_seat_nonce_key(const struct hf_seat *seat)
{
    const size_t len = seat->name_len == 0 ? 0 : sizeof(seat->key);

    return (struct hf_span){seat->key, len};
}
