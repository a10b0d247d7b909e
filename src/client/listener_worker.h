/* SPDX-License-Identifier: Apache-2.0 */
/*
 * listener_worker.h -- the process that listens for the CA. It takes its port,
 * walls itself in, and then answers GET and HEAD for tokens that its parent
 * told it, and everything else with 404. Requests are bounded in size and
 * time, connections in number.
 *
 *     parent: config, then any number of tokens; end of file ends the worker
 *     worker: how its start went, then `done` for each token
 */
#pragma once

#include "acme/token.h"
#include "os/role.h"

#define HF_LISTENER_ROLE "_listener"

enum hf_listener_frame {
    HF_LISTENER_TOKEN = HF_FRAME_OTHERS, /* 1: show, 0: forget; authorization */
    HF_LISTENER_DONE,
};

#define HF_LISTENER_FRAME_MAX  (2 + HF_AUTHORIZATION_MAX)
#define HF_LISTENER_TOKENS_MAX 128

/* How its start went. */
enum hf_listener_start {
    HF_LISTENER_STARTED,
    HF_LISTENER_MEMORY,
    HF_LISTENER_BROKEN,
    HF_LISTENER_IN_USE,
    HF_LISTENER_DENIED,
    HF_LISTENER_ELSEWHERE,
    HF_LISTENER_SOCKET,
    HF_LISTENER_WALL,
    HF_LISTENER_STARTS, /* how many there are */
};

/* What the process does from its start to its end. True when it ended because
 * its parent did. */
bool hf_listener_worker_run(int fd);
