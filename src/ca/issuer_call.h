/* SPDX-License-Identifier: Apache-2.0 */
/* issuer_call.h -- starting the process that has a CA's key, and waiting for
 * what it says: shared by issuer.h and founder.h. */
#pragma once

#include "ca/issuer_msg.h"

/* Start it and hear that it is ready. `ready` borrows from role->in. The role
 * has ended when that fails. Fails as hf_issuer_open(). */
enum hf_err hf_issuer_call_open(struct hf_role *role,
                                const struct hf_issuer_want *want,
                                struct hf_issuer_ready *ready, char *said,
                                struct hf_why *why);

/* Wait for a frame of this kind. Fails as FAILED says, with its sentence in
 * `said`; HF_EPEER, HF_ECANCELED. */
enum hf_err hf_issuer_call_await(struct hf_role *role,
                                 enum hf_issuer_frame wanted,
                                 struct hf_frame *frame, char *said,
                                 struct hf_why *why);

/* Hang up, and give it a moment: hardware is given up in good order. */
void hf_issuer_call_end(struct hf_role *role);
