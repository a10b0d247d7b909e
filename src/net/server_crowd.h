/* SPDX-License-Identifier: Apache-2.0 */
/*
 * server_crowd.h -- how many connections each address has. An IPv6 address
 * counts as its /64, for that is what one customer has.
 */
#pragma once

#include <stdint.h>

#include "holdfast/err.h"

struct hf_server_crowd;

/* For at most `connections` at once, `per_address` each. Owns:
 * hf_server_crowd_free(). Fails: HF_ENOMEM, HF_ESYSTEM (no random octets). */
enum hf_err hf_server_crowd_new(size_t connections, size_t per_address,
                                struct hf_server_crowd **out,
                                struct hf_why *why);
void hf_server_crowd_free(struct hf_server_crowd *crowd);

/*
 * One more of this address, 4 or 16 octets: a number to be given back with
 * hf_server_crowd_leave(), or HF_SERVER_CROWD_NO when it has enough of them.
 */
#define HF_SERVER_CROWD_NO UINT32_MAX
uint32_t hf_server_crowd_enter(struct hf_server_crowd *crowd,
                               const uint8_t *address, size_t len);
void hf_server_crowd_leave(struct hf_server_crowd *crowd, uint32_t number);
