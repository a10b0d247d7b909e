/* SPDX-License-Identifier: Apache-2.0 */
/*
 * channel.h -- the certificate of what talks to one another in a laboratory, a
 * CA and its perspectives: one for all of them, for servers and for clients,
 * from a root of its own that is forgotten at once. No I/O.
 */
#pragma once

#include "holdfast/buf.h"
#include "holdfast/err.h"

/* All three are PEM, in growing buffers. */
struct hf_lab_channel {
    struct hf_buf root;
    struct hf_buf chain;
    struct hf_buf key;
};

/*
 * Make one for servers at these addresses (text), for a year from `now_s`.
 * Release with hf_lab_channel_clear(), also after a failure.
 * Fails: HF_ENOMEM, HF_ECRYPTO, HF_EINVAL (an address that is none).
 */
enum hf_err hf_lab_channel_make(const struct hf_span *addresses, size_t count,
                                int64_t now_s, struct hf_lab_channel *out,
                                struct hf_why *why);

/* Wipes. Harmless on a zeroed one. */
void hf_lab_channel_clear(struct hf_lab_channel *channel);
