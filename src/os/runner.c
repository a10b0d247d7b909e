/* SPDX-License-Identifier: Apache-2.0 */
#include "os/runner.h"

#include "base/octets.h"
#include "os/runner_msg.h"
#include "os/runner_worker.h"

#define START_MS 20000 /* also on a busy machine */

const struct hf_greeting hf_runner_greetings[HF_RUNNER_STARTS] = {
    [HF_RUNNER_STARTED] = {HF_OK, NULL},
    [HF_RUNNER_NO_MEMORY] = {HF_ENOMEM, "out of memory"},
    [HF_RUNNER_BAD_CONFIG] = {HF_EINVAL,
                              "a NUL octet in a program's command line"},
};

static enum hf_err gone(struct hf_why *why)
{
    return hf_fail(why, HF_EPEER, 0, "the process that runs programs is gone");
}

void hf_runner_init(struct hf_runner *runner, const struct hf_span *entries,
                    size_t count)
{
    *runner = (struct hf_runner){0};
    hf_buf_init_grow(&runner->config, HF_RUNNER_CONFIG_MAX);
    (void)hf_frame_begin(&runner->config, HF_FRAME_CONFIG);
    hf_put_texts(&runner->config, entries, count);
}

size_t hf_runner_add(struct hf_runner *runner, const struct hf_program *program)
{
    hf_runner_put_program(&runner->config, program);
    return runner->program_count++;
}

enum hf_err hf_runner_start(struct hf_runner *runner, struct hf_why *why)
{
    struct hf_role_plan plan = {.word = HF_RUNNER_ROLE,
                                .wait_ms = START_MS,
                                .greetings = hf_runner_greetings,
                                .greeting_count = HF_RUNNER_STARTS};
    enum hf_err err;

    hf_frame_end(&runner->config, 0);
    if (runner->config.full)
        return hf_fail(why, HF_ELIMIT, 0,
                       "too many programs, or too long a command line");
    plan.config = hf_buf_span(&runner->config);
    hf_role_init(&runner->role, HF_RUNNER_REPLY_MAX, HF_RUNNER_CONFIG_MAX);
    runner->role.is_patient = true;
    /* Once and for all: what was said leaves no copy in smaller rooms. */
    if (hf_buf_reserve(&runner->role.in, HF_RUNNER_REPLY_MAX) == NULL)
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    err = hf_role_open(&runner->role, &plan, why);
    hf_buf_clear(&runner->config);
    return err;
}

static bool has_nul(const struct hf_span *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (hf_span_find(list[i], '\0') < list[i].len)
            return true;
    return false;
}

/* However long the program takes: the runner has its time limit. */
static enum hf_err await_end(struct hf_runner *runner, struct hf_frame *frame,
                             struct hf_why *why)
{
    enum hf_err err = hf_role_await(&runner->role, INT64_MAX, frame, why);

    if (err == HF_EPEER || (err == HF_OK && frame->kind != HF_RUNNER_ENDED))
        return gone(why);
    return err;
}

enum hf_err hf_runner_run(struct hf_runner *runner,
                          const struct hf_program_run *run, struct hf_buf *out,
                          struct hf_buf *said, struct hf_child_end *end,
                          struct hf_why *why)
{
    struct hf_runner_ended ended = {0};
    struct hf_frame frame = {0};
    enum hf_err err;

    if (has_nul(run->words, run->program->open_words) ||
        has_nul(run->values, run->program->variable_count))
        return hf_fail(why, HF_EINVAL, 0,
                       "a NUL octet, which no program can be told");
    hf_runner_put_order(&runner->role.out, run);
    if (runner->role.out.full) {
        hf_buf_reset(&runner->role.out);
        return hf_fail(why, HF_ELIMIT, 0, "too long for a program to be told");
    }
    err = await_end(runner, &frame, why);
    if (err == HF_OK)
        err = hf_runner_read_ended(frame.body, &ended, why);
    if (err != HF_OK)
        return err;
    *end = ended.end;
    hf_buf_put(out, ended.out);
    hf_buf_put(said, ended.said);
    hf_role_drop(&runner->role, &frame);
    if (runner->role.in.len == 0)
        explicit_bzero(runner->role.in.ptr, runner->role.in.cap);
    return HF_OK;
}

void hf_runner_clear(struct hf_runner *runner)
{
    hf_role_clear(&runner->role);
    hf_buf_clear(&runner->config);
    *runner = (struct hf_runner){0};
}
