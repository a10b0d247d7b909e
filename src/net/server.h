/* SPDX-License-Identifier: Apache-2.0 */
/*
 * server.h -- being an HTTPS server: the front of a CA, of a perspective, of
 * whatever answers requests.
 *
 * TLS and HTTP/1.1 are spoken by a process behind a wall
 * (net/server_worker.h), the front. It hands over whole requests, strictly
 * read, and passes replies on; it knows nothing of what they mean, and has no
 * secret but the key of its own TLS certificate. We take it for an enemy: what
 * it says is read with bounds, and one that talks nonsense or dies is replaced,
 * while sockets go on listening, for they are ours.
 *
 * Nothing waits. One turn of the caller's loop is:
 *
 *     poll(2) on hf_server_fd(), for writing too when hf_server_is_behind()
 *     hf_server_poll() until it has none
 *     hf_server_answer() each, now or in a later turn
 *     hf_server_drop(), hf_server_flush()
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "holdfast/err.h"
#include "holdfast/span.h"
#include "os/notify.h"

#define HF_SERVER_PLACES_MAX      16
#define HF_SERVER_FIELDS_MAX      16
#define HF_SERVER_FIELD_MAX       4096 /* octets of a value */
#define HF_SERVER_CONNECTIONS_MAX 65535
#define HF_SERVER_WINDOW_MAX      4096
#define HF_SERVER_HEADER_LIMIT    ((size_t)64 << 10)
#define HF_SERVER_BODY_LIMIT      ((size_t)1 << 20)  /* of a request */
#define HF_SERVER_REPLY_MAX       ((size_t)16 << 20) /* of a reply's body */
#define HF_SERVER_FIXED_MAX       256                /* resources */
#define HF_SERVER_FIXED_OCTETS    ((size_t)64 << 20) /* of all of them */

/* Where to listen: "192.0.2.1@443", "::1@8443", "0.0.0.0@0" (any port, see
 * hf_server_port()), "unix:/run/holdfast.sock" (replaced when nobody listens
 * there; for its owner alone). Addresses, no names. */
struct hf_server_place {
    struct hf_span address;
    bool plain; /* without TLS: Unix sockets, 127.0.0.0/8 and ::1 only */
};

/* How to build one; what is zero has a default. Borrowed until then. */
struct hf_server_config {
    const struct hf_server_place *places;
    size_t place_count;
    struct hf_handed handed;    /* each must be one of the places */
    struct hf_span certificate; /* PEM: the chain, our own first */
    struct hf_span key;         /* PEM, not encrypted */
    struct hf_span client_ca;   /* PEM: whose client certificates are trusted;
                                   empty: none is asked for */
    bool client_required;       /* no connection without one */
    size_t body_max;            /* of a request; 64 KiB */
    size_t header_max;          /* 16 KiB */
    size_t connections;         /* at once; 10,000 */
    size_t per_address;         /* of them from one address, or one IPv6 /64;
                                   100; Unix sockets do not count */
    size_t window;              /* requests not yet answered; 256 */
    int64_t handshake_ms;       /* until TLS stands; 10 s */
    int64_t request_ms;         /* from its first octet to its last; 20 s */
    int64_t idle_ms;            /* between requests; 60 s */
    int64_t answer_ms;          /* of ours; then it is 503; 30 s */
    unsigned retry_after_s;     /* what that 503 says; 5 */
    bool no_wall;               /* --sandbox=off */
};

enum hf_server_method {
    HF_SERVER_GET,
    HF_SERVER_HEAD, /* answer as GET: the front leaves the body out */
    HF_SERVER_POST,
    HF_SERVER_OTHER, /* see method_text; 405 is the caller's to say */
};

/*
 * One whole request, read strictly (RFC 9112): what can be read in two ways was
 * refused. Texts are printable ASCII with blanks; what is missing is empty.
 * Borrowed until hf_server_drop().
 */
#define HF_SERVER_NOBODY UINT32_MAX

struct hf_server_request {
    uint64_t id;
    size_t place; /* of the configuration: by which it came */
    enum hf_server_method method;
    struct hf_span method_text;
    struct hf_span target; /* path and query as sent; begins with '/' */
    struct hf_span host;   /* as sent, with its port */
    struct hf_span content_type;
    struct hf_span accept;
    struct hf_span accept_language;
    struct hf_span user_agent;
    struct hf_span authorization;
    struct hf_span peer; /* its address; empty: a Unix socket */
    uint32_t user;    /* of a Unix socket: who connected, as the kernel says; */
    uint32_t process; /* HF_SERVER_NOBODY and 0: nobody knows */
    struct hf_span client_fingerprint; /* SHA-256 of the verified client
                                          certificate, lower-case hex */
    struct hf_span body;               /* any octets */
};

struct hf_server_field {
    struct hf_span name;
    struct hf_span value;
};

/* Date, Content-Length and Connection are the front's. */
struct hf_server_reply {
    int status; /* 200 to 599 */
    struct hf_span content_type;
    struct hf_span body;
    struct hf_server_field fields[HF_SERVER_FIELDS_MAX];
    size_t field_count;
};

