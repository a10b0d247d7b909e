/* SPDX-License-Identifier: Apache-2.0 */
/*
 * zone_proof.h -- what a zone says about itself beside its records: where it
 * ends, its signatures, and its chain of NSEC records (RFC 4034, section 4).
 */
#pragma once

#include "lab/zone_inside.h"

/* The name is below a delegation or a DNAME: not the zone's to speak of. */
bool hf_lab_zone_is_hidden(const struct hf_lab_zone *zone,
                           const struct hf_wire_name *name);

/* The name is where the zone ends. */
bool hf_lab_zone_is_cut(const struct hf_lab_zone *zone,
                        const struct hf_wire_name *name);

/* Where the records begin whose NSEC matches the name or covers it. */
size_t hf_lab_zone_nsec_at(const struct hf_lab_zone *zone,
                           const struct hf_wire_name *name);

/* The NSEC of the name at `at`. Owns: hf_lab_rr_free(). NULL: no memory. */
struct hf_lab_rr *hf_lab_zone_nsec(const struct hf_lab_zone *zone, size_t at);

/* Add the bitmap of the types that the name has (RFC 4034, section 4.1.2), for
 * an NSEC record or another. */
void hf_lab_zone_put_bitmap(const struct hf_lab_zone *zone,
                            struct hf_lab_range name, bool for_nsec,
                            struct hf_buf *out);
