/* SPDX-License-Identifier: Apache-2.0 */
/* zone_inside.h -- what is inside the little Internet, for zone*.c only. */
#pragma once

#include "lab/zone_key.h"
#include "lab/zone_records.h"

#define HF_LAB_LIE_MAX 1024

struct hf_lab_zone {
    struct hf_wire_name name;
    struct hf_lab_records records;
    struct hf_lab_key *key; /* NULL: not signed */
    const struct hf_tsig_key *updater;
    uint64_t generation; /* grows with each change; from 1 */
};

/* A fault, and room for its lie of fault.lie.len octets. */
struct hf_lab_fault_set {
    struct hf_lab_fault fault;
    char lie[HF_LAB_LIE_MAX];
};

struct hf_lab_dns {
    struct hf_lab_zone *zones[HF_LAB_ZONES_MAX]; /* the first is the root */
    size_t zone_count;
    struct hf_lab_fault_set faults[HF_LAB_FAULTS_MAX];
    size_t fault_count;
    int64_t before_s;
    int64_t after_s;
    void (*tell)(void *state, const struct hf_lab_change *change);
    void *tell_state;
};

/* The innermost zone that has the name; the root, if nothing else. */
struct hf_lab_zone *hf_lab_dns_zone_of(const struct hf_lab_dns *dns,
                                       const struct hf_wire_name *name);

/* The zone with exactly this name, or NULL. */
struct hf_lab_zone *hf_lab_dns_zone_at(const struct hf_lab_dns *dns,
                                       const struct hf_wire_name *name);

/* Types that the zone has by itself, and nobody may change. */
bool hf_lab_type_is_ours(const struct hf_lab_zone *zone,
                         const struct hf_wire_name *owner, uint16_t type);

/* A CNAME beside other data, one way or the other (RFC 1034, 3.6.2). */
bool hf_lab_zone_is_clash(const struct hf_lab_zone *zone,
                          const struct hf_wire_name *owner, uint16_t type);

/* Something in the zone has changed: next serial number, no old signature. */
void hf_lab_zone_changed(struct hf_lab_zone *zone);

/* Tell of one record that was added or removed. */
void hf_lab_dns_told(const struct hf_lab_dns *dns, struct hf_lab_change change,
                     const struct hf_lab_rr *rr);

/* The one of this kind that strikes, or NULL. */
const struct hf_lab_fault_set *hf_lab_dns_fault(const struct hf_lab_dns *dns,
                                                enum hf_lab_fault_kind kind,
                                                const struct hf_wire_name *name,
                                                uint32_t client);
