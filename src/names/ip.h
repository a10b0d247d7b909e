/* SPDX-License-Identifier: Apache-2.0 */
/* ip.h -- addresses as text. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "holdfast/span.h"

/* Read an IPv4 or IPv6 address: 4 or 16 octets in network order. */
bool hf_ip_parse(struct hf_span text, uint8_t out[16], size_t *len);
