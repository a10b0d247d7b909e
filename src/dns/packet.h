/* SPDX-License-Identifier: Apache-2.0 */
/*
 * packet.h -- what a DNS message says about one look-up: the alias chain,
 * the records at its end, their TTL, and whether a wildcard made them.
 *
 * Runs where hostile messages are read: in the worker, and for the AD bit.
 */
#pragma once

#include "dns/resolver.h"
#include "dns/wire.h"

#define HF_PACKET_ROOM (128 * 1024)

/*
 * Fill *out, except `security`, `server` and `bytes`: they are the caller's.
 * Texts and records are written to `room`, HF_PACKET_ROOM bytes, and live as
 * long as it. Records that answer another question are passed over: only
 * what hangs together from `owner` on counts.
 *
 * Fails: HF_ESYNTAX (the message is broken, or cut), HF_ELIMIT (does not fit).
 */
enum hf_err hf_packet_read(const struct hf_wire_message *message,
                           const struct hf_wire_name *owner, uint16_t type,
                           char *room, struct hf_found *out,
                           struct hf_why *why);
