/* SPDX-License-Identifier: Apache-2.0 */
/*
 * progress.h -- one line on a terminal that says how far a long job is: count,
 * rate, share and time left. Writes nothing when it is switched off.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct hf_progress {
    int fd;
    bool on;
    int64_t started_ns;
    int64_t shown_ns; /* when last */
    const char *noun; /* "names" */
};

/* `on` is the caller's wish; it is granted when `fd` is a terminal. */
void hf_progress_init(struct hf_progress *progress, int fd, bool on,
                      const char *noun, int64_t now_ns);

/* Where the job stands. */
struct hf_progress_state {
    uint64_t done;
    uint64_t failed;
    uint64_t part; /* of `whole`, in any unit; whole 0: not known */
    uint64_t whole;
};

/* Show it, at most four times a second. */
void hf_progress_show(struct hf_progress *progress,
                      const struct hf_progress_state *state, int64_t now_ns);

/* Take the line away. */
void hf_progress_end(struct hf_progress *progress);

/* The text of the line, for tests. `room` has HF_PROGRESS_MAX bytes. */
#define HF_PROGRESS_MAX 120
unsigned hf_progress_text(const struct hf_progress *progress,
                          const struct hf_progress_state *state, int64_t now_ns,
                          char *room);
