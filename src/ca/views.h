/* SPDX-License-Identifier: Apache-2.0 */
/*
 * views.h -- what a CA that serves shows besides ACME: to whoever watches, its
 * metrics and its health; to its operator, its state, who may also drain it and
 * have its configuration read again. For ca/service.c.
 */
#pragma once

#include "ca/service.h"
#include "ca/status.h"

struct hf_views {
    const struct hf_service_config *config; /* borrowed */
    bool is_draining;
    bool wants_reload;       /* then somebody waits to hear how it went */
    uint64_t reload_request; /* of the front: whose answer that is */
};

/* Are requests at this place of the front for here? */
bool hf_views_are_at(const struct hf_views *views, size_t place);

/*
 * Answer it, or let it wait for the configuration to be read again. `status` is
 * as hf_status_look() wants it, and is that of the answer then.
 * Fails: as hf_server_answer().
 */
enum hf_err hf_views_answer(struct hf_views *views,
                            const struct hf_server_request *request,
                            struct hf_status *status, struct hf_why *why);

/* Tell whoever waits how that went. Fails: as hf_server_answer(). */
enum hf_err hf_views_reloaded(struct hf_views *views, bool good,
                              struct hf_why *why);
