/* SPDX-License-Identifier: Apache-2.0 */
#include "client/order_run.h"

static void choose_one(struct hf_order_engine *engine,
                       const struct hf_order_step *step, hf_choose_fn *choose,
                       void *state)
{
    struct hf_chosen chosen = {0};

    choose(state, step->authz, &chosen);
    if (chosen.is_good)
        hf_order_chosen(engine, step->index, chosen.challenge);
    else
        hf_order_declined(engine, step->index, hf_span_str(chosen.reason));
}

static enum hf_err wait_for_call(struct hf_talk *talk,
                                 struct hf_order_engine *engine,
                                 int64_t until_ms, struct hf_why *why)
{
    struct hf_called called;
    bool got;
    enum hf_err err = hf_talk_turn(talk, until_ms, &called, &got, why);

    if (err == HF_OK && got)
        hf_order_called(engine, called.ticket, &called, hf_talk_now());
    return err;
}

static enum hf_err perform(struct hf_talk *talk, struct hf_order_engine *engine,
                           hf_choose_fn *choose, void *state,
                           struct hf_why *why)
{
    for (;;) {
        enum hf_err err = HF_OK;
        struct hf_order_step step;

        hf_order_next(engine, hf_talk_now(), &step);
        switch (step.need) {
        case HF_ORDER_CALL:
            err =
                hf_session_submit(talk->session, &step.call, step.ticket, why);
            break;
        case HF_ORDER_CHOOSE:
            choose_one(engine, &step, choose, state);
            break;
        case HF_ORDER_WAIT:
            err = wait_for_call(talk, engine, step.wake_ms, why);
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
    struct hf_order_engine *engine;
    enum hf_err err = hf_order_engine_new(&talk->directory, wish, &engine, why);

    if (err != HF_OK)
        return err;
    err = perform(talk, engine, choose, state, why);
    if (err == HF_OK)
        *out = engine;
    else
        hf_order_engine_free(engine);
    return err;
}
