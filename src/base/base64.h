/* SPDX-License-Identifier: Apache-2.0 */
/* base64.h -- base64url without padding (RFC 4648, section 5), strict. */
#pragma once

#include "holdfast/span.h"

/* Characters that `n` octets become. */
#define HF_BASE64URL_LEN(n) ((4 * (n) + 2) / 3)

/* Write the text of `data` to `out`, HF_BASE64URL_LEN(data.len) characters. */
void hf_base64url(struct hf_span data, char *out);

/*
 * True when `text` is the only spelling of its octets: the alphabet, a
 * possible length, and unused trailing bits zero.
 */
bool hf_base64url_is_canonical(struct hf_span text);

/*
 * Decode canonical text into `out`, which has room for text.len * 3 / 4
 * octets. False, and nothing written that counts, when it is not canonical.
 */
bool hf_base64url_decode(struct hf_span text, unsigned char *out);
