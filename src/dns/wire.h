/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wire.h -- DNS messages as octets (RFC 1035, RFC 6891): write a query, read
 * an answer, compare the two.
 *
 * Pure and without allocation. Whatever comes in is taken as hostile: every
 * read is bounded, compression is followed backwards only, and time is linear
 * in the message. Names are kept in wire form because a label may hold any
 * octet, also a dot.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "holdfast/buf.h"
#include "holdfast/err.h"
#include "holdfast/name.h"
#include "holdfast/span.h"

#define HF_WIRE_HEADER      12
#define HF_WIRE_NAME_MAX    255
#define HF_WIRE_UDP_SIZE    1232 /* the usual EDNS size: no fragments */
#define HF_WIRE_MESSAGE_MAX 65535
/* Header, longest name, type, class, OPT. */
#define HF_WIRE_QUERY_MAX (HF_WIRE_HEADER + HF_WIRE_NAME_MAX + 4 + 11)

#define HF_CLASS_IN   1
#define HF_CLASS_NONE 254 /* RFC 2136: not there, or to be deleted */
#define HF_CLASS_ANY  255 /* RFC 2136: whatever is there */

enum hf_rr_type {
    HF_RR_A = 1,
    HF_RR_NS = 2,
    HF_RR_CNAME = 5,
    HF_RR_SOA = 6,
    HF_RR_PTR = 12,
    HF_RR_MX = 15,
    HF_RR_TXT = 16,
    HF_RR_AAAA = 28,
    HF_RR_SRV = 33,
    HF_RR_DNAME = 39,
    HF_RR_OPT = 41,
    HF_RR_DS = 43,
    HF_RR_RRSIG = 46,
    HF_RR_NSEC = 47,
    HF_RR_DNSKEY = 48,
    HF_RR_NSEC3 = 50,
    HF_RR_TSIG = 250,
    HF_RR_IXFR = 251,
    HF_RR_AXFR = 252,
    HF_RR_ANY = 255,
    HF_RR_CAA = 257,
};

enum hf_rcode {
    HF_RCODE_NOERROR = 0,
    HF_RCODE_FORMERR = 1,
    HF_RCODE_SERVFAIL = 2,
    HF_RCODE_NXDOMAIN = 3,
    HF_RCODE_NOTIMP = 4,
    HF_RCODE_REFUSED = 5,
    HF_RCODE_YXDOMAIN = 6,
    HF_RCODE_YXRRSET = 7,
    HF_RCODE_NXRRSET = 8,
    HF_RCODE_NOTAUTH = 9,
    HF_RCODE_NOTZONE = 10,
    HF_RCODE_BADVERS = 16,
};

/* "NOERROR", "NXDOMAIN"; NULL when the number has no name here. */
const char *hf_rcode_word(unsigned rcode);

/* Header flags, as they stand in the second 16 bits. */
#define HF_WIRE_QR     0x8000U
#define HF_WIRE_OPCODE 0x7800U
#define HF_WIRE_AA     0x0400U
#define HF_WIRE_TC     0x0200U
#define HF_WIRE_RD     0x0100U
#define HF_WIRE_RA     0x0080U
#define HF_WIRE_AD     0x0020U
#define HF_WIRE_CD     0x0010U

#define HF_WIRE_UPDATE 0x2800U /* the opcode 5, where it stands */

/* A name in wire form, never compressed; with the root's zero at its end. */
struct hf_wire_name {
    uint8_t len; /* 1 to 255 */
    uint8_t octets[HF_WIRE_NAME_MAX];
};

/*
 * Read presentation form: labels, `\.` and `\DDD` escapes, one trailing dot
 * allowed; "." is the root. Case is kept.
 * Fails: HF_ESYNTAX (empty label, bad escape), HF_ELIMIT (over 63 or 255).
 */
enum hf_err hf_wire_name_parse(struct hf_span text, struct hf_wire_name *out,
                               struct hf_why *why);

/*
 * The same for a name of ours, canonical or an owner: plain labels, nothing
 * escaped. At most HF_NAME_MAX octets.
 */
void hf_wire_name_from(struct hf_span plain, struct hf_wire_name *out);

/* Presentation form without the trailing dot (the root is "."); whatever is
 * special in a zone file or not printable is escaped. */
void hf_wire_name_put(struct hf_buf *out, const struct hf_wire_name *name);

/* Equal, letters without case (RFC 4343). */
bool hf_wire_name_eq(const struct hf_wire_name *a,
                     const struct hf_wire_name *b);

/* `name` is `zone`, or lies below it. */
bool hf_wire_name_is_in(const struct hf_wire_name *name,
                        const struct hf_wire_name *zone);

/* Cut the first label off; false for the root. */
bool hf_wire_name_climb(struct hf_wire_name *name);

/* A-Z to a-z. */
void hf_wire_name_lower(struct hf_wire_name *name);

