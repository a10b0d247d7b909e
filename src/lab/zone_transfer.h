/* SPDX-License-Identifier: Apache-2.0 */
/* zone_transfer.h -- a zone as a whole (RFC 5936). For zone*.c only. */
#pragma once

#include "lab/zone_reply.h"

/*
 * Answer an AXFR: all messages but the last go to `out`, the last is in the
 * reply. Only over TCP; anybody may ask. Fails: HF_ENOMEM, HF_ECRYPTO.
 */
enum hf_err hf_lab_transfer(const struct hf_lab_dns *dns,
                            struct hf_lab_reply *reply, struct hf_buf *out,
                            struct hf_why *why);
