/* SPDX-License-Identifier: Apache-2.0 */
/*
 * grant.h -- building records: the one canonical text for what is meant.
 *
 *     issuer; accounturi=...[; policy=wildcard][; persistUntil=N]
 */
#pragma once

#include "holdfast/challenge.h"
#include "holdfast/judge.h"

/* What the domain owner means to say. Spans are borrowed. */
struct hf_grant {
    enum hf_variant variant;
    struct hf_span domain;      /* canonical base name; no `*.` */
    struct hf_span issuer;      /* canonical */
    struct hf_span account_url; /* exactly as the CA spells it */
    struct hf_span prefix;      /* -02: accountHashPrefix */
    struct hf_span thumbprint;  /* -02: of the account's current key */
    enum hf_hash_alg alg;       /* -02 */
    bool star;                  /* -02: good for every name: CLI-09 */
    bool wildcard;              /* policy=wildcard: CLI-13 */
    bool has_until;
    int64_t until_at;
};

/*
 * Write the record's value (REQ CLI-03, CLI-05, CLI-08, CLI-10, CLI-11).
 *
 * Fails: HF_EINVAL when the result could never validate (issuer or URL with
 *        octets that no value may have, unusable prefix, time before 1970 or
 *        not after `now`), HF_ELIMIT when `out` is too small; *out is then
 *        as long as before.
 */
enum hf_err hf_grant_build(const struct hf_grant *grant, struct hf_time now,
                           const struct hf_digest *digest, struct hf_buf *out,
                           struct hf_why *why);
