/* SPDX-License-Identifier: Apache-2.0 */
/* order_run.h -- performing an order: the engine decides, this sends. */
#pragma once

#include "acme/order_engine.h"
#include "client/talk.h"

enum hf_choice {
    HF_CHOICE_NONE,  /* no challenge can be fulfilled, and why */
    HF_CHOICE_GOOD,  /* this one is, and may be tried */
    HF_CHOICE_LATER, /* it will be: ask again when nothing else is left to do,
                        so that names are waited for together. Once only. */
};

/* Which challenge of a pending authorization is to be tried. */
struct hf_chosen {
    enum hf_choice verdict;
    size_t challenge;
    char reason[1024]; /* with NUL, escaped; when there is none */
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
