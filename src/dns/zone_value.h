/* SPDX-License-Identifier: Apache-2.0 */
/* zone_value.h -- the data of a record in a zone file, where it matters. */
#pragma once

#include "dns/zone_name.h"

/* Room for one value, used again for the next. */
struct hf_zone_value {
    struct hf_buf room;
    struct hf_zone_name name;
};

void hf_zone_value_init(struct hf_zone_value *value);
void hf_zone_value_clear(struct hf_zone_value *value);

/*
 * Read the data of a TXT (all strings joined), CNAME or DNAME (the target in
 * full), also as `\# length hex` (RFC 3597, section 5). For other types *out
 * is empty. *out borrows from `rdata` or from `value`.
 *
 * Fails: HF_ESYNTAX, HF_ELIMIT, HF_ENOMEM; `*at` points into `rdata` then.
 */
enum hf_err hf_zone_value_read(struct hf_zone_value *value, uint16_t type,
                               struct hf_span rdata,
                               const struct hf_zone_name *origin,
                               struct hf_span *out, const char **at,
                               struct hf_why *why);

/* The data of a CAA as RDATA: flags, tag, value (RFC 8659, section 4.1). */
enum hf_err hf_zone_value_read_caa(struct hf_zone_value *value,
                                   struct hf_span rdata, struct hf_span *out,
                                   const char **at, struct hf_why *why);

/*
 * The octets behind a `\#`: a length, and that many octets as hexadecimal
 * digits in as many words as one likes (RFC 3597, section 5), into `out`,
 * which is reset first.
 */
enum hf_err hf_zone_value_read_generic(struct hf_span rest, struct hf_buf *out,
                                       const char **at, struct hf_why *why);
