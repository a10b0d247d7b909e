/* SPDX-License-Identifier: Apache-2.0 */
#include "client/order_run.h"

#include "base/alloc.h"

/* An authorization whose choice was put off; the engine does not touch it
 * until it is told. */
struct put_off {
    size_t index;
    const struct hf_authz_object *authz;
};

/* One order. */
struct running {
    struct hf_order_job *job;
    struct hf_order_engine *engine; /* NULL: it is over */
    size_t calls;                   /* under way */
    bool has_begun;
    struct put_off put_off[HF_AUTHZ_MAX];
    size_t put_off_count;
};

/* All of them. The tickets of each are a range of their own. */
struct run {
    struct hf_talk *talk;
    struct running *orders;
    size_t count;
    const struct running *newcomer; /* whose newOrder is under way */
    int64_t wake_ms;                /* when one of them has something to do */
};

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
    struct running *r = &run->orders[which];
    enum hf_err err =
        hf_session_submit(run->talk->session, &step->call,
                          which * HF_ORDER_TICKETS + step->ticket, why);

    if (!r->has_begun)
        run->newcomer = r;
    r->has_begun = true;
    r->calls += err == HF_OK;
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
            r->job->engine = r->engine;
            r->engine = NULL;
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

/* They are placed one by one, and go on side by side: there are servers that
 * lock themselves up over two newOrders at once. */
static bool may_advance(const struct run *run, const struct running *r)
{
    return r->engine != NULL && (r->has_begun || run->newcomer == NULL);
}

static enum hf_err perform(struct run *run, struct hf_why *why)
{
    for (;;) {
        enum hf_err err = HF_OK;
        size_t open = 0;

        run->wake_ms = INT64_MAX;
        for (size_t i = 0; i < run->count && err == HF_OK; i++) {
            if (may_advance(run, &run->orders[i]))
                err = advance(run, i, why);
            open += run->orders[i].engine != NULL;
        }
        if (err != HF_OK || open == 0)
            return err;
        err = wait_for_call(run, why);
        if (err != HF_OK)
            return err;
    }
}

/* The failure of all that have not come to their end. */
static void give_up(struct run *run, enum hf_err err, const struct hf_why *why)
{
    hf_session_abandon(run->talk->session);
    for (size_t i = 0; i < run->count; i++) {
        struct running *r = &run->orders[i];

        if (r->engine == NULL)
            continue;
        hf_order_engine_free(r->engine);
        r->job->err = err;
        r->job->why = *why;
    }
}

void hf_orders_run(struct hf_talk *talk, struct hf_order_job *const *jobs,
                   size_t count)
{
    struct run run = {.talk = talk,
                      .orders = hf_alloc(count, sizeof(*run.orders)),
                      .count = count};
    struct hf_why why = {0};
    enum hf_err err;

    for (size_t i = 0; i < count; i++) {
        struct hf_order_job *job = jobs[i];

        job->engine = NULL;
        if (run.orders == NULL) {
            job->err = hf_fail(&job->why, HF_ENOMEM, 0, "out of memory");
            continue;
        }
        run.orders[i].job = job;
        job->err = hf_order_engine_new(&talk->directory, &job->wish,
                                       &run.orders[i].engine, &job->why);
    }
    if (run.orders == NULL)
        return;
    err = perform(&run, &why);
    if (err != HF_OK)
        give_up(&run, err, &why);
    hf_free(run.orders);
}
