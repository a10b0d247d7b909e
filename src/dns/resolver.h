/* SPDX-License-Identifier: Apache-2.0 */
/*
 * resolver.h -- asking a validating resolver, whichever it is, and single
 * name servers beside it.
 *
 * One interface, two makers: libunbound (hf_resolver_unbound), and the AD bit
 * of a validating resolver on this machine (hf_resolver_ad). Either is in a
 * process of its own behind a wall, where all that strangers send is read.
 * Look-ups are submitted, up to `window` at a time, and their answers polled
 * for in any order; hf_resolver_ask() does one.
 *
 * A look-up that goes wrong (timeout, SERVFAIL, bogus) is an answer, not an
 * error: HF_OK and what was found. Errors are about the resolver itself.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "holdfast/buf.h"
#include "holdfast/err.h"
#include "holdfast/span.h"

#define HF_CHAIN_MAX       16   /* aliases followed; more is a failure */
#define HF_OWNER_TEXT_MAX  1023 /* a name of 255 octets, each as \DDD */
#define HF_REASON_TEXT_MAX 512  /* why bogus, why failed */
#define HF_FOUND_MAX       (192 * 1024) /* bytes of one answer, all parts */

/* What is asked, class IN. Borrowed until hf_resolver_submit() returns. */
struct hf_lookup {
    struct hf_span owner;  /* presentation text; no trailing dot, root: "." */
    uint16_t type;         /* 16 TXT, 257 CAA, 2 NS, ... */
    struct hf_span server; /* "192.0.2.1@53": ask it what it knows by itself,
                              no recursion, no validation; empty: resolve */
    int64_t timeout_ms;    /* of this one; 0: as the resolver was made */
    int64_t give_up_at_ms; /* hf_clock_ms() of the command's end, or 0 */
};

enum hf_found_state {
    HF_FOUND_DATA,
    HF_FOUND_NODATA,   /* the name exists, or may; no records of the type */
    HF_FOUND_NXDOMAIN, /* the name at the end of the chain does not exist */
    HF_FOUND_FAILURE,  /* no usable answer: see reason; bogus is one */
};

/* RFC 4033, section 5. Bogus answers carry no records (REQ VAL-30). */
enum hf_security {
    HF_SECURE,
    HF_INSECURE,      /* proved unsigned */
    HF_BOGUS,         /* the state is HF_FOUND_FAILURE, then */
    HF_INDETERMINATE, /* no trust anchor reached, or no answer */
};

/* One alias on the way (CNAME, also when made from a DNAME). */
struct hf_link {
    struct hf_span owner; /* presentation text, lower case */
    struct hf_span target;
    uint32_t ttl_s;
    bool synthesised; /* the alias itself came from a wildcard */
};

/*
 * An answer. Spans point into `bytes`, which belongs to it: release with
 * hf_found_clear(). Everything in it was sent by strangers: escape it.
 */
struct hf_found {
    enum hf_found_state state;
    enum hf_security security;
    int rcode;             /* 0 to 23; of the failure, too; or -1: none */
    bool synthesised;      /* data or an alias came from a wildcard */
    bool authoritative;    /* the server speaks for the zone (AA) */
    bool no_route;         /* failure: no way from here to such an address */
    uint16_t type;         /* as asked */
    uint32_t ttl_s;        /* least of the chain and the data */
    struct hf_span owner;  /* where the data is: the end of the chain */
    struct hf_span reason; /* of failure and bogus; else empty */
    struct hf_span server; /* who said it: "libunbound", "127.0.0.1@53" */
    struct hf_link chain[HF_CHAIN_MAX];
    size_t chain_count;
    struct hf_span records; /* walk a copy with hf_found_next() */
    size_t record_count;
    char *bytes;
};

/* Take the RDATA of the next record off `*rest`; false at the end. Where it
 * is a name (NS, CNAME, DNAME) it is not compressed. */
bool hf_found_next(struct hf_span *rest, struct hf_span *rdata);

/* Release and zero. Harmless on a zeroed one. */
void hf_found_clear(struct hf_found *found);

const char *hf_found_state_word(enum hf_found_state state);
const char *hf_security_word(enum hf_security security);

/* The resolver: a small struct of functions. */
struct hf_resolver {
    /* `ticket` comes back with the answer. Fails: HF_ELIMIT when `window`
     * look-ups are under way, HF_ESYNTAX (owner), HF_EPEER, HF_ESYSTEM. */
    enum hf_err (*submit)(void *state, const struct hf_lookup *lookup,
                          uint64_t ticket, struct hf_why *why);
    /* Wait at most `wait_ms` for one answer. `*got` tells whether there is
     * one; HF_ECANCELED when a signal asked to stop. */
    enum hf_err (*poll)(void *state, int64_t wait_ms, uint64_t *ticket,
                        struct hf_found *out, bool *got, struct hf_why *why);
    /* A descriptor that is readable when poll() has something to do. */
    int (*fd)(void *state);
    void (*free)(void *state);
    void *state;
    size_t window;    /* look-ups that may be under way at once */
    size_t under_way; /* kept by the three functions below */
    char label[96];   /* for reports: "libunbound 1.17.1", with NUL */
};

