/* SPDX-License-Identifier: Apache-2.0 */
/* txt.h -- TXT RDATA: joining, splitting, and zone-file text. */
#pragma once

#include "holdfast/buf.h"

#define HF_TXT_STRING_MAX 255
#define HF_TXT_VALUE_MAX  65279 /* what 65,535 octets of RDATA can carry */

/*
 * Join the character-strings of `rdata` with nothing between them (REQ
 * RECORD-01). One string is borrowed from `rdata`; several are written to
 * `room`, which must hold rdata.len bytes and may then be reused only after
 * *out is done with.
 *
 * Fails: HF_ESYNTAX when the lengths do not add up.
 */
enum hf_err hf_txt_join(struct hf_span rdata, char *room, struct hf_span *out,
                        struct hf_why *why);

/* How many strings a value needs: at least one (REQ RECORD-20, CLI-14). */
size_t hf_txt_string_count(size_t value_len);

/* RDATA for a value: strings of 255 octets, the last one shorter. */
void hf_txt_put_rdata(struct hf_buf *out, struct hf_span value);

/* Zone-file text: "..." "...", with `"` and `\` escaped and octets that are
 * not printable as \DDD (RFC 1035, section 5.1). */
void hf_txt_put_presentation(struct hf_buf *out, struct hf_span value);
