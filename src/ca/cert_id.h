/* SPDX-License-Identifier: Apache-2.0 */
/* cert_id.h -- a certificate's name in RFC 9773, section 4.1:
 * base64url(keyIdentifier) "." base64url(serial). */
#pragma once

#include "base/arena.h"

/* One of this issuer: its serial in lower-case hex, in the arena. `key_id` is
 * the issuer's. False when it is none. */
bool hf_cert_id_read(struct hf_arena *arena, struct hf_span text,
                     struct hf_span key_id, struct hf_span *serial);
