/* SPDX-License-Identifier: Apache-2.0 */
/*
 * deauthorize.h -- end what a CA remembers of validations (RFC 8555, section
 * 7.5.2). A record that was removed stops new validations; until the
 * authorizations that came of it expire, certificates still follow. REQ CLI-38
 */
#pragma once

#include "acme/order_engine.h"
#include "client/talk.h"

enum hf_deauthorized {
    HF_DEAUTHORIZED_ENDED,
    HF_DEAUTHORIZED_NOTHING, /* none that the CA would have used again */
    HF_DEAUTHORIZED_NOT,     /* the CA refused: see hf_talk_said() */
};

/* Called for every name, in the CA's order; `authz` is borrowed. */
typedef void hf_deauthorized_fn(void *state,
                                const struct hf_authz_object *authz,
                                enum hf_deauthorized what);

/*
 * End the authorizations for the names that are wished for.
 *
 * Nobody but the CA knows which there are, and it tells by an order: what is
 * valid in a new one would have been used again. So this makes an order, which
 * is then left to expire.
 *
 * Fails: as hf_talk_call(); HF_EPEER when the CA's order cannot be read.
 */
enum hf_err hf_deauthorize(struct hf_talk *talk,
                           const struct hf_order_wish *wish,
                           hf_deauthorized_fn *each, void *state,
                           struct hf_why *why);
