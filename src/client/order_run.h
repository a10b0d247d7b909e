/* SPDX-License-Identifier: Apache-2.0 */
/* order_run.h -- performing orders: their engines decide, this sends. */
#pragma once

#include "acme/order_engine.h"
#include "client/talk.h"

#define HF_ORDERS_AT_ONCE 8

enum hf_choice {
    HF_CHOICE_NONE,  /* no challenge can be fulfilled, and why */
    HF_CHOICE_GOOD,  /* this one is, and may be tried */
    HF_CHOICE_LATER, /* it will be: ask again when nothing else is left to do
                        in this order, so that names are waited for together.
                        Once only. */
};

/* Which challenge of a pending authorization is to be tried. */
struct hf_chosen {
    enum hf_choice verdict;
    size_t challenge;
    char reason[1024]; /* with NUL, escaped; when there is none */
};

typedef void hf_choose_fn(void *state, const struct hf_authz_object *authz,
                          struct hf_chosen *out);

/* An order to be performed, and what came of it. */
struct hf_order_job {
    struct hf_order_wish wish; /* but for the time when it is given up: ... */
    int64_t patience_ms;       /* ... that is so much after its beginning */
    hf_choose_fn *choose;
    void (*ended)(void *state); /* called once, whatever came of it */
    void *state;
    enum hf_err err; /* it did not come to its end, and why */
    struct hf_why why;
    struct hf_order_engine *engine; /* else, with its result.
                                       Owns: hf_order_engine_free() */
};

/*
 * Run the orders from start to end, HF_ORDERS_AT_ONCE side by side: where one
 * ends the next one begins, while the CA is busy with one the others go on, and
 * how one ends is nothing to them. A choice that takes its time holds all of
 * them up, and so does whoever is told of an end.
 *
 * Each job fails with HF_EINVAL, HF_ENOMEM; and all that have not ended yet
 * with HF_ECANCELED (a signal) and what the HTTP client fails with.
 */
void hf_orders_run(struct hf_talk *talk, struct hf_order_job *const *jobs,
                   size_t count);
