/* SPDX-License-Identifier: Apache-2.0 */
/*
 * outcome.h -- between jobs and what is remembered: what a job asks of the
 * validator or of the issuer, and what their answers change. Each runs inside a
 * transaction, in a call of its own (hf_engine_begin()), and answers whether it
 * went well, as the steps of resources do.
 *
 * Whatever happened meanwhile counts: an account that was deactivated, an
 * authorization that was given back (REQ ACCT-04, REUSE-09), a job that another
 * process took up when it did not hear of us any more.
 */
#pragma once

#include "ca/call.h"
#include "ca/issuer.h"

/* What the validator is asked. `*wanted` is false when nobody wants to know any
 * more. Borrows from the call. */
bool hf_outcome_ask(struct hf_ca_call *call, const struct hf_job *job,
                    struct hf_validation_job *out, bool *wanted);

/* What the validator found. */
bool hf_outcome_validated(struct hf_ca_call *call, const struct hf_job *job,
                          const struct hf_validation_result *result);

/* What the issuer is asked for the order `id` that a crash left processing.
 * What has to be looked at again first is not wanted any more: its client
 * finalizes once more. Nor is what rests on an authorization that has ended. */
bool hf_outcome_sign(struct hf_ca_call *call, int64_t id,
                     const struct hf_issuer_order **out, bool *wanted);

/* What the issuer did for the order `id`; `asked` is what it was asked. */
bool hf_outcome_signed(struct hf_ca_call *call, int64_t id,
                       const struct hf_issuer_order *asked,
                       const struct hf_issuer_reply *reply);
