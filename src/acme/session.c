/* SPDX-License-Identifier: Apache-2.0 */
#include "acme/session.h"

#include "acme/document.h"
#include "acme/retry_after.h"
#include "base/alloc.h"
#include "crypto/jws.h"

#define NONCE_MAX 256
#define NONCE_TRIES_MAX                                                        \
    10 /* one in a million calls meets 10 in a row at 25 % */
#define TRIES_MAX    4
#define BODY_MAX     (512 * 1024) /* a thousand names, signed */
#define NONCE_TICKET HF_SESSION_WINDOW

enum phase {
    FREE,
    READY, /* to be sent, from not_before_ms on */
    SENT,
    LEFT,  /* sent, and nobody wants the reply any more */
    ENDED, /* without a reply */
};

struct slot {
    enum phase phase;
    uint64_t ticket;
    struct hf_call call;
    int64_t not_before_ms;
    unsigned nonce_tries;
    unsigned tries;
    enum hf_err err; /* when ended */
    struct hf_why why;
};

struct nonce {
    char text[NONCE_MAX];
    size_t len;
};

struct hf_session {
    const struct hf_directory *directory;
    const struct hf_signer *signer;
    int64_t patience_s;
    struct hf_span account;
    struct slot slots[HF_SESSION_WINDOW];
    struct nonce nonces[HF_SESSION_WINDOW];
    size_t nonce_count;
    size_t heads;     /* requests for nonces under way */
    bool is_foreseen; /* that one will be wanted */
    unsigned head_failures;
    int64_t head_not_before_ms;
    struct hf_buf body;
};

enum hf_err hf_session_new(const struct hf_directory *directory,
                           const struct hf_signer *signer, int64_t patience_s,
                           struct hf_session **out, struct hf_why *why)
{
    struct hf_session *session = hf_alloc(1, sizeof(*session));

    if (session == NULL)
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    session->directory = directory;
    session->signer = signer;
    session->patience_s = patience_s;
    hf_buf_init_grow(&session->body, BODY_MAX);
    *out = session;
    return HF_OK;
}

void hf_session_free(struct hf_session *session)
{
    if (session == NULL)
        return;
    hf_buf_clear(&session->body);
    hf_free(session);
}

const struct hf_signer *hf_session_signer(const struct hf_session *session)
{
    return session->signer;
}

void hf_session_set_account(struct hf_session *session, struct hf_span url)
{
    session->account = url;
}

enum hf_err hf_session_submit(struct hf_session *session,
                              const struct hf_call *call, uint64_t ticket,
                              struct hf_why *why)
{
    for (size_t i = 0; i < HF_SESSION_WINDOW; i++) {
        struct slot *slot = &session->slots[i];

        if (slot->phase != FREE)
            continue;
        *slot = (struct slot){
            .phase = READY,
            .ticket = ticket,
            .call = *call,
            .not_before_ms = INT64_MIN,
        };
        return HF_OK;
    }
    return hf_fail(why, HF_ELIMIT, 0, "too many ACME calls at once");
}

void hf_session_abandon(struct hf_session *session)
{
    for (size_t i = 0; i < HF_SESSION_WINDOW; i++) {
        struct slot *slot = &session->slots[i];

        slot->phase = slot->phase == SENT || slot->phase == LEFT ? LEFT : FREE;
    }
}

size_t hf_session_room(const struct hf_session *session)
{
    size_t room = 0;

    for (size_t i = 0; i < HF_SESSION_WINDOW; i++)
        room += session->slots[i].phase == FREE;
    return room;
}

/* ---- nonces ---- */

/* RFC 8555, 6.5.1: base64url; anything else is not one, and is ignored. */
static bool is_nonce(struct hf_span text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = hf_lower(text.ptr[i]);

        if (!hf_is_digit(c) && c != '-' && c != '_' && (c < 'a' || c > 'z'))
            return false;
    }
    return text.len > 0 && text.len <= NONCE_MAX;
}

void hf_session_put_nonce(struct hf_session *session, struct hf_span nonce)
{
    struct nonce *place = &session->nonces[session->nonce_count];

    if (!is_nonce(nonce) || session->nonce_count == HF_SESSION_WINDOW)
        return;
    memcpy(place->text, nonce.ptr, nonce.len);
    place->len = nonce.len;
    session->nonce_count++;
}

struct hf_span hf_session_spare_nonce(const struct hf_session *session)
{
    const struct nonce *last;

    if (session->nonce_count == 0)
        return (struct hf_span){0};
    last = &session->nonces[session->nonce_count - 1];
    return (struct hf_span){last->text, last->len};
}

/* ---- sending ---- */

static enum hf_err sign(struct hf_session *session, struct slot *slot)
{
    const struct hf_call *call = &slot->call;
    const struct hf_signer *signer =
        call->signer == NULL ? session->signer : call->signer;
    struct hf_jws_header header = {
        .url = call->url,
        .nonce = hf_session_spare_nonce(session),
    };

