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
    const int *gift;      /* a descriptor that it finds as HF_CHILD_GIFT; or
                             NULL */
    bool dies_with_us;    /* SIGTERM to it, should we end before it does */
};

#define HF_CHILD_GIFT 3

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

/*
 * The same beside other things to do. What is passed is borrowed until the
 * end. Wait until one of hf_child_fds() is readable, or 100 ms, and take a
 * turn; after `*ended` end it.
 */
struct hf_child;

#define HF_CHILD_FDS 2

/* Owns: hf_child_end(). Fails: HF_ESYSTEM, HF_ENOMEM. */
enum hf_err hf_child_start(const struct hf_child_plan *plan, struct hf_buf *out,
                           struct hf_buf *said, struct hf_child **child,
                           struct hf_why *why);

/* Descriptors that say when it speaks; -1 where it will not any more. */
void hf_child_fds(const struct hf_child *child, int fds[HF_CHILD_FDS]);

/* Take what it says and give it what it reads, waiting `wait_ms` at most.
 * Fails: HF_ESYSTEM, HF_ECANCELED (the leash). */
enum hf_err hf_child_turn(struct hf_child *child, int wait_ms, bool *ended,
                          struct hf_why *why);

/* Ask it to end: SIGTERM. */
void hf_child_ask_to_end(const struct hf_child *child);

/* Kill what is left of it, hear its last words, and forget it. `end` may be
 * NULL. Harmless on NULL. */
void hf_child_end(struct hf_child *child, struct hf_child_end *end);