/* Start one look-up. Fails as submit() above. */
enum hf_err hf_resolver_submit(struct hf_resolver *resolver,
                               const struct hf_lookup *lookup, uint64_t ticket,
                               struct hf_why *why);

/*
 * One answer, waiting at most `wait_ms` (0: only look). With `*got` true,
 * *out must be released with hf_found_clear().
 */
enum hf_err hf_resolver_poll(struct hf_resolver *resolver, int64_t wait_ms,
                             uint64_t *ticket, struct hf_found *out, bool *got,
                             struct hf_why *why);

/*
 * One look-up from start to end; nothing else may be under way.
 * Owns: release *out with hf_found_clear().
 */
enum hf_err hf_resolver_ask(struct hf_resolver *resolver,
                            const struct hf_lookup *lookup,
                            struct hf_found *out, struct hf_why *why);

/*
 * Any number of look-ups side by side, as many at once as the window allows,
 * until every answer is in its place; nothing else may be under way.
 * Owns: hf_found_clear() for each of `found` (`count`, zeroed before), also
 * after a failure; then nothing more can be asked here.
 */
enum hf_err hf_resolver_ask_all(struct hf_resolver *resolver,
                                const struct hf_lookup *lookups, size_t count,
                                struct hf_found *found, struct hf_why *why);

/* Readable when hf_resolver_poll() would do something, for loops of one's
 * own; timeouts of look-ups are handled inside poll, so call it every 100 ms
 * as well. */
int hf_resolver_fd(const struct hf_resolver *resolver);

/* End it, with everything under way. Harmless on a zeroed one. */
void hf_resolver_clear(struct hf_resolver *resolver);

#define HF_RESOLVER_WINDOW    128 /* more gains nothing: measured */
#define HF_RESOLVER_FILES_MAX 8
#define HF_RESOLVER_STUBS_MAX 32
#define HF_RESOLVER_FRESH_S   60 /* of a CA's validation: REQ VAL-35 */

/* A zone whose servers are given: "zone=addr@port". */
struct hf_stub {
    struct hf_span zone;
    struct hf_span address; /* "127.0.0.1@5300" */
};

/* How to build one. All text is borrowed until the maker returns. */
struct hf_resolver_config {
    const char *trust_anchors[HF_RESOLVER_FILES_MAX]; /* none: the system's */
    size_t trust_anchor_count;
    const char *anchor; /* one DS or DNSKEY record as text, or NULL */
    struct hf_stub stubs[HF_RESOLVER_STUBS_MAX];
    size_t stub_count;
    const char *forward;    /* "addr@port", or NULL */
    const char *root_hints; /* file, or NULL */
    const char *source;     /* our address to ask from, or NULL: any */
    int64_t timeout_ms;     /* of one look-up; 0 means 10 s */
    int64_t again_ms;       /* a worker is replaced so often; 0: a minute */
    size_t window;          /* 0 means HF_RESOLVER_WINDOW */
    uint32_t cache_max_s;   /* longest that a record is remembered; then that
                               there is none is not, and TTLs are told as they
                               came; 0: as libunbound does */
    bool forgets;           /* with that: nothing is remembered at all */
    bool no_wall;           /* --sandbox=off */
};

/*
 * libunbound in a worker process: this program executes itself (dns/worker.h)
 * and talks over a socket pair. The worker reads its files, then walls itself
 * in. A worker that talks nonsense or dies is replaced, once a minute.
 *
 * Fails: HF_ENOTFOUND, HF_ESYNTAX (a file), HF_EPEER (the wall cannot be
 *        built and no_wall is false), HF_ESYSTEM, HF_ENOMEM.
 */
enum hf_err hf_resolver_unbound(const struct hf_resolver_config *config,
                                struct hf_resolver *out, struct hf_why *why);

/*
 * The AD bit of a validating resolver at a loopback address, "127.0.0.1" or
 * "::1@5353", asked by a worker process, too (dns/asker_worker.h). Of `config`
 * only timeout_ms, window and no_wall count: how long it remembers is its own
 * business.
 *
 * Fails: HF_EINVAL when the address is not a loopback one: over a network
 *        the bit proves nothing. HF_ESYNTAX, HF_EPEER, HF_ESYSTEM, HF_ENOMEM.
 */
enum hf_err hf_resolver_ad(struct hf_span address,
                           const struct hf_resolver_config *config,
                           struct hf_resolver *out, struct hf_why *why);

/* Whether this one is a libunbound that lacks the fixes of 1.26.1
 * (CVE-2026-81642), as far as the number in its label can tell. */
bool hf_resolver_is_outdated(const struct hf_resolver *resolver);
