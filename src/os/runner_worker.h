/* SPDX-License-Identifier: Apache-2.0 */
/* runner_worker.h -- the process behind runner.h. */
#pragma once

#include "os/role.h"

/* The argument with which main() becomes the runner. */
#define HF_RUNNER_ROLE "_runner"

/* Serve whoever has the other end of `fd`, until that is closed. False when it
 * was asked for something that it does not do. */
bool hf_runner_worker_run(int fd);

/* How its start can go. */
enum hf_runner_start {
    HF_RUNNER_STARTED,
    HF_RUNNER_NO_MEMORY,
    HF_RUNNER_BAD_CONFIG,
    HF_RUNNER_STARTS
};

extern const struct hf_greeting hf_runner_greetings[HF_RUNNER_STARTS];
