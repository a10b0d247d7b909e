/* SPDX-License-Identifier: Apache-2.0 */
/*
 * solver.h -- whatever puts something where a CA will look for it, and takes
 * it away again: a web server's folder, a listener of our own, DNS.
 */
#pragma once

#include "holdfast/buf.h"
#include "holdfast/err.h"
#include "holdfast/span.h"

/* What is shown for one name. */
struct hf_exhibit {
    struct hf_span name; /* without "*." */
    struct hf_span token;
    struct hf_span authorization; /* acme/token.h */
    struct hf_buf note;           /* of the solver, from show() to hide() */
};

/* A small struct of functions. Zeroed: there is none. */
struct hf_solver {
    /* Put it there, or send it on its way. When this fails there may be
     * something to hide nevertheless. */
    enum hf_err (*show)(void *state, struct hf_exhibit *exhibit,
                        struct hf_why *why);
    /* Wait until it has arrived; NULL: it is there when show() returns.
     * Several are shown before the first one is waited for. HF_ETIMEOUT when
     * it does not arrive. */
    enum hf_err (*await)(void *state, struct hf_exhibit *exhibit,
                         struct hf_why *why);
    /* Take it away: harmless when it is not there. */
    enum hf_err (*hide)(void *state, struct hf_exhibit *exhibit,
                        struct hf_why *why);
    void (*free)(void *state);
    void *state;
};

/* Harmless on a zeroed one. */
static inline void hf_solver_clear(struct hf_solver *solver)
{
    if (solver->free != NULL)
        solver->free(solver->state);
    *solver = (struct hf_solver){0};
}
