/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http.h -- asking HTTPS servers: one HTTP/1.1 client for ACME.
 *
 * Requests are submitted, up to `window` at a time, and their replies polled
 * for in any order; hf_http_ask() does one. TLS and HTTP are spoken by a
 * process behind a wall (net/http_worker.h). Connections are kept and used
 * again. Redirects are replies like any other and never followed.
 *
 * As a prober it looks at servers instead of trusting them: each request says
 * at which addresses, has a connection of its own, and no certificate is
 * verified. That is another process, which shares nothing with the first.
 *
 * A request that goes wrong (no connection, no trust, a timeout) is an
 * answer, not an error: HF_OK, and a reply with a failure. Errors are about
 * the client itself.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "holdfast/err.h"
#include "holdfast/span.h"

#define HF_HTTP_FILES_MAX   8
#define HF_HTTP_LINKS_MAX   16
#define HF_HTTP_SEND_MAX    ((size_t)128 << 10) /* octets of a request's body */
#define HF_HTTP_BODY_MAX    ((size_t)1 << 20)   /* of a reply's, by default */
#define HF_HTTP_BODY_LIMIT  ((size_t)16 << 20)  /* that can be configured */
#define HF_HTTP_HEADER_MAX  ((size_t)64 << 10)
#define HF_HTTP_WINDOW      32
#define HF_HTTP_CONNECTIONS 8 /* to one server */

#define HF_HTTP_ADDRESSES_MAX 8

/* GET and HEAD are safe to send again; POST is not. */
enum hf_http_method {
    HF_HTTP_GET,
    HF_HTTP_HEAD,
    HF_HTTP_POST,
    /* Of a prober: no request, the handshake for "acme-tls/1" (RFC 8737). The
     * body of the reply is for hf_alpn_read(). */
    HF_HTTP_HANDSHAKE,
};

/* What is asked. Borrowed until hf_http_submit() returns. */
struct hf_http_request {
    enum hf_http_method method;
    struct hf_span url;
    struct hf_span accept;           /* may be empty */
    struct hf_span content_type;     /* of the body */
    struct hf_span body;             /* at most HF_HTTP_SEND_MAX; POST only */
    const struct hf_span *addresses; /* of a prober, who resolves nothing */
    size_t address_count;            /* at most HF_HTTP_ADDRESSES_MAX */
    int64_t give_up_at_ms;           /* hf_clock_ms() of the end, or 0 */
};

enum hf_http_failure {
    HF_HTTP_REPLIED,      /* none: there is a reply, whatever its status */
    HF_HTTP_NO_ADDRESS,   /* the name of the server could not be resolved */
    HF_HTTP_NO_CONNECT,   /* at none of its addresses */
    HF_HTTP_SLOW_CONNECT, /* not within the time allowed */
    HF_HTTP_NO_TLS,       /* the handshake failed */
    HF_HTTP_UNTRUSTED,    /* its certificate; the reason says why */
    HF_HTTP_TIMEOUT,      /* the reply was not complete in time */
    HF_HTTP_LONG_HEADER,
    HF_HTTP_LONG_BODY,
    HF_HTTP_SILENT,   /* closed without an octet of a reply */
    HF_HTTP_CUT_OFF,  /* closed in the middle of a reply */
    HF_HTTP_NOT_HTTP, /* the reply cannot be read */
    HF_HTTP_BAD_LENGTH,
    HF_HTTP_BAD_FIELD,
    HF_HTTP_INTERIM, /* 1xx, for which nobody asked */
    HF_HTTP_ENCODED, /* compressed, for which nobody asked */
    HF_HTTP_LOST,    /* our own process ended; it may have been sent */
};

/* One target of a Link field (RFC 8288). */
struct hf_http_link {
    struct hf_span url; /* a reference: see hf_url_resolve() */
    struct hf_span rel; /* "up", "alternate"; empty when none is written */
};

/*
 * A reply. Spans point into `bytes`, which belongs to it: release with
 * hf_http_reply_clear(). Fields are printable ASCII; the body is any octets.
 */
struct hf_http_reply {
    enum hf_http_failure failure;
    const char *reason;          /* of a failure: static, ours; else NULL */
    int status;                  /* 200 to 599; 0 with a failure */
    struct hf_span content_type; /* without parameters */
    struct hf_span location;     /* a reference, as above */
    struct hf_span replay_nonce;
    struct hf_span retry_after; /* as written */
    struct hf_http_link links[HF_HTTP_LINKS_MAX];
    size_t link_count;
    struct hf_span body;
    size_t address; /* of a prober: the one that was tried last */
    char *bytes;
};

