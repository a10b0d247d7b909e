/* SPDX-License-Identifier: Apache-2.0 */
/*
 * zone_caa.h -- the CAA records of one zone file, read before anything in it
 * is judged: they may stand behind the records that they restrict.
 *
 * Only what the file says is looked at: aliases are not followed, and a zone
 * above may forbid more (RFC 8659, section 3).
 */
#pragma once

#include "cli/report.h"
#include "dns/zone_file.h"

#define HF_ZONE_CAA_MAX ((size_t)64 << 20) /* octets of owners and data */

struct hf_zone_caa;

/*
 * Read the file at `path` to its end. What cannot be read is left out; it is
 * reported when the file is read again.
 * Owns: hf_zone_caa_free(). Fails: HF_ELIMIT (HF_ZONE_CAA_MAX), HF_EINVAL
 *       (standard input cannot be read twice), or as hf_zone_open().
 */
enum hf_err hf_zone_caa_load(const char *path, struct hf_span origin,
                             struct hf_zone_caa **out, struct hf_why *why);
void hf_zone_caa_free(struct hf_zone_caa *caa);

/*
 * Does the nearest CAA of the zone at or above result->name forbid what every
 * readable record of the result asks for? The CA and the account are those of
 * `eyes`, and where it has none those that the record names.
 */
bool hf_zone_caa_forbids(struct hf_zone_caa *caa,
                         const struct hf_result *result,
                         const struct hf_eyes *eyes);
