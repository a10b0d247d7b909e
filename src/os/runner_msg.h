/* SPDX-License-Identifier: Apache-2.0 */
/*
 * runner_msg.h -- what is said to the process that runs programs (runner.h),
 * and what it says.
 *
 *     CONFIG  entries of the environment (texts), and for each program: time
 *             limit in ms (4), open words (1), words (texts), names of
 *             variables (texts)
 *     RUN     program (4), words (texts), and for each variable of the
 *             program: set (1), value (text)
 *
 *     READY   as every role says it
 *     ENDED   ran (1), timed out (1), status (4), signal (4), output (text),
 *             what it said (text)
 *
 * Texts are their number (2), and each with its length. Pure.
 */
#pragma once

#include "os/child.h"
#include "os/role.h"
#include "os/runner.h"

enum { HF_RUNNER_RUN = HF_FRAME_OTHERS, HF_RUNNER_ENDED };

#define HF_RUNNER_CONFIG_MAX ((size_t)64 << 20)
#define HF_RUNNER_ORDER_MAX  ((size_t)2 << 20)
#define HF_RUNNER_REPLY_MAX  (2 * (size_t)HF_RUNNER_SAID_MAX + 64)

/* Texts that stand one behind the other; walk them with hf_texts_next(). */
struct hf_texts {
    struct hf_span rest;
    size_t count;
};

void hf_put_texts(struct hf_buf *out, const struct hf_span *list, size_t count);

/* Cut them off; false when they are not all there. Borrows. */
bool hf_take_texts(struct hf_span *rest, struct hf_texts *out);

/* The next one; false at the end. Cannot fail on what was taken. */
bool hf_texts_next(struct hf_texts *texts, struct hf_span *out);

/* One program of CONFIG, as it was sent. Borrows. */
struct hf_runner_program {
    uint32_t timeout_ms;
    size_t open_words;
    struct hf_texts words; /* one at least */
    struct hf_texts variables;
};

void hf_runner_put_program(struct hf_buf *out,
                           const struct hf_program *program);

/* Cut it off; false when it is not all there. */
bool hf_runner_take_program(struct hf_span *rest,
                            struct hf_runner_program *out);

/* RUN, as it was sent. Borrows; nothing in it has a NUL. */
struct hf_runner_order {
    size_t program;
    struct hf_texts words;
    struct hf_span values; /* walk them with hf_runner_value_next() */
};

void hf_runner_put_order(struct hf_buf *out, const struct hf_program_run *run);
enum hf_err hf_runner_read_order(struct hf_span body,
                                 struct hf_runner_order *out,
                                 struct hf_why *why);

/* The value of the next variable; `out->ptr` is NULL when it is to be unset.
 * False at the end. */
bool hf_runner_value_next(struct hf_span *values, struct hf_span *out);

/* ENDED. */
struct hf_runner_ended {
    struct hf_child_end end;
    struct hf_span out;
    struct hf_span said;
};

void hf_runner_put_ended(struct hf_buf *out,
                         const struct hf_runner_ended *ended);
enum hf_err hf_runner_read_ended(struct hf_span body,
                                 struct hf_runner_ended *out,
                                 struct hf_why *why);
