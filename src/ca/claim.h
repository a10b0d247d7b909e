/* SPDX-License-Identifier: Apache-2.0 */
/*
 * claim.h -- a job of the validator, kept: a copy of all that whoever gave it
 * may forget, and the CA's rules as they count for it.
 */
#pragma once

#include "ca/validate.h"

struct hf_claim {
    struct hf_validation_job job; /* its spans are ours */
    struct hf_account account;    /* which job.account is */
    const struct hf_span *urls;   /* of the account, all forms of it */
    size_t url_count;
    struct hf_ca ca;
    const struct hf_validation_policy *policy; /* borrowed */
    struct hf_name reverse; /* of an address: its name in DNS; else empty */
    void *room;
};

/*
 * Keep a job. Owns: hf_claim_clear(). Fails: HF_ENOMEM, HF_EINVAL (a job that
 * can have no answer), HF_ELIMIT (a URL or a token is too long).
 */
enum hf_err hf_claim_init(struct hf_claim *claim,
                          const struct hf_validation_job *job,
                          const struct hf_validator_config *config,
                          struct hf_why *why);
void hf_claim_clear(struct hf_claim *claim);

/* The SHA-256 of the key authorization. Fails: HF_ECRYPTO. */
enum hf_err hf_claim_hash(const struct hf_claim *claim, unsigned char out[32],
                          struct hf_why *why);
