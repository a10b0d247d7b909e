/* SPDX-License-Identifier: Apache-2.0 */
#include "client/order_run.h"

#include "base/alloc.h"

/* An authorization whose choice was put off; the engine does not touch it
 * until it is told. */
struct put_off {
    size_t index;
    const struct hf_authz_object *authz;
};

struct running {
    struct hf_talk *talk;
    struct hf_order_engine *engine;
    hf_choose_fn *choose;
    void *state;
    size_t calls; /* under way */
    struct put_off put_off[HF_AUTHZ_MAX];
    size_t put_off_count;
};

static void choose_one(struct running *r, size_t index,
                       const struct hf_authz_object *authz)
{
    struct hf_chosen chosen = {0};

    r->choose(r->state, authz, &chosen);
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

static enum hf_err wait_for_call(struct running *r, int64_t until_ms,
                                 struct hf_why *why)
{
    struct hf_called called;
    bool got;
    enum hf_err err = hf_talk_turn(r->talk, until_ms, &called, &got, why);

    if (err != HF_OK || !got)
        return err;
    r->calls--;
    hf_order_called(r->engine, called.ticket, &called, hf_talk_now());
    return HF_OK;
}

static enum hf_err perform(struct running *r, struct hf_why *why)
{
    for (;;) {
        enum hf_err err = HF_OK;
        struct hf_order_step step;

        hf_order_next(r->engine, hf_talk_now(), &step);
        switch (step.need) {
        case HF_ORDER_CALL:
            err = hf_session_submit(r->talk->session, &step.call, step.ticket,
                                    why);
            r->calls += err == HF_OK;
            break;
        case HF_ORDER_CHOOSE:
            choose_one(r, step.index, step.authz);
            break;
        case HF_ORDER_WAIT:
            if (r->calls == 0 && r->put_off_count > 0)
                choose_rest(r);
            else
                err = wait_for_call(r, step.wake_ms, why);
            break;
        case HF_ORDER_END:
            return HF_OK;
        }
        if (err != HF_OK)
            return err;
    }
}

enum hf_err hf_order_run(struct hf_talk *talk, const struct hf_order_wish *wish,
                         hf_choose_fn *choose, void *state,
                         struct hf_order_engine **out, struct hf_why *why)
{
    struct running *r = hf_alloc(1, sizeof(*r));
    enum hf_err err;

    if (r == NULL)
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    r->talk = talk;
    r->choose = choose;
    r->state = state;
    err = hf_order_engine_new(&talk->directory, wish, &r->engine, why);
    if (err == HF_OK)
        err = perform(r, why);
    if (err == HF_OK)
        *out = r->engine;
    else
        hf_order_engine_free(r->engine);
    hf_free(r);
    return err;
}
