/* SPDX-License-Identifier: Apache-2.0 */
/*
 * zone_rdata.h -- what RDATA of each type consists of, and with that: checking
 * it, reading it from text, writing it as text. One table for all three. Pure.
 *
 * Types that are not in the table are octets, in text `\# length hex` (RFC
 * 3597), which every type may also be written as.
 */
#pragma once

#include "dns/zone_name.h"
#include "holdfast/buf.h"

/*
 * Check the RDATA that `message` has at `at`, `len` octets, and add it to
 * `out` with its names in full and in lower case (RFC 4034, section 6.2).
 * Fails: HF_ESYNTAX: it is not of its type.
 */
enum hf_err hf_lab_rdata_take(uint16_t type,
                              const struct hf_wire_message *message, size_t at,
                              size_t len, struct hf_buf *out,
                              struct hf_why *why);

/*
 * Read the rest of an entry of a zone file into `out`, which is reset.
 * `origin` completes relative names.
 * Fails: HF_ESYNTAX, HF_ELIMIT, HF_ENOMEM.
 */
enum hf_err hf_lab_rdata_read(uint16_t type, struct hf_span rest,
                              const struct hf_wire_name *origin,
                              struct hf_buf *out, struct hf_why *why);

/* A name of such an entry, in lower case. Fails: HF_ESYNTAX, HF_ELIMIT. */
enum hf_err hf_lab_name_read(const struct hf_zone_word *word,
                             const struct hf_wire_name *origin,
                             struct hf_wire_name *out, struct hf_why *why);

/* Add the text of RDATA that passed the check; names with a dot at the end. */
void hf_lab_rdata_put(uint16_t type, struct hf_span rdata, struct hf_buf *out);

/* The same for a name. */
void hf_lab_name_put(const struct hf_wire_name *name, struct hf_buf *out);

/* "TXT", or "TYPE65280". */
void hf_lab_type_put(uint16_t type, struct hf_buf *out);
