/* SPDX-License-Identifier: Apache-2.0 */
/*
 * key_hardware.h -- inside the role that has a key: a key in a token or a TPM.
 * What is behind those is other people's code, which is loaded, and finds its
 * hardware, before the wall; the PIN is used, and anything signed, behind it.
 */
#pragma once

#include "client/key_msg.h"

/*
 * Build the wall, with holes as want->reach says, and find or make the key.
 * Its note is added to `note`; ready->signer owns it.
 * Fails as hf_token_open(), hf_token_use() and hf_sandbox_enter_with(), and
 * HF_EINVAL when it is to leave the hardware.
 */
enum hf_err hf_key_hardware(const struct hf_key_want *want,
                            struct hf_key_ready *ready, struct hf_buf *note,
                            struct hf_why *why);
