/* SPDX-License-Identifier: Apache-2.0 */
/* ip.h -- addresses as text. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "holdfast/buf.h"
#include "holdfast/span.h"

/* Read an IPv4 or IPv6 address: 4 or 16 octets in network order. */
bool hf_ip_parse(struct hf_span text, uint8_t out[16], size_t *len);

/* Write one of 4 or 16 octets: IPv6 in its canonical form (RFC 5952). */
void hf_ip_put(struct hf_buf *out, const uint8_t *address, size_t len);

/* Characters that hf_ip_put() writes at most. */
#define HF_IP_TEXT_MAX 45

/* 169.254.0.0/16, also as IPv4-mapped IPv6, and fe80::/10 (RFC 3927, RFC 4291
 * 2.5.6): of one link alone, where clouds hand out secrets. */
bool hf_ip_is_link_local(const uint8_t *address, size_t len);
