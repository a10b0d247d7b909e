/* SPDX-License-Identifier: Apache-2.0 */
/*
 * child.h -- running somebody else's program: with an environment that we
 * choose, without our descriptors, for a limited time, and with what it says
 * kept up to a limit.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "holdfast/buf.h"

struct hf_child_plan {
    char *const *argv;    /* argv[0] is the program; looked for in PATH
                                   when it has no slash. NULL at the end */
    char *const *env;     /* NULL at the end */
    struct hf_span input; /* its standard input */
    int64_t until_ms;     /* hf_clock_ms() when it is killed */
    const int *leash;     /* a socket: when its other end is closed, it is
                             killed, too. NULL: there is none */
};

struct hf_child_end {
    bool ran;       /* it began; else the program cannot be executed */
    bool timed_out; /* and was killed, with its children */
    int status;     /* of exit; -1: killed by `signal` */
    int signal;
};

/*
 * Run it to its end. Standard output goes to `out` and standard error to
 * `said`; what does not fit is dropped: of `out` the end, and of `said`, whose
 * last words matter most, the beginning. It is a
 * process group of its own, and whatever is left of that at the end is
 * killed.
 *
 * Fails: HF_ESYSTEM, HF_ECANCELED (a signal, or the leash: the group is killed
 *        first).
 */
enum hf_err hf_child_run(const struct hf_child_plan *plan, struct hf_buf *out,
                         struct hf_buf *said, struct hf_child_end *end,
                         struct hf_why *why);
