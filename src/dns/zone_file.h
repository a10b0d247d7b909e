/* SPDX-License-Identifier: Apache-2.0 */
/*
 * zone_file.h -- the records of a zone file that bear on standing
 * authorization, out of millions that do not.
 *
 * A stream: memory does not grow with the file. Every line's outline is read
 * (owner, TTL, class, type; parentheses and quotes; $ORIGIN, $TTL, $INCLUDE,
 * $GENERATE); the data is read of wanted records only:
 *
 *     every record at `_validation-persist.` and `_ip-validation-persist.`
 *     TXT and CNAME at a wildcard (`*.`)
 *     SOA, NS and DNAME anywhere (of several NS in a row at least the first)
 *
 * A line that cannot be read is an error with its place; reading goes on
 * behind it. The lines that $GENERATE stands for have its place. Where BIND and
 * Knot read differently what RFC 1035 leaves open, whatever either of them
 * accepts is read.
 */
#pragma once

#include "dns/wire.h"

#define HF_ZONE_ENTRY_MAX   ((size_t)1 << 20) /* bytes of one entry */
#define HF_ZONE_INCLUDE_MAX 8                 /* files inside one another */

/* What an owner name is for us. */
enum hf_zone_place {
    HF_ZONE_ELSEWHERE,
    HF_ZONE_LABEL,    /* one of the two fixed labels, then a name */
    HF_ZONE_WILDCARD, /* `*.` and a name */
};

/* A wanted record. Spans live until the next call. */
struct hf_zone_record {
    struct hf_span owner; /* lower case, no trailing dot; escaped if odd */
    enum hf_zone_place place;
    bool is_plain; /* every label of the owner is of a-z 0-9 '-' '_' '*' */
    uint16_t type;
    bool has_ttl;
    uint32_t ttl_s;
    struct hf_span value; /* TXT: strings joined. CNAME, DNAME, NS: target.
                             CAA, if wanted: RDATA. Others: empty */
    uint64_t line;
};

/* The part of an owner behind its first label: the name it speaks of. */
struct hf_span hf_zone_subject(struct hf_span owner);

struct hf_zone;

/*
 * Open a zone file; "-" is standard input. `origin` completes relative names
 * and may be empty when the file has none before its first $ORIGIN.
 * Owns: hf_zone_free().
 * Fails: HF_ENOTFOUND, HF_ESYSTEM, HF_ESYNTAX (origin), HF_ENOMEM.
 */
enum hf_err hf_zone_open(const char *path, struct hf_span origin,
                         struct hf_zone **out, struct hf_why *why);
void hf_zone_free(struct hf_zone *zone);

/* Also give out CAA wherever it stands: its value is the RDATA (RFC 8659,
 * section 4.1), else it is empty. */
void hf_zone_want_caa(struct hf_zone *zone);

/* Read every entry word by word, also those that a quick look would do for:
 * the same comes out, later. For tests. */
void hf_zone_take_care(struct hf_zone *zone);

/*
 * The next wanted record; `*more` is false at the end of the file.
 *
 * Fails: HF_ESYNTAX, HF_ELIMIT or, for an $INCLUDE, HF_ENOTFOUND: one entry
 *        cannot be read, hf_zone_at() says where, and calling again goes on
 *        behind it. HF_ESYSTEM, HF_ECANCELED, HF_ENOMEM: there is no more.
 */
enum hf_err hf_zone_next(struct hf_zone *zone, struct hf_zone_record *out,
                         bool *more, struct hf_why *why);

/* Where the last failure happened. */
struct hf_zone_spot {
    const char *path; /* of the file, also an included one */
    uint64_t line;    /* from 1 */
    uint64_t column;  /* in bytes, from 1 */
};

struct hf_zone_spot hf_zone_at(const struct hf_zone *zone);

/* Entries stepped over or read, and bytes, for progress and benchmarks. */
uint64_t hf_zone_entries(const struct hf_zone *zone);
uint64_t hf_zone_bytes(const struct hf_zone *zone);
