/* SPDX-License-Identifier: Apache-2.0 */
/* order_run.h -- performing an order: the engine decides, this sends. */
#pragma once

#include "acme/order_engine.h"
#include "client/talk.h"

/* Which challenge of a pending authorization is fulfilled, or why none is. */
struct hf_chosen {
    bool is_good;
    size_t challenge;
    char reason[1024]; /* with NUL, escaped; when none is good */
};

typedef void hf_choose_fn(void *state, const struct hf_authz_object *authz,
                          struct hf_chosen *out);

/*
 * Run the order from start to end. Whatever its end, HF_OK and the engine with
 * its result. Owns: hf_order_engine_free().
 * Fails: HF_ECANCELED (a signal), HF_EINVAL, HF_ENOMEM, and what the HTTP
 *        client fails with.
 */
enum hf_err hf_order_run(struct hf_talk *talk, const struct hf_order_wish *wish,
                         hf_choose_fn *choose, void *state,
                         struct hf_order_engine **out, struct hf_why *why);
