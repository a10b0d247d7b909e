/* SPDX-License-Identifier: Apache-2.0 */
/*
 * task.h -- one thing to do in a transaction, together with others: run a
 * request, tell how it stands, or keep what a job found. For ca/service.c.
 */
#pragma once

#include "ca/engine.h"
#include "ca/issuer.h"
#include "ca/validate.h"

enum hf_task_kind {
    HF_TASK_VALIDATED, /* keep a validator's result */
    HF_TASK_SIGNED,    /* keep an issuer's reply */
    HF_TASK_SHOW,      /* tell what became of a request */
    HF_TASK_RUN,       /* run a request */
};

struct hf_task {
    enum hf_task_kind kind;
    struct hf_ca_call *call; /* of the request, or one of its own */
    struct hf_job job;       /* of the first two */
    enum hf_way way;         /* of the first */
    struct hf_validation_result result;
    struct hf_issuer_reply reply;
    const struct hf_issuer_order *asked;
};

/*
 * Do them all and commit. When that does not go, each by itself and again while
 * that may help; then the call of one that fails is given up, or `err` of its
 * call tells why. Counts those in `*failed`.
 */
void hf_tasks_run(struct hf_task *tasks, size_t count, struct hf_store *store,
                  int64_t now_at, size_t *failed);
