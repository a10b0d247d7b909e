/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reach.h -- how a key in hardware is reached from behind a wall: what other
 * people's code, which speaks to the hardware, needs of this machine.
 */
#pragma once

#include "holdfast/buf.h"
#include "holdfast/span.h"

/* Each of the lists ends all items by NUL. */
struct hf_key_reach {
    struct hf_span tcti;        /* of a TPM (crypto/token.h); may be empty */
    struct hf_span holes;       /* in the wall: "network", or a path */
    struct hf_span environment; /* NAME=VALUE, for other people's code */
};

#define HF_KEY_HOLE_NETWORK    HF_SPAN("network")
#define HF_KEY_TCTI_MAX        4096  /* octets */
#define HF_KEY_HOLES_MAX       8     /* of them, ... */
#define HF_KEY_HOLES_TEXT_MAX  16384 /* ... in octets */
#define HF_KEY_ENVIRONMENT_MAX 65535 /* octets */

/* To the process that has the key, and out of what it was sent (borrowed). */
void hf_key_reach_put(struct hf_buf *out, const struct hf_key_reach *reach);
bool hf_key_reach_take(struct hf_span *rest, struct hf_key_reach *out);
