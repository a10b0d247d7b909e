/* SPDX-License-Identifier: Apache-2.0 */
/*
 * perspective_host.h -- a perspective at work: requests of its front go to its
 * eye, and views come back as replies. It never waits. What it saw for others
 * it sees again, by a resolver of its own (REQ VAL-44).
 *
 *     POST /dcv, /caa      the Open MPIC API (open_mpic.h, perspective.h)
 *     POST /mpic           the same from remote perspectives (coordinator.h)
 *     GET  /healthz, /configz
 */
#pragma once

#include "ca/perspective.h"
#include "net/server.h"

struct hf_perspective_host;

/* What one is built of; all is borrowed for its life. */
struct hf_perspective_config {
    struct hf_server_front *front;
    const struct hf_perspective_self *self;
    struct hf_eye *const *eyes; /* our own, then the remote ones, if any */
    size_t eye_count;           /* at most HF_EYES_MAX */
};

/* Owns: hf_perspective_host_free(). Fails: HF_ENOMEM. */
enum hf_err hf_perspective_host_new(const struct hf_perspective_config *config,
                                    struct hf_perspective_host **out,
                                    struct hf_why *why);
void hf_perspective_host_free(struct hf_perspective_host *host);

/*
 * Take what is there, look, and answer what was seen. Fails: as the front and
 * the eye: HF_ENOMEM, HF_EPEER, HF_ESYSTEM, HF_ECANCELED.
 */
enum hf_err hf_perspective_host_turn(struct hf_perspective_host *host,
                                     struct hf_time now, struct hf_why *why);

/* Requests that wait for their views. */
size_t hf_perspective_host_under_way(const struct hf_perspective_host *host);
