/* SPDX-License-Identifier: Apache-2.0 */
/*
 * zone.h -- the names of the laboratory: a little Internet in memory, a root
 * zone and zones below it, signed, that can be changed, and made to misbehave.
 *
 * Does no I/O and is told what time it is; zone_server.h has the sockets. One
 * server answers for all zones at all its addresses, so a resolver needs a
 * stub for the root, one for each zone that has zones inside, and no port 53.
 * What comes in packets is hostile: bounded, and changes need a zone's TSIG
 * key.
 *
 * Times are two: `now_s` is the laboratory's and may be moved; `clock_s` is
 * the real one, which whoever signs a request has.
 */
#pragma once

#include "dns/tsig.h"
#include "dns/wire.h"

#define HF_LAB_ZONES_MAX   256
#define HF_LAB_RECORDS_MAX 50000 /* of one zone */
#define HF_LAB_FAULTS_MAX  64
#define HF_LAB_TTL_S       60 /* of what a zone is born with */

/* How far from now signatures are valid, to either side, unless told. */
#define HF_LAB_WINDOW_S (INT64_C(3650) * 86400)

/* All of it. */
struct hf_lab_dns;

/*
 * Begin with a signed root. Owns: hf_lab_dns_free().
 * Fails: HF_ENOMEM, HF_ECRYPTO.
 */
enum hf_err hf_lab_dns_new(struct hf_lab_dns **out, struct hf_why *why);
void hf_lab_dns_free(struct hf_lab_dns *dns);

/* One more zone. Spans and the name are copied. */
struct hf_lab_zone_config {
    struct hf_span name;           /* presentation text; "example.test" */
    const uint8_t *address;        /* 4 octets, of its name server; NULL:
                                      127.0.0.1 */
    bool is_unsigned;              /* no keys, and no DS in its parent */
    bool lacks_ds;                 /* signed, but nobody can tell */
    const struct hf_tsig_key *key; /* may change it; must outlive it. NULL:
                                      nobody may from outside */
};

/*
 * Make a zone with SOA, NS, the address of its server and, unless told
 * otherwise, a new ECDSA P-256 key; and put NS, glue and DS into the zone that
 * it lies in. A zone that was added before it stays where it is delegated:
 * parents first.
 * Fails: HF_ESYNTAX (name), HF_EINVAL (there is one), HF_ELIMIT, HF_ENOMEM,
 *        HF_ECRYPTO.
 */
enum hf_err hf_lab_zone_add(struct hf_lab_dns *dns,
                            const struct hf_lab_zone_config *config,
                            struct hf_why *why);

/* The name of the nth zone, parents first, the root the very first; NULL
 * behind the last. */
const struct hf_wire_name *hf_lab_zone_name(const struct hf_lab_dns *dns,
                                            size_t nth);

/* Add the DS record of the root as text, with a newline: a trust anchor file,
 * as hf_resolver_config and other resolvers read it. */
void hf_lab_dns_put_anchor(const struct hf_lab_dns *dns, struct hf_buf *out);

/*
 * Signatures made from now on are valid from `before_s` before the moment they
 * are made in until `after_s` behind it, in all zones.
 */
void hf_lab_dns_set_window(struct hf_lab_dns *dns, int64_t before_s,
                           int64_t after_s);

/* ---- records ---- */

/* A record, or with empty `rdata` an RRset. Borrowed. RDATA is in wire form,
 * names in it not compressed. */
struct hf_lab_record {
    const struct hf_wire_name *owner;
    uint16_t type; /* 0: of any type, where several are meant */
    uint32_t ttl_s;
    struct hf_span rdata;
};

/*
 * Change the zone that the owner lies in, and its serial number. A record
 * that is there already only gets its TTL; what is not there is removed with
 * success. Replacing removes the RRset of the type first. `now_s` is for the
 * journal.
 *
 * Fails: HF_EINVAL (the RDATA is not of its type; CNAME beside other data;
 *        SOA, DNSKEY and the like, which are made here), HF_ELIMIT, HF_ENOMEM.
 */
enum hf_err hf_lab_record_add(struct hf_lab_dns *dns,
                              const struct hf_lab_record *record, int64_t now_s,
                              struct hf_why *why);