    if (call->kind == HF_CALL_KID)
        header.kid = session->account;
    session->nonce_count--; /* used, whatever comes of it */
    hf_buf_reset(&session->body);
    return hf_jws_sign(signer, &header, call->payload, &session->body,
                       &slot->why);
}

static struct hf_http_request request_of(const struct hf_session *session,
                                         const struct slot *slot)
{
    struct hf_http_request request = {
        .method = HF_HTTP_GET,
        .url = slot->call.url,
        .accept = slot->call.accept,
        .give_up_at_ms = slot->call.give_up_at_ms,
    };

    if (slot->call.kind != HF_CALL_GET) {
        request.method = HF_HTTP_POST;
        request.content_type = HF_SPAN("application/jose+json");
        request.body = hf_buf_span(&session->body);
    }
    return request;
}

static bool is_due(const struct slot *slot, struct hf_instant now)
{
    return slot->phase == READY && slot->not_before_ms <= now.ms;
}

void hf_session_foresee(struct hf_session *session)
{
    session->is_foreseen = session->nonce_count + session->heads == 0;
}

/* Signed calls that wait for a nonce, beyond those already asked for. */
static bool wants_nonce(const struct hf_session *session, struct hf_instant now)
{
    size_t waiting = session->is_foreseen;

    for (size_t i = 0; i < HF_SESSION_WINDOW; i++)
        waiting += is_due(&session->slots[i], now) &&
                   session->slots[i].call.kind != HF_CALL_GET;
    return waiting > session->nonce_count + session->heads &&
           session->head_not_before_ms <= now.ms;
}

bool hf_session_next(struct hf_session *session, struct hf_instant now,
                     struct hf_http_request *out, uint64_t *http_ticket)
{
    for (size_t i = 0; i < HF_SESSION_WINDOW; i++) {
        struct slot *slot = &session->slots[i];

        if (!is_due(slot, now) ||
            (slot->call.kind != HF_CALL_GET && session->nonce_count == 0))
            continue;
        if (slot->call.kind != HF_CALL_GET) {
            slot->err = sign(session, slot);
            if (slot->err != HF_OK) {
                slot->phase = ENDED;
                continue;
            }
        }
        slot->phase = SENT;
        *out = request_of(session, slot);
        *http_ticket = i;
        return true;
    }
    if (!wants_nonce(session, now))
        return false;
    session->heads++;
    session->is_foreseen = false;
    *out = (struct hf_http_request){.method = HF_HTTP_HEAD,
                                    .url = session->directory->new_nonce};
    *http_ticket = NONCE_TICKET;
    return true;
}

int64_t hf_session_wake_ms(const struct hf_session *session)
{
    int64_t wake_ms = INT64_MAX;

    for (size_t i = 0; i < HF_SESSION_WINDOW; i++) {
        const struct slot *slot = &session->slots[i];
        int64_t at_ms = slot->not_before_ms;

        if (slot->phase != READY)
            continue;
        if (slot->call.kind != HF_CALL_GET && session->nonce_count == 0) {
            if (session->heads > 0) /* the nonce's reply wakes, too */
                continue;
            if (at_ms < session->head_not_before_ms)
                at_ms = session->head_not_before_ms;
        }
        if (at_ms < wake_ms)
            wake_ms = at_ms;
    }
    return wake_ms;
}

/* ---- replies ---- */

void hf_reply_problem(const struct hf_http_reply *reply, struct hf_problem *out,
                      struct json_t **json)
{
    *json = NULL;
    *out = (struct hf_problem){0};
    if (reply->status < 400 ||
        hf_document_read(reply->body, json, NULL) != HF_OK)
        return;
    hf_problem_of(*json, out);
}

void hf_reply_problem_clear(struct json_t *json)
{
    json_decref(json);
}

static bool is_bad_nonce(const struct hf_http_reply *reply)
{
    struct hf_problem problem;
    struct json_t *json;
    bool bad;

    if (reply->status != 400)
        return false;
    hf_reply_problem(reply, &problem, &json);
    bad = hf_problem_is(&problem, "badNonce");
    hf_reply_problem_clear(json);
    return bad;
}

/* Half a second, one, two, ...: when the server names no time. */
static int64_t backoff_ms(unsigned tries)
{
    return INT64_C(500) << tries;
}

enum loss {
    NOT_LOST, /* an answer; or no use in asking again */
    NOT_SENT, /* lost before it could arrive */
    UNKNOWN,  /* nobody knows whether it arrived */
};

