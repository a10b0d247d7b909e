/* SPDX-License-Identifier: Apache-2.0 */
/*
 * zone_records.h -- the records of one zone as one array in canonical order:
 * by owner (RFC 4034, section 6.1), type, and RDATA (6.3). A name, an RRset
 * and all that lies below a name are therefore ranges of it. Pure.
 */
#pragma once

#include "lab/zone.h"

/* A signature that was made, for the RRset or the NSEC that begins here. */
struct hf_lab_signature {
    uint64_t generation; /* of the zone; 0: none */
    int64_t made_at;
    uint16_t len;
    uint8_t rdata[18 + HF_WIRE_NAME_MAX + 64]; /* RRSIG, P-256 */
};

/* One record; names are in lower case, also in RDATA. */
struct hf_lab_rr {
    struct hf_wire_name owner;
    uint16_t type;
    uint16_t len;
    uint32_t ttl_s;
    struct hf_lab_signature *signature; /* of its RRset; first record only */
    struct hf_lab_signature *nsec;      /* of its name; first record only */
    uint8_t rdata[];
};

struct hf_lab_records {
    struct hf_lab_rr **all;
    size_t count;
    size_t room;
};

/* A part of the array. */
struct hf_lab_range {
    size_t from;
    size_t to;
};

static inline bool hf_lab_range_is_empty(struct hf_lab_range range)
{
    return range.from == range.to;
}

static inline struct hf_span hf_lab_rr_rdata(const struct hf_lab_rr *rr)
{
    return (struct hf_span){(const char *)rr->rdata, rr->len};
}

/* Copy a record; its owner in lower case. Owns: hf_lab_rr_free(). NULL: no
 * memory. */
struct hf_lab_rr *hf_lab_rr_new(const struct hf_lab_record *record);
void hf_lab_rr_free(struct hf_lab_rr *rr);

/* Names in lower case: <0, 0, >0. */
int hf_lab_name_order(const struct hf_wire_name *a,
                      const struct hf_wire_name *b);

/* Where owner and type are, or would be. */
size_t hf_lab_records_seek(const struct hf_lab_records *records,
                           const struct hf_wire_name *owner, uint16_t type);

/* The RRset; with type 0 all records at the name. */
struct hf_lab_range hf_lab_records_find(const struct hf_lab_records *records,
                                        const struct hf_wire_name *owner,
                                        uint16_t type);

/* The name has records, or names below it have. */
bool hf_lab_records_exist(const struct hf_lab_records *records,
                          const struct hf_wire_name *name);

/* The record with this RDATA, in a range of one RRset. `*at` is where it is,
 * or would be. */
bool hf_lab_records_has(const struct hf_lab_records *records,
                        struct hf_lab_range rrset, struct hf_span rdata,
                        size_t *at);

/* Make room for `more`. Fails: HF_ENOMEM, HF_ELIMIT. */
enum hf_err hf_lab_records_reserve(struct hf_lab_records *records, size_t more,
                                   struct hf_why *why);

/* Take over a record, for which there is room; all of its RRset get its TTL
 * (RFC 2181, section 5.2). False: it was there, and `rr` is freed. */
bool hf_lab_records_put(struct hf_lab_records *records, struct hf_lab_rr *rr);

void hf_lab_records_cut(struct hf_lab_records *records,
                        struct hf_lab_range range);
void hf_lab_records_clear(struct hf_lab_records *records);
