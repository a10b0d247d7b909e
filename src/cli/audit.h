/* SPDX-License-Identifier: Apache-2.0 */
/*
 * audit.h -- the records of one zone, in whatever order they come, to results:
 * one for each name with a persist record, and one for each wildcard, alias,
 * delegation or redirection that decides about such a name.
 *
 * Kept are the records of the name at hand and 16 bytes for each name seen, so
 * that a zone cut is noticed on whichever side of the label's record it
 * stands.
 */
#pragma once

#include "base/hash_set.h"
#include "cli/report.h"
#include "cli/zone_caa.h"
#include "dns/zone_name.h"

#define HF_AUDIT_NAMES_MAX ((size_t)32 << 20) /* remembered: 512 MB */

struct hf_audit {
    struct hf_report *report;
    const struct hf_eyes *eyes;
    struct hf_results *results;
    struct hf_span where;    /* file or server */
    struct hf_zone_caa *caa; /* borrowed; NULL: CAA is not looked at */
    struct hf_hash_set seen;
    bool forgets; /* HF_AUDIT_NAMES_MAX was reached */
    struct hf_zone_name apex;
    bool has_apex;
    bool apex_is_above;  /* a label was seen below it */
    uint32_t apex_found; /* findings for every label, because of it */

    /* The name at hand. */
    struct hf_zone_name owner;
    enum hf_zone_place place;
    bool has_ttl;
    uint32_t ttl_s;
    bool has_ns;
    bool has_alias;
    struct hf_zone_name target;
    struct hf_buf texts; /* of its records, one behind the other */
    struct hf_span *values;
    uint64_t *lines;
    size_t count;
    size_t cap;
};

/*
 * Begin. `apex` may be empty: then it is that of the first SOA. Everything is
 * borrowed. Release with hf_audit_clear(). Fails: HF_ENOMEM, HF_ESYSTEM.
 */
enum hf_err hf_audit_init(struct hf_audit *audit, struct hf_report *report,
                          const struct hf_eyes *eyes, struct hf_span where,
                          struct hf_why *why);
void hf_audit_clear(struct hf_audit *audit);

/* The next wanted record of the zone. Fails: HF_ENOMEM, HF_ELIMIT (too many
 * records at one name), or as hf_judge(). */
enum hf_err hf_audit_add(struct hf_audit *audit,
                         const struct hf_zone_record *record,
                         struct hf_why *why);

/* There are no more. */
enum hf_err hf_audit_end(struct hf_audit *audit, struct hf_why *why);
