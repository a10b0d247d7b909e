/* SPDX-License-Identifier: Apache-2.0 */
/*
 * zone_nsec3.h -- denial by hashed names (RFC 5155), made for each question
 * and no wider than it must be (RFC 7129, appendix B): with as many iterations
 * as one likes. For zone*.c only.
 */
#pragma once

#include "lab/zone_inside.h"

#define HF_LAB_NSEC3_USUAL 2500 /* iterations: far more than anybody takes */

/*
 * The record that matches the name, which exists, or the one that covers it,
 * which does not. Owns: hf_lab_rr_free().
 * Fails: HF_ELIMIT (the name is too long), HF_ENOMEM, HF_ECRYPTO.
 */
enum hf_err hf_lab_zone_nsec3(const struct hf_lab_zone *zone,
                              const struct hf_wire_name *name,
                              unsigned iterations, struct hf_lab_rr **out,
                              struct hf_why *why);
