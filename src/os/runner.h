/* SPDX-License-Identifier: Apache-2.0 */
/*
 * runner.h -- other people's programs, run by a process of its own.
 *
 * Whoever speaks with the network must not be the one that executes programs.
 * So the runner is started before anything of the network is read, and is told
 * then, and only then, what it may run. Afterwards it can be asked to run the
 * nth of these programs: with as many words behind its command line as were
 * kept open, and with values for the variables that were named. Nothing that
 * is asked adds a program, a word or a variable; who tries ends it.
 *
 * What a program said may be a secret: it is wiped here when it was handed
 * over.
 *
 * A signal to us does not end a program that runs, since half a hook is worse
 * than a whole one: its time limit does. Our own end does, too.
 */
#pragma once

#include <stdint.h>

#include "os/child.h"
#include "os/role.h"

#define HF_RUNNER_SAID_MAX 16384 /* octets kept of what a program says */

struct hf_program {
    const struct hf_span *words; /* of its command line, one at least */
    size_t word_count;
    const struct hf_span *variables; /* names that a run may give values */
    size_t variable_count;
    uint8_t open_words; /* that a run adds */
    uint32_t timeout_ms;
};

/* Zeroed: there is none. */
struct hf_runner {
    struct hf_role role;
    struct hf_buf config; /* what it will be told */
    size_t program_count;
};

/* Begin to tell. All programs get the environment `entries` ("NAME=value");
 * one without a slash is looked for in the PATH of these. Release with
 * hf_runner_clear(). */
void hf_runner_init(struct hf_runner *runner, const struct hf_span *entries,
                    size_t count);

/* One more program. Returns its number, from 0. */
size_t hf_runner_add(struct hf_runner *runner,
                     const struct hf_program *program);

/* That is all: start it. Fails: HF_ELIMIT (too much, or too long), HF_ESYSTEM,
 * HF_ENOMEM, HF_EPEER, HF_EINVAL (a NUL). */
enum hf_err hf_runner_start(struct hf_runner *runner, struct hf_why *why);

struct hf_program_run {
    size_t index;                     /* of the program, and ... */
    const struct hf_program *program; /* what was added with it */
    const struct hf_span *words;      /* open_words of them */
    const struct hf_span *values;     /* one a variable; without ptr: unset */
};

/*
 * Run one to its end: as hf_child_run(), which see for `out` and `said`.
 * Fails: HF_ELIMIT (too long), HF_EINVAL (a NUL), HF_EPEER (the runner has
 *        ended), HF_ENOMEM, HF_ESYSTEM.
 */
enum hf_err hf_runner_run(struct hf_runner *runner,
                          const struct hf_program_run *run, struct hf_buf *out,
                          struct hf_buf *said, struct hf_child_end *end,
                          struct hf_why *why);

/* End it, and a program that it runs. Harmless when there is none. */
void hf_runner_clear(struct hf_runner *runner);