/* Release and zero. Harmless on a zeroed one. */
void hf_http_reply_clear(struct hf_http_reply *reply);

/* The client: a small struct of functions, so that tests can play one. */
struct hf_http {
    /* `ticket` comes back with the reply. Fails: HF_ELIMIT (`window`
     * requests are under way; a long URL or body), HF_ESYNTAX (URL),
     * HF_EINVAL (http: though only https: is allowed; what is not for, or
     * only for, a prober), HF_ENOMEM. */
    enum hf_err (*submit)(void *state, const struct hf_http_request *request,
                          uint64_t ticket, struct hf_why *why);
    /* Wait at most `wait_ms` for one reply. `*got` tells whether there is
     * one; HF_ECANCELED when a signal asked to stop. */
    enum hf_err (*poll)(void *state, int64_t wait_ms, uint64_t *ticket,
                        struct hf_http_reply *out, bool *got,
                        struct hf_why *why);
    /* A descriptor that is readable when poll() has something to do. */
    int (*fd)(void *state);
    void (*free)(void *state);
    void *state;
    size_t window;    /* requests that may be under way at once */
    size_t under_way; /* kept by the functions below */
};

/* Start one request. Fails as submit() above. A name that is not known yet
 * is resolved here, and that may take as long as getaddrinfo() does. */
enum hf_err hf_http_submit(struct hf_http *http,
                           const struct hf_http_request *request,
                           uint64_t ticket, struct hf_why *why);

/* One reply, waiting at most `wait_ms` (0: only look). With `*got` true, *out
 * must be released with hf_http_reply_clear(). */
enum hf_err hf_http_poll(struct hf_http *http, int64_t wait_ms,
                         uint64_t *ticket, struct hf_http_reply *out, bool *got,
                         struct hf_why *why);

/* One request from start to end; nothing else may be under way.
 * Owns: release *out with hf_http_reply_clear(). */
enum hf_err hf_http_ask(struct hf_http *http,
                        const struct hf_http_request *request,
                        struct hf_http_reply *out, struct hf_why *why);

/* Readable when hf_http_poll() would do something, for loops of one's own;
 * call that every 100 ms as well. */
int hf_http_fd(const struct hf_http *http);

/* End it, with everything under way. Harmless on a zeroed one. */
void hf_http_clear(struct hf_http *http);

/* How to build one; all zero is good. Text is borrowed until then. */
struct hf_http_config {
    const char *ca_files[HF_HTTP_FILES_MAX]; /* PEM; none: the system's */
    size_t ca_file_count;
    const char *user_agent; /* "holdfast/VERSION"; NULL means "holdfast" */
    int64_t again_ms;       /* a process is replaced so often; 0: a minute */
    size_t window;          /* 0 means HF_HTTP_WINDOW */
    size_t connections;     /* 0 means HF_HTTP_CONNECTIONS */
    size_t body_max;        /* 0 means HF_HTTP_BODY_MAX */
    size_t header_max;      /* 0 means HF_HTTP_HEADER_MAX */
    int64_t connect_ms;     /* to one address, with TLS; 0 means 10 s */
    int64_t timeout_ms;     /* of one request; 0 means 60 s */
    const char *own_chain;  /* PEM: who we are, to servers that ask; or NULL */
    const char *own_key;    /* PEM, of the same */
    bool allow_plain;       /* http: as well (REQ CLI-16) */
    bool probes;            /* a prober */
    bool no_wall;           /* --sandbox=off */
};

/*
 * The client proper. Its process reads the CA files, then walls itself in. A
 * process that talks nonsense or dies is replaced, once a minute; what was
 * under way is asked again when it is safe, else the reply is HF_HTTP_LOST.
 *
 * Fails: HF_ENOTFOUND, HF_ESYNTAX (a file), HF_EPEER (the wall cannot be
 *        built and no_wall is false), HF_ESYSTEM, HF_ENOMEM, HF_ELIMIT.
 */
enum hf_err hf_http_new(const struct hf_http_config *config,
                        struct hf_http *out, struct hf_why *why);
