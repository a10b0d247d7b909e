/* SPDX-License-Identifier: Apache-2.0 */
/*
 * session.h -- one account's conversation with one ACME server: nonces,
 * signatures, and trying again (RFC 8555, sections 6.2 to 6.7). No I/O.
 *
 * Calls are submitted, as many as HF_SESSION_WINDOW at a time. The session
 * turns them into HTTP requests, which somebody sends, and takes the replies.
 * A call is over when hf_session_take() says so; until then the session has
 * sent it again where that is right: after badNonce with a new nonce, after
 * 429 and 503 when it is time, after a lost connection if it may be repeated.
 */
#pragma once

#include "acme/directory.h"
#include "acme/problem.h"
#include "crypto/signer.h"
#include "net/http.h"

#define HF_SESSION_WINDOW 32

/* A moment, by both clocks. */
struct hf_instant {
    int64_t ms; /* of the clock that never goes back */
    int64_t at; /* seconds since 1970 */
};

enum hf_call_kind {
    HF_CALL_GET, /* without signature: directory, renewalInfo */
    HF_CALL_KID, /* signed, by the account's URL */
    HF_CALL_JWK, /* signed, and the key itself is in the header */
};

/* What is wanted. All of it is borrowed until the call is over. */
struct hf_call {
    enum hf_call_kind kind;
    struct hf_span url;
    struct hf_span payload;         /* JSON; empty: POST-as-GET, or GET */
    struct hf_span accept;          /* or empty */
    const struct hf_signer *signer; /* NULL: the account's key */
    int64_t give_up_at_ms;          /* of every request for it; 0: none */
    bool once; /* never repeat when unsure whether it arrived */
};

/* How a call ended: a reply of whatever status, or none and why. */
struct hf_called {
    uint64_t ticket;
    enum hf_err err; /* HF_OK: there is a reply */
    struct hf_why why;
    struct hf_http_reply reply; /* release with hf_http_reply_clear() */
};

struct hf_session;

/*
 * Owns nothing of what is passed: `directory` and `signer` (NULL for a
 * session that only GETs) outlive it. `patience_s` is the longest Retry-After
 * that the session waits by itself.
 *
 * Fails: HF_ENOMEM.
 */
enum hf_err hf_session_new(const struct hf_directory *directory,
                           const struct hf_signer *signer, int64_t patience_s,
                           struct hf_session **out, struct hf_why *why);
void hf_session_free(struct hf_session *session);

/* The key that it signs with, as given; or NULL. */
const struct hf_signer *hf_session_signer(const struct hf_session *session);

/* The account's URL, needed for HF_CALL_KID; borrowed. */
void hf_session_set_account(struct hf_session *session, struct hf_span url);

/* Start a call; `ticket` comes back with its end. Fails: HF_ELIMIT. */
enum hf_err hf_session_submit(struct hf_session *session,
                              const struct hf_call *call, uint64_t ticket,
                              struct hf_why *why);

/* Forget all calls: nothing that they borrow is touched any more, and what
 * still arrives for them is nobody's. */
void hf_session_abandon(struct hf_session *session);

/* A signed call will come: what it needs, a nonce and a connection, may be got
 * meanwhile. */
void hf_session_foresee(struct hf_session *session);

/* Calls that may be submitted now. */
size_t hf_session_room(const struct hf_session *session);

/*
 * The next HTTP request to send, borrowed until the next call of a function
 * of this session. False when there is nothing to send now.
 */
bool hf_session_next(struct hf_session *session, struct hf_instant now,
                     struct hf_http_request *out, uint64_t *http_ticket);

/*
 * The reply to one of them; it now belongs to the session. True when a call
 * ended by it, and how.
 */
bool hf_session_take(struct hf_session *session, uint64_t http_ticket,
                     struct hf_http_reply *reply, struct hf_instant now,
                     struct hf_called *out);

/* A call that ended without any reply: it could not be signed. */
bool hf_session_ended(struct hf_session *session, struct hf_called *out);

/* When hf_session_next() will have something that it has not now, if no
 * reply comes before; INT64_MAX when nothing waits for its time. */
int64_t hf_session_wake_ms(const struct hf_session *session);

/* A nonce to begin with, kept from the last time; and one left over, to be
 * kept. Empty when there is none. */
void hf_session_put_nonce(struct hf_session *session, struct hf_span nonce);
struct hf_span hf_session_spare_nonce(const struct hf_session *session);

/* The problem that a reply is, with the JSON behind it in `*json`, released
 * with hf_session_drop(); no problem when the reply is none. */
void hf_reply_problem(const struct hf_http_reply *reply, struct hf_problem *out,
                      struct json_t **json);
void hf_reply_problem_clear(struct json_t *json);