/* What to ask. */
struct hf_wire_query {
    const struct hf_wire_name *name;
    uint64_t case_bits; /* 0x20: see hf_wire_mix_case() */
    uint16_t id;
    uint16_t type;
    uint16_t udp_size; /* EDNS, when not 0 */
    uint16_t flags;    /* HF_WIRE_RD, HF_WIRE_AD, HF_WIRE_CD */
    bool dnssec_ok;    /* DO; needs udp_size */
};

/*
 * Write the query, class IN. `room` has HF_WIRE_QUERY_MAX bytes. Returns its
 * length; the question stands at HF_WIRE_HEADER, name->len + 4 bytes long.
 */
size_t hf_wire_query_put(const struct hf_wire_query *query, uint8_t *room);

/*
 * Invert the case of the letters of a name in wire form, each by one of 64
 * random bits which its offset chooses (draft-vixie-dnsext-dns0x20). No bits,
 * no change; the same bits again undo it.
 */
void hf_wire_mix_case(uint8_t *name, size_t len, uint64_t bits);

/* A message that was opened: header read, question stepped over. */
struct hf_wire_message {
    struct hf_span octets; /* borrowed */
    uint16_t id;
    uint16_t flags;
    uint16_t counts[4]; /* question, answer, authority, additional */
    size_t body;        /* offset behind the question section */
};

/*
 * Open a message. `octets` stays borrowed.
 * Fails: HF_ESYNTAX (shorter than its header, more than one question, a
 *        question that is cut).
 */
enum hf_err hf_wire_open(struct hf_span octets, struct hf_wire_message *out,
                         struct hf_why *why);

/* How a message relates to a query. */
enum hf_wire_match {
    HF_WIRE_MATCH,
    HF_WIRE_OTHER,   /* not the answer to this query: drop it */
    HF_WIRE_MANGLED, /* would be, but the question's case was not kept */
};

/*
 * Compare with `query`, the octets that were sent: id, QR, opcode, and the
 * question byte for byte, case included (RFC 5452, section 9).
 */
enum hf_wire_match hf_wire_matches(const struct hf_wire_message *message,
                                   struct hf_span query);

static inline unsigned hf_wire_rcode(const struct hf_wire_message *message)
{
    return message->flags & 0x000fU;
}

enum hf_section {
    HF_SECTION_ANSWER = 1,
    HF_SECTION_AUTHORITY = 2,
    HF_SECTION_ADDITIONAL = 3,
};

/* One record of a message. */
struct hf_wire_rr {
    struct hf_wire_name owner; /* case as sent; not set by hf_wire_step() */
    size_t owner_at;           /* its offset */
    enum hf_section section;
    uint16_t type;
    uint16_t class;
    uint32_t ttl_s;       /* RFC 2181, 8: with the top bit set it is 0 */
    struct hf_span rdata; /* in the message; names in it may be compressed */
    size_t rdata_at;      /* its offset */
};

/* A walk through the records; start with hf_wire_walk(). */
struct hf_wire_walk {
    const struct hf_wire_message *message;
    size_t at;
    size_t section; /* 1 to 3; 4 at the end */
    size_t left;    /* records left in it */
};

struct hf_wire_walk hf_wire_walk(const struct hf_wire_message *message);

/*
 * The next record. `*more` is false behind the last one.
 * Fails: HF_ESYNTAX: cut short, or a name that does not end.
 */
enum hf_err hf_wire_next(struct hf_wire_walk *walk, struct hf_wire_rr *out,
                         bool *more, struct hf_why *why);

/* The same, faster, without reading the owner's name. */
enum hf_err hf_wire_step(struct hf_wire_walk *walk, struct hf_wire_rr *out,
                         bool *more, struct hf_why *why);

/*
 * Do the names at two offsets of a message have the same spelling, letters
 * without case? A name that does not end is like no other.
 */
bool hf_wire_name_same(const struct hf_wire_message *message, size_t a,
                       size_t b);

/*
 * Read the possibly compressed name at `*at` (in RDATA of NS, CNAME, SOA) and
 * step behind it.
 * Fails: HF_ESYNTAX; `*at` is untouched.
 */
enum hf_err hf_wire_name_read(const struct hf_wire_message *message, size_t *at,
                              struct hf_wire_name *out, struct hf_why *why);

#define HF_WIRE_EDE_MAX 4

/* What the OPT record says (RFC 6891; extended errors: RFC 8914). */
struct hf_wire_edns {
    bool present;
    bool dnssec_ok;
    uint8_t version;
    unsigned rcode; /* all twelve bits; the header's alone without OPT */
    uint16_t udp_size;
    size_t ede_count; /* those that fit */
    uint16_t ede[HF_WIRE_EDE_MAX];
    struct hf_span ede_text[HF_WIRE_EDE_MAX]; /* UTF-8 by a stranger */
};

/* Fails: HF_ESYNTAX (as hf_wire_next(), two OPT records, broken options). */
enum hf_err hf_wire_edns(const struct hf_wire_message *message,
                         struct hf_wire_edns *out, struct hf_why *why);

/* "DNSSEC Bogus" and so on; NULL when the number has no name here. */
const char *hf_ede_word(unsigned code);
