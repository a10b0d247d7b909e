/* SPDX-License-Identifier: Apache-2.0 */
/*
 * diff.h -- what changed between two RRsets, and whether authority widened
 * (REQ MON-01, MON-04). Order and splitting of records never matter.
 */
#pragma once

#include "holdfast/record.h"

enum hf_change {
    HF_CHANGE_ADDED,
    HF_CHANGE_DELETED,
    HF_CHANGE_MODIFIED,    /* same issuer and account, other authority */
    HF_CHANGE_REFORMATTED, /* same meaning, other octets */
};

const char *hf_change_word(enum hf_change change);

/* In which way authority grew or shrank; bits. */
#define HF_WIDENED_GRANT   0x01U /* a readable record that was not there */
#define HF_WIDENED_POLICY  0x02U /* policy=wildcard appeared */
#define HF_WIDENED_UNTIL   0x04U /* persistUntil later, or gone */
#define HF_NARROWED_GRANT  0x10U
#define HF_NARROWED_POLICY 0x20U
#define HF_NARROWED_UNTIL  0x40U
#define HF_WIDENED         0x0fU
#define HF_NARROWED        0xf0U

struct hf_event {
    enum hf_change change;
    unsigned authority; /* bits above */
    size_t before;      /* index in baseline; SIZE_MAX when added */
    size_t after;       /* index in observed; SIZE_MAX when deleted */
};

/*
 * Compare. `marks` is scratch of baseline_count + observed_count bytes, and
 * `out` has room for as many events. Returns how many were written:
 * reformatted, modified, added, deleted, each kind in the order of its
 * records.
 */
size_t hf_diff(const struct hf_span *baseline, size_t baseline_count,
               const struct hf_span *observed, size_t observed_count,
               unsigned char *marks, struct hf_event *out);