static enum loss loss_of(const struct hf_http_reply *reply)
{
    switch (reply->failure) {
    case HF_HTTP_NO_ADDRESS:
    case HF_HTTP_NO_CONNECT:
    case HF_HTTP_SLOW_CONNECT:
        return NOT_SENT;
    case HF_HTTP_TIMEOUT:
    case HF_HTTP_SILENT:
    case HF_HTTP_CUT_OFF:
    case HF_HTTP_LOST:
        return UNKNOWN;
    case HF_HTTP_REPLIED:
        return reply->status == 500 || reply->status == 502 ||
                       reply->status == 504
                   ? UNKNOWN
                   : NOT_LOST;
    case HF_HTTP_NO_TLS:
    case HF_HTTP_UNTRUSTED:
    case HF_HTTP_LONG_HEADER:
    case HF_HTTP_LONG_BODY:
    case HF_HTTP_NOT_HTTP:
    case HF_HTTP_BAD_LENGTH:
    case HF_HTTP_BAD_FIELD:
    case HF_HTTP_INTERIM:
    case HF_HTTP_ENCODED:
        return NOT_LOST;
    }
    return NOT_LOST;
}

/*
 * How long to wait before sending it again; -1: it is over. REQ CLI-36: only
 * what may arrive twice is repeated when nobody knows whether it arrived. 429
 * and 503 are a refusal before anything was done.
 */
static int64_t again_ms(const struct hf_session *session,
                        const struct slot *slot,
                        const struct hf_http_reply *reply,
                        struct hf_instant now)
{
    enum loss loss = loss_of(reply);
    int64_t after_s;

    if (slot->tries >= TRIES_MAX)
        return -1;
    if (loss == NOT_SENT || (loss == UNKNOWN && !slot->call.once))
        return backoff_ms(slot->tries);
    if (reply->status != 429 && reply->status != 503)
        return -1;
    after_s = hf_retry_after_s(reply->retry_after, now.at);
    if (after_s < 0 && reply->status == 503)
        return backoff_ms(slot->tries);
    return after_s < 0 || after_s > session->patience_s ? -1 : after_s * 1000;
}

/* Should the call be sent again? Then it is ready for that. */
static bool try_again(const struct hf_session *session, struct slot *slot,
                      const struct hf_http_reply *reply, struct hf_instant now)
{
    int64_t wait_ms;

    if (is_bad_nonce(reply)) {
        slot->phase = READY;
        return ++slot->nonce_tries < NONCE_TRIES_MAX;
    }
    wait_ms = again_ms(session, slot, reply, now);
    if (wait_ms < 0)
        return false;
    slot->tries++;
    slot->phase = READY;
    slot->not_before_ms = now.ms + wait_ms;
    return true;
}

/* No nonce, again and again: whoever waits for one is told why. */
static void give_up_nonces(struct hf_session *session,
                           const struct hf_http_reply *reply)
{
    const char *text = reply->failure == HF_HTTP_REPLIED
                           ? "RFC 8555 7.2: the server gives no nonce"
                           : reply->reason;

    for (size_t i = 0; i < HF_SESSION_WINDOW; i++) {
        struct slot *slot = &session->slots[i];

        if (slot->phase != READY || slot->call.kind == HF_CALL_GET)
            continue;
        slot->phase = ENDED;
        slot->err = hf_fail(&slot->why, HF_EPEER, 0, text);
    }
    session->head_failures = 0;
}

static void take_nonce(struct hf_session *session,
                       const struct hf_http_reply *reply, struct hf_instant now)
{
    size_t before = session->nonce_count;

    session->heads--;
    hf_session_put_nonce(session, reply->replay_nonce);
    if (session->nonce_count > before) {
        session->head_failures = 0;
        return;
    }
    session->head_not_before_ms = now.ms + backoff_ms(session->head_failures);
    if (++session->head_failures > TRIES_MAX ||
        (reply->failure != HF_HTTP_REPLIED && loss_of(reply) == NOT_LOST))
        give_up_nonces(session, reply);
}

bool hf_session_take(struct hf_session *session, uint64_t http_ticket,
                     struct hf_http_reply *reply, struct hf_instant now,
                     struct hf_called *out)
{
    struct slot *slot;

    if (http_ticket == NONCE_TICKET) {
        take_nonce(session, reply, now);
        hf_http_reply_clear(reply);
        return false;
    }
    slot = &session->slots[http_ticket];
    hf_session_put_nonce(session, reply->replay_nonce);
    if (slot->phase == LEFT || try_again(session, slot, reply, now)) {
        slot->phase = slot->phase == LEFT ? FREE : READY;
        hf_http_reply_clear(reply);
        return false;
    }
    slot->phase = FREE;
    *out = (struct hf_called){.ticket = slot->ticket, .reply = *reply};
    *reply = (struct hf_http_reply){0};
    return true;
}

bool hf_session_ended(struct hf_session *session, struct hf_called *out)
{
    for (size_t i = 0; i < HF_SESSION_WINDOW; i++) {
        struct slot *slot = &session->slots[i];

        if (slot->phase != ENDED)
            continue;
        *out = (struct hf_called){
            .ticket = slot->ticket, .err = slot->err, .why = slot->why};
        slot->phase = FREE;
        return true;
    }
    return false;
}
