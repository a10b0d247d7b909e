/* SPDX-License-Identifier: Apache-2.0 */
/*
 * listener.h -- http-01 without a web server (RFC 8555, section 8.3): a
 * listener of our own, for as long as the CA looks. It is a process behind a
 * wall (client/listener_worker.h) that knows the tokens and nothing else.
 */
#pragma once

#include <stdint.h>

#include "client/solver.h"

struct hf_listener_config {
    struct hf_span address; /* IPv4 or IPv6; empty: all of both kinds */
    uint16_t port;
    bool no_wall; /* --sandbox=off */
};

/*
 * It listens when this returns. Owns: hf_solver_clear(), which ends it.
 *
 * Fails: HF_EINVAL (the address is none), HF_EPEER (the port is taken or not
 *        for us to take, the address is not of this machine, the wall cannot
 *        be built), HF_ESYSTEM, HF_ENOMEM, HF_ECANCELED. Its show(): HF_EINVAL
 *        (no token), HF_EPEER (the process is gone), HF_ELIMIT.
 */
enum hf_err hf_listener_new(const struct hf_listener_config *config,
                            struct hf_solver *out, struct hf_why *why);
