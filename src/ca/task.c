/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/task.h"

#include "ca/outcome.h"

/* Nothing stays of a request that is refused, however far it came, but that its
 * nonce is used. Most are refused, and many answered, before anything is
 * changed. */
static void run_call(struct hf_task *task, int64_t now_at)
{
    struct hf_ca_call *call = task->call;

    if (task->kind == HF_TASK_RUN)
        hf_engine_spend(call);
    if (call->err != HF_OK)
        return;
    call->may_be_undone = true;
    if (task->kind == HF_TASK_SHOW)
        hf_engine_show(call, now_at);
    else
        hf_engine_run(call);
    if (call->err == HF_OK && call->trouble != HF_TROUBLE_NONE &&
        !call->may_be_undone)
        call->err = hf_store_back_to_mark(call->store, &call->why);
    call->may_be_undone = false;
}

static void run_one(struct hf_task *task, int64_t now_at)
{
    struct hf_ca_call *call = task->call;

    call->err = HF_OK;
    switch (task->kind) {
    case HF_TASK_VALIDATED:
        (void)hf_outcome_validated(call, &task->job, &task->result);
        break;
    case HF_TASK_SIGNED:
        (void)hf_outcome_signed(call, task->job.id, task->asked, &task->reply);
        break;
    case HF_TASK_SHOW:
    case HF_TASK_RUN:
        run_call(task, now_at);
        break;
    }
}

/* A call may be run again: what it was before is kept in it, but for this. */
struct batch {
    struct hf_task *tasks;
    size_t count;
    int64_t now_at;
};

static enum hf_err work(struct hf_store *store, void *of, struct hf_why *why)
{
    const struct batch *batch = of;

    (void)store;
    for (size_t i = 0; i < batch->count; i++) {
        const struct hf_ca_call *call = batch->tasks[i].call;

        run_one(&batch->tasks[i], batch->now_at);
        if (call->err == HF_OK)
            continue;
        *why = call->why;
        return call->err;
    }
    return HF_OK;
}

static void give_up(struct hf_task *task, enum hf_err err,
                    const struct hf_why *why)
{
    if (task->kind == HF_TASK_RUN || task->kind == HF_TASK_SHOW)
        hf_engine_give_up(task->call);
    task->call->err = err;
    task->call->why = *why;
}

void hf_tasks_run(struct hf_task *tasks, size_t count, struct hf_store *store,
                  int64_t now_at, size_t *failed)
{
    struct batch all = {tasks, count, now_at};
    struct hf_why why = {0};

    *failed = 0;
    if (count == 0 || hf_store_transact(store, work, &all, &why) == HF_OK)
        return;
    for (size_t i = 0; i < count; i++) {
        struct batch one = {&tasks[i], 1, now_at};
        enum hf_err err = hf_store_transact(store, work, &one, &why);

        if (err == HF_OK)
            continue;
        give_up(&tasks[i], err, &why);
        ++*failed;
    }
}
