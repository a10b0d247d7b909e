/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hardware.h -- inside a role that has a key: a key in a token or a TPM. What
 * is behind those is other people's code, which is loaded, and finds its
 * hardware, before the wall; the PIN is used, and anything signed, behind it.
 */
#pragma once

#include "crypto/token.h"
#include "keys/reach.h"

struct hf_hardware_plan {
    struct hf_span where; /* these three as in hf_token_plan */
    bool make;
    enum hf_key_kind kind;
    struct hf_span pin; /* may be empty */
    struct hf_key_reach reach;
    const char *path; /* a folder that the role itself needs; or NULL */
    bool no_wall;
};

/*
 * Build the wall, with holes as the plan says, and find or make the key. Its
 * note is added to `note`; out->signer owns it.
 * Fails as hf_token_open(), hf_token_use() and hf_sandbox_enter_with().
 */
enum hf_err hf_hardware_use(const struct hf_hardware_plan *plan,
                            struct hf_token_key *out, struct hf_buf *note,
                            struct hf_why *why);