/* What the front counts, from the start of the first one on. */
enum hf_server_count {
    HF_SERVER_OPEN,            /* connections that there are now */
    HF_SERVER_UNANSWERED,      /* requests that wait for us now */
    HF_SERVER_CONNECTED,       /* connections */
    HF_SERVER_CROWDED,         /* of them closed: too many of one address */
    HF_SERVER_HANDSHAKES,      /* TLS stood */
    HF_SERVER_RESUMED,         /* of them shortened by a ticket */
    HF_SERVER_TLS_FAILED,      /* it did not */
    HF_SERVER_REQUESTS,        /* handed to us */
    HF_SERVER_FIXED,           /* answered from hf_server_fix() */
    HF_SERVER_MALFORMED,       /* 400 */
    HF_SERVER_SLOW,            /* 408 */
    HF_SERVER_NO_LENGTH,       /* 411 */
    HF_SERVER_LONG_BODY,       /* 413 */
    HF_SERVER_EXPECTATION,     /* 417 */
    HF_SERVER_LONG_HEADER,     /* 431 */
    HF_SERVER_LATE,            /* 503: we did not answer in time */
    HF_SERVER_UNKNOWN_VERSION, /* 505 */
    HF_SERVER_LEFT,            /* the client left before its answer */
    HF_SERVER_REPLACED,        /* fronts that died */
    HF_SERVER_COUNTS,          /* how many there are */
};

/* "open", "tls_failed": for names of metrics. */
extern const char *const hf_server_count_names[HF_SERVER_COUNTS];

struct hf_server_front;

/*
 * Listen, and start the front. Both are done when this returns.
 *
 * Fails: HF_ESYNTAX (an address; PEM), HF_EINVAL (plain beyond this machine; no
 *        certificate; a key that is not the certificate's; limits), HF_EPEER
 *        (an address is in use, is not ours or not for us to take; the wall
 *        cannot be built and no_wall is false), HF_ENOTFOUND (a part of
 *        holdfast is missing), HF_ECRYPTO, HF_ESYSTEM, HF_ENOMEM.
 */
enum hf_err hf_server_new(const struct hf_server_config *config,
                          struct hf_server_front **out, struct hf_why *why);

/* The port of a place, also when it was to be any; 0 for Unix sockets. */
uint16_t hf_server_port(const struct hf_server_front *front, size_t place);

/* Readable when hf_server_poll() has something to do, also with what was left
 * over the last time. It is not always the same one: ask before each poll(2).
 * Call that every 250 ms as well. -1: just now there is no front. */
int hf_server_fd(const struct hf_server_front *front);

/* There are octets that hf_server_flush() could not send. */
bool hf_server_is_behind(const struct hf_server_front *front);

/*
 * The next request, if `*got`. Those polled since the last hf_server_drop()
 * stay whole; when their room is full, there is none until it is called.
 *
 * Fails: HF_EPEER (a new front cannot be started; why says the rest),
 *        HF_ENOMEM, HF_ESYSTEM.
 */
enum hf_err hf_server_poll(struct hf_server_front *front,
                           struct hf_server_request *out, bool *got,
                           struct hf_why *why);

/* The requests polled so far will not be looked at again. */
void hf_server_drop(struct hf_server_front *front);

/*
 * Answer a request: each must be, once, also after its client left or had its
 * 503, which this does not tell. *reply is borrowed for the call.
 * Fails: HF_EINVAL (a status, or a field, that cannot be sent), HF_ELIMIT,
 *        HF_ENOMEM. Then it is not answered yet.
 */
enum hf_err hf_server_answer(struct hf_server_front *front, uint64_t id,
                             const struct hf_server_reply *reply,
                             struct hf_why *why);

/* Send what was answered, as far as the front takes it now. */
void hf_server_flush(struct hf_server_front *front);

/*
 * From now on the front answers GET and HEAD of this target by itself, with a
 * copy of the reply; NULL: not any more. All else about it comes to us, and so
 * do those that come before the front has heard of it.
 * Fails: as hf_server_answer().
 */
enum hf_err hf_server_fix(struct hf_server_front *front, struct hf_span target,
                          const struct hf_server_reply *reply,
                          struct hf_why *why);

/* Another certificate and key for connections to come; those that are there go
 * on. Fails: as hf_server_new(). Then the old ones stay. */
enum hf_err hf_server_reload(struct hf_server_front *front,
                             struct hf_span certificate, struct hf_span key,
                             struct hf_why *why);

/* Listen no more, close what is idle, and answer what is under way: go on
 * polling and answering until hf_server_is_drained(). */
void hf_server_drain(struct hf_server_front *front);
bool hf_server_is_drained(const struct hf_server_front *front);

/* HF_SERVER_COUNTS numbers, at most a second or so old. Borrowed. */
const uint64_t *hf_server_counters(const struct hf_server_front *front);

/* End it, with everything under way. NULL does nothing. */
void hf_server_free(struct hf_server_front *front);