enum hf_err hf_lab_record_replace(struct hf_lab_dns *dns,
                                  const struct hf_lab_record *record,
                                  int64_t now_s, struct hf_why *why);
enum hf_err hf_lab_record_remove(struct hf_lab_dns *dns,
                                 const struct hf_lab_record *record,
                                 int64_t now_s, struct hf_why *why);

/* Records of the RRset at `owner`, as found in the zone it lies in. */
size_t hf_lab_record_count(const struct hf_lab_dns *dns,
                           const struct hf_wire_name *owner, uint16_t type);

/*
 * Walk all records of the zone in canonical order (RFC 4034, section 6.1),
 * without signatures and NSEC. `*at` starts at 0. Borrowed until the next
 * change. False at the end, or when there is no such zone.
 */
bool hf_lab_record_next(const struct hf_lab_dns *dns,
                        const struct hf_wire_name *zone, size_t *at,
                        struct hf_lab_record *out);

/* A change that was made. All borrowed. */
struct hf_lab_change {
    int64_t now_s;
    struct hf_span who; /* "lab", or the name of a TSIG key */
    const struct hf_wire_name *zone;
    bool removed; /* else added */
    const struct hf_lab_record *record;
};

/* Be told of every change, in its order; NULL for nobody. */
void hf_lab_dns_tell(struct hf_lab_dns *dns,
                     void (*tell)(void *state,
                                  const struct hf_lab_change *change),
                     void *state);

/* ---- faults ---- */

enum hf_lab_fault_kind {
    HF_LAB_BOGUS,     /* signatures that do not verify */
    HF_LAB_EXPIRED,   /* signatures that ended yesterday */
    HF_LAB_SILENT,    /* no answer */
    HF_LAB_SERVFAIL,  /* that code */
    HF_LAB_REFUSED,   /* that code */
    HF_LAB_SLOW,      /* the answer, `delay_ms` later */
    HF_LAB_LIE,       /* another TXT, `lie`, well signed */
    HF_LAB_LOST,      /* the server does not know the zone: lame */
    HF_LAB_LOOP,      /* CNAMEs in a circle */
    HF_LAB_TRUNCATED, /* "ask again over TCP", also over TCP */
    HF_LAB_NSEC3,     /* denials by NSEC3 with `times` iterations */
};

/* "bogus", "no-answer", ... for scripts and stories. */
const char *hf_lab_fault_word(enum hf_lab_fault_kind kind);
bool hf_lab_fault_find(struct hf_span word, enum hf_lab_fault_kind *out);

/* Copied. It strikes questions for names at and below `name`; of several that
 * fit, the one set last for each kind of effect. */
struct hf_lab_fault {
    enum hf_lab_fault_kind kind;
    struct hf_wire_name name;
    uint32_t client;    /* an IPv4 address, 0x7f000001; 0: everybody */
    uint32_t delay_ms;  /* SLOW */
    uint16_t times;     /* NSEC3; 0: 2,500 */
    struct hf_span lie; /* LIE: the text; at most 1,024 octets */
};

/* Fails: HF_ELIMIT. */
enum hf_err hf_lab_fault_set(struct hf_lab_dns *dns,
                             const struct hf_lab_fault *fault,
                             struct hf_why *why);

/* Take back all faults of `kind` at exactly this name and client; true when
 * there was one. */
bool hf_lab_fault_end(struct hf_lab_dns *dns, const struct hf_lab_fault *fault);

/* ---- answers ---- */

struct hf_lab_packet {
    struct hf_span octets; /* as received */
    uint32_t client;       /* its IPv4 address, 0x7f000001 */
    bool tcp;
    int64_t now_s;
    int64_t clock_s;
};

/*
 * Answer one packet, of an update also do what it says. The answer is added
 * to `out`, which grows: over UDP one message; over TCP one or, of a transfer,
 * several, each behind two octets of length. Nothing when there is to be no
 * answer. `*delay_ms` says how long to hold it back.
 *
 * Fails: HF_ENOMEM, HF_ELIMIT, HF_ECRYPTO; what is in `out` then is rubbish.
 */
enum hf_err hf_lab_dns_answer(struct hf_lab_dns *dns,
                              const struct hf_lab_packet *packet,
                              struct hf_buf *out, uint32_t *delay_ms,
                              struct hf_why *why);
