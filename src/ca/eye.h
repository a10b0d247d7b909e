/* SPDX-License-Identifier: Apache-2.0 */
/*
 * eye.h -- a place from which names are looked at: our own, with a resolver
 * and a prober, or a remote perspective that is asked over HTTPS.
 *
 * An eye looks and does not judge: it brings back what it saw, and whoever
 * sent it judges all views alike. Errands are submitted and their views polled
 * for in any order. An eye that cannot look says so in its view; errors are
 * about this process.
 */
#pragma once

#include "dns/resolver.h"
#include "net/http.h"

/* What is looked for: a way to show control of a name, or CAA. */
enum hf_way {
    HF_WAY_DNS_PERSIST, /* draft-ietf-acme-dns-persist, BR 3.2.2.4.22 */
    HF_WAY_DNS,         /* RFC 8555 8.4, BR 3.2.2.4.7 */
    HF_WAY_HTTP,        /* RFC 8555 8.3, BR 3.2.2.4.19 */
    HF_WAY_TLS_ALPN,    /* RFC 8737, BR 3.2.2.4.20 */
    HF_WAY_CAA,         /* RFC 8659, BR 3.2.2.8 */
};

#define HF_WAY_COUNT (HF_WAY_CAA + 1)

/* "dns-persist-01", "dns-01", "http-01", "tls-alpn-01", "caa". */
const char *hf_way_word(enum hf_way way);
bool hf_way_find(struct hf_span word, enum hf_way *out);

#define HF_TOKEN_MAX             128
#define HF_KEY_AUTHORIZATION_MAX (HF_TOKEN_MAX + 1 + 43)

/* What to look at. Borrowed until hf_eye_submit() returns. */
struct hf_errand {
    enum hf_way way;
    bool is_ip;
    bool wildcard;       /* for a certificate with `*.` before the name */
    struct hf_span name; /* canonical, or an address as hf_ip_put() writes it;
                            of dns-persist-01 the ADN */
    struct hf_span token;
    struct hf_span key_authorization;
    struct hf_span key_hash; /* its SHA-256, where that is all one knows */
    int64_t give_up_at_ms;   /* hf_clock_ms() */
    /* For remote eyes, who want to know what would be good. */
    const struct hf_span *issuers;
    size_t issuer_count;
    struct hf_span account_uri; /* relied upon here; empty: none */
    struct hf_span account_url;
    enum hf_way for_way; /* of CAA: how control is shown */
};

/* Why something was not probed. */
enum hf_objection {
    HF_OBJECTION_NONE,
    HF_OBJECTION_NO_ADDRESS,
    HF_OBJECTION_PRIVATE,   /* its addresses are of no public network */
    HF_OBJECTION_URL,       /* none that we read */
    HF_OBJECTION_PORT,      /* neither that of http nor that of https */
    HF_OBJECTION_HOST,      /* no domain name */
    HF_OBJECTION_REDIRECT,  /* to no http or https URL */
    HF_OBJECTION_REDIRECTS, /* too many */
};

/* One fetch or handshake of a prober, or why there was none. */
struct hf_probed {
    char *url;     /* with NUL; what was asked */
    char *address; /* with NUL; at which address, "" for none */
    enum hf_objection objection;
    struct hf_http_reply reply;
};

/* What a remote eye says of what it does not show. */
enum hf_said { HF_SAID_NOTHING, HF_SAID_YES, HF_SAID_NO };

/*
 * What was seen. Release with hf_view_clear(); everything in it was sent by
 * strangers. The answers stand in the order in which they were asked for: of
 * CAA from the name upwards.
 */
struct hf_view {
    const char *failure; /* static: the eye could not look, and why; or NULL */
    struct hf_found *answers;
    size_t answer_count;
    struct hf_probed *probes;
    size_t probe_count;
    enum hf_said said;
    int64_t took_ms;
};

/* Release and zero. Harmless on a zeroed one. */
void hf_view_clear(struct hf_view *view);

/* Put `found` behind the answers, and zero it. Fails: HF_ENOMEM. */
enum hf_err hf_view_add(struct hf_view *view, struct hf_found *found,
                        struct hf_why *why);

#define HF_EYES_MAX      16 /* of one validator */
#define HF_EYE_LABEL_MAX 96
#define HF_EYE_RIR_MAX   16
#define HF_EYE_FDS_MAX   2

/* How an eye has done. Moments are those of hf_clock_ms(). */
struct hf_eye_record {
    uint64_t views;
    uint64_t failures;     /* of them: it could not look */
    uint32_t failed_since; /* how many of the last ones, in a row */
    const char *failure;   /* of the last one, static; NULL: it saw */
    int64_t heard_at_ms;   /* the last one; 0: none yet */
    int64_t saw_at_ms;     /* the last one that was no failure; 0: none yet */
    int64_t took_ms;       /* that one */
};

struct hf_eye {
    /* `ticket` comes back with the view. Fails: HF_ELIMIT when `window`
     * errands are under way, HF_ENOMEM. */
    enum hf_err (*submit)(void *state, const struct hf_errand *errand,
                          uint64_t ticket, struct hf_why *why);
    /* One view, if there is one: it never waits. Fails: as the resolver, the
     * prober or the HTTP client. */
    enum hf_err (*poll)(void *state, uint64_t *ticket, struct hf_view *out,
                        bool *got, struct hf_why *why);
    /* Descriptors that are readable when poll() has something to do. */
    size_t (*fds)(void *state, int fds[HF_EYE_FDS_MAX]);
    void (*free)(void *state);
    void *state;
    size_t window;
    size_t under_way;             /* kept by the functions below */
    struct hf_eye_record record;  /* the same */
    char label[HF_EYE_LABEL_MAX]; /* for reports, with NUL */
    char rir[HF_EYE_RIR_MAX];     /* "RIPE NCC"; region of the registry */
};

enum hf_err hf_eye_submit(struct hf_eye *eye, const struct hf_errand *errand,
                          uint64_t ticket, struct hf_why *why);

/* With `*got` true, *out must be released with hf_view_clear(). */
enum hf_err hf_eye_poll(struct hf_eye *eye, uint64_t *ticket,
                        struct hf_view *out, bool *got, struct hf_why *why);

/* Could it not look, again and again? One failure may be the name's. */
#define HF_EYE_FAILURES 2
bool hf_eye_is_blind(const struct hf_eye *eye);

void hf_eye_clear(struct hf_eye *eye);

/* How our own eye looks. */
struct hf_eye_rules {
    bool allows_private; /* http-01, tls-alpn-01: addresses of no public net;
                            link-local ones never */
    bool ip_persist;     /* dns-persist-01 for addresses, BR 3.2.2.5.8 */
    uint16_t http_port;  /* 0 means 80; other ones are for laboratories */
    uint16_t tls_port;   /* 0 means 443 */
};

#define HF_EYE_WINDOW 128

/*
 * Our own eye. Borrows both for its life, and nobody else may use them;
 * `prober` is NULL when neither http-01 nor tls-alpn-01 is wanted, else made
 * with hf_http_config.probes. Owns: hf_eye_clear(). Fails: HF_ENOMEM.
 */
enum hf_err hf_eye_local(struct hf_resolver *resolver, struct hf_http *prober,
                         const struct hf_eye_rules *rules, struct hf_eye *out,
                         struct hf_why *why);
