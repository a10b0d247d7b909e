/* SPDX-License-Identifier: Apache-2.0 */
/*
 * coordinator.h -- POST /mpic of the Open MPIC API: a request that all remote
 * perspectives are to look at, and their views as one reply. Pure.
 *
 * All that are configured are asked, and nobody gets a smaller quorum than the
 * Baseline Requirements allow (3.2.2.9): 0 and 1 are refused.
 */
#pragma once

#include "ca/perspective.h"

/* A request, read. Release with hf_coordination_clear(). */
struct hf_coordination {
    struct hf_observation observation;
    size_t quorum;     /* that counts */
    bool has_count;    /* perspective_count was given: all of them */
    bool has_quorum;   /* quorum_count was given */
    bool has_attempts; /* max_attempts was given; one is made */
    int64_t attempts;
};

/*
 * Read a body that `remotes` perspectives are to look at. *objection as in
 * hf_observation_read(). Fails: HF_ENOMEM.
 */
enum hf_err hf_coordination_read(struct hf_span body, size_t remotes,
                                 const struct hf_perspective_self *self,
                                 struct hf_coordination *out,
                                 const char **objection, struct hf_why *why);
void hf_coordination_clear(struct hf_coordination *coordination);

/* What the perspectives saw, in their order. Borrowed. */
struct hf_corroboration {
    struct hf_eye *const *eyes; /* for their names and regions */
    const struct hf_view *views;
    size_t count;
    struct hf_time now;
};

/* The reply. Fails: as hf_observation_put(). */
enum hf_err hf_coordination_put(const struct hf_coordination *coordination,
                                const struct hf_perspective_self *self,
                                const struct hf_corroboration *seen,
                                struct hf_buf *out, struct hf_why *why);
