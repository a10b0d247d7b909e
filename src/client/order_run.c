/* SPDX-License-Identifier: Apache-2.0 */
#include "client/order_run.h"

#include "base/alloc.h"
#include "os/clock.h"

/* An authorization whose choice was put off; the engine does not touch it
 * until it is told. */
struct put_off {
    size_t index;
    const struct hf_authz_object *authz;
};

/* A place for one order. */
struct running {
    struct hf_order_job *job; /* NULL: it is free */
    struct hf_order_engine *engine;
    size_t calls; /* under way */
    struct put_off put_off[HF_AUTHZ_MAX];
    size_t put_off_count;
};

/* All of them. The tickets of each place are a range of their own. */
struct run {
    struct hf_talk *talk;
    struct hf_order_job *const *waiting; /* have no place yet */
    size_t waiting_count;
    const struct running *newcomer; /* whose newOrder is not answered yet */
    int64_t wake_ms;                /* when one of them has something to do */
    size_t places;
    struct running orders[];
};

/* ---- beginning and end ---- */

static void end(struct hf_order_job *job, enum hf_err err,
                const struct hf_why *why)
{
    job->err = err;
    if (err != HF_OK)
        job->why = *why;
    job->ended(job->state);
}

/* Its engine has come to the end: no call of it is under way any more. */
static void give_back(struct run *run, struct running *r)
{
    struct hf_order_job *job = r->job;

    if (run->newcomer == r)
        run->newcomer = NULL;
    job->engine = r->engine;
    r->job = NULL;
    r->engine = NULL;
    end(job, HF_OK, NULL);
}

/*
 * Give the place, if it is free, to the first that can be begun. They are
 * placed one by one, and go on side by side: there are servers that lock
 * themselves up over two newOrders at once.
 */
static void take_in(struct run *run, struct running *r)
{
    if (r->job != NULL || run->newcomer != NULL)
        return;
    while (run->waiting_count > 0) {
        struct hf_order_job *job = *run->waiting++;
        struct hf_order_engine *engine = NULL;
        struct hf_why why = {0};
        enum hf_err err;

        run->waiting_count--;
        job->wish.give_up_at_ms = hf_clock_ms() + job->patience_ms;
        err = hf_order_engine_new(&run->talk->directory, &job->wish, &engine,
                                  &why);
        if (err != HF_OK) {
            end(job, err, &why);
            continue;
        }
        *r = (struct running){.job = job, .engine = engine};
        run->newcomer = r;
        return;
    }
}

/* The failure of all that have not come to their end. */
static void give_up(struct run *run, enum hf_err err, const struct hf_why *why)
{
    hf_session_abandon(run->talk->session);
    for (size_t i = 0; i < run->places; i++) {
        struct running *r = &run->orders[i];

        if (r->job == NULL)
            continue;
        hf_order_engine_free(r->engine);
        end(r->job, err, why);
    }
    for (size_t i = 0; i < run->waiting_count; i++)
        end(run->waiting[i], err, why);
}

/* ---- step by step ---- */

static void choose_one(struct running *r, size_t index,
                       const struct hf_authz_object *authz)
{
    struct hf_chosen chosen = {0};

    r->job->choose(r->job->state, authz, &chosen);
    switch (chosen.verdict) {
    case HF_CHOICE_NONE:
        hf_order_declined(r->engine, index, hf_span_str(chosen.reason));
        return;
    case HF_CHOICE_GOOD:
        hf_order_chosen(r->engine, index, chosen.challenge);
        return;
    case HF_CHOICE_LATER:
        r->put_off[r->put_off_count++] = (struct put_off){index, authz};
        return;
    }
}

/* All are shown by now: wait for each. */
static void choose_rest(struct running *r)
{
    size_t count = r->put_off_count;

    r->put_off_count = 0;
    for (size_t i = 0; i < count; i++)
        choose_one(r, r->put_off[i].index, r->put_off[i].authz);
}

static enum hf_err submit(struct run *run, size_t which,
                          const struct hf_order_step *step, struct hf_why *why)
{
    enum hf_err err =
        hf_session_submit(run->talk->session, &step->call,
                          which * HF_ORDER_TICKETS + step->ticket, why);

    run->orders[which].calls += err == HF_OK;
    return err;
}

/* As far as it goes now. Calls that find no room are made when another one has
 * ended. */
static enum hf_err advance(struct run *run, size_t which, struct hf_why *why)
{
    struct running *r = &run->orders[which];
    enum hf_err err = HF_OK;

    while (err == HF_OK && hf_session_room(run->talk->session) > 0) {
        struct hf_order_step step;

        hf_order_next(r->engine, hf_talk_now(), &step);
        switch (step.need) {
        case HF_ORDER_CALL:
            err = submit(run, which, &step, why);
            break;
        case HF_ORDER_CHOOSE:
            choose_one(r, step.index, step.authz);
            break;
        case HF_ORDER_WAIT:
            if (r->calls == 0 && r->put_off_count > 0) {
                choose_rest(r);
                break;
            }
            if (step.wake_ms < run->wake_ms)
                run->wake_ms = step.wake_ms;
            return HF_OK;
        case HF_ORDER_END:
            give_back(run, r);
            return HF_OK;
        }
    }
    return err;
}

static enum hf_err wait_for_call(struct run *run, struct hf_why *why)
{
    struct hf_called called;
    struct running *r;
    bool got;
    enum hf_err err = hf_talk_turn(run->talk, run->wake_ms, &called, &got, why);

    if (err != HF_OK || !got)
        return err;
    r = &run->orders[called.ticket / HF_ORDER_TICKETS];
    if (run->newcomer == r)
        run->newcomer = NULL;
    r->calls--;
    hf_order_called(r->engine, called.ticket % HF_ORDER_TICKETS, &called,
                    hf_talk_now());
    return HF_OK;
}

/* All, as far as they go now; `*open` are left. */
static enum hf_err advance_all(struct run *run, size_t *open,
                               struct hf_why *why)
{
    enum hf_err err = HF_OK;

    *open = 0;
    run->wake_ms = INT64_MAX;
    for (size_t i = 0; i < run->places && err == HF_OK; i++) {
        struct running *r = &run->orders[i];

        take_in(run, r);
        if (r->job != NULL)
            err = advance(run, i, why);
        *open += r->job != NULL;
    }
    return err;
}

static bool can_take_in(const struct run *run, size_t open)
{
    return open < run->places && run->newcomer == NULL &&
           run->waiting_count > 0;
}

static enum hf_err perform(struct run *run, struct hf_why *why)
{
    size_t open = 0;
    enum hf_err err;

    do {
        err = advance_all(run, &open, why);
        if (err == HF_OK && open > 0 && !can_take_in(run, open))
            err = wait_for_call(run, why);
    } while (err == HF_OK && (open > 0 || run->waiting_count > 0));
    return err;
}

void hf_orders_run(struct hf_talk *talk, struct hf_order_job *const *jobs,
                   size_t count)
{
    size_t places = count < HF_ORDERS_AT_ONCE ? count : HF_ORDERS_AT_ONCE;
    struct run *run =
        hf_alloc(1, sizeof(*run) + places * sizeof(run->orders[0]));
    struct hf_why why = {.text = "out of memory"};
    enum hf_err err;

    if (run == NULL) {
        for (size_t i = 0; i < count; i++)
            end(jobs[i], HF_ENOMEM, &why);
        return;
    }
    run->talk = talk;
    run->waiting = jobs;
    run->waiting_count = count;
    run->places = places;
    err = perform(run, &why);
    if (err != HF_OK)
        give_up(run, err, &why);
    hf_free(run);
}
