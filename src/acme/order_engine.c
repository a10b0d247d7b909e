/* SPDX-License-Identifier: Apache-2.0 */
#include "acme/order_engine.h"

#include "acme/retry_after.h"
#include "base/alloc.h"
#include "base/base64.h"
#include "base/json.h"
#include "net/url.h"

#define WINDOW          16 /* authorizations under way at a time */
#define POLL_FIRST_MS   1
#define POLL_MAX_MS     1000
#define RETRY_AFTER_MAX 60 /* seconds between two looks at an object */
#define FINALIZE_TRIES  5
#define DOUBTS_MAX      3 /* answers to one challenge that may have been lost */
#define TEXT_MAX        16384
#define PAYLOAD_MAX     (256 * 1024)
#define ORDER_TICKET    HF_AUTHZ_MAX
#define CHAIN_TYPE      "application/pem-certificate-chain"

/* Where an authorization stands. */
enum authz_phase {
    AUTHZ_FETCH, /* to be looked at, from poll_at_ms on */
    AUTHZ_FETCHING,
    AUTHZ_CHOOSE, /* pending: somebody must choose a challenge */
    AUTHZ_CHOOSING,
    AUTHZ_RESPOND, /* the challenge is to be answered */
    AUTHZ_RESPONDING,
    AUTHZ_VALID,
    AUTHZ_FAILED,
};

struct authz {
    enum authz_phase phase;
    bool responded; /* the challenge was answered */
    struct hf_span url;
    size_t challenge;
    unsigned doubts;
    int64_t poll_at_ms;
    int64_t interval_ms;
    struct hf_authz_object object;
};

/* Where the order stands. */
enum phase {
    NEW,
    AUTHORIZE,
    FINALIZE,
    POLL, /* until it is ready or valid, from poll_at_ms on */
    CERTIFICATE,
    ALTERNATES,
    END,
};

struct hf_order_engine {
    const struct hf_directory *directory;
    struct hf_order_wish wish;
    enum phase phase;
    bool calling; /* the order's own call is under way */
    bool drops_replaces;
    bool drops_ancestors;
    unsigned finalize_tries;
    int64_t poll_at_ms;
    int64_t interval_ms;
    struct hf_order_object order;
    struct authz *authzs;
    size_t authz_count;
    size_t authz_open; /* not valid and not failed */
    size_t under_way;  /* calls of both kinds */
    struct hf_buf payload;
    struct hf_buf url;
    struct hf_buf other_url;
    struct hf_buf text;
    enum hf_order_failure failure;
    int64_t retry_after_s;
    struct hf_http_reply chain;
    struct hf_http_reply others[HF_ORDER_ALTERNATES_MAX];
    struct hf_span other_bodies[HF_ORDER_ALTERNATES_MAX];
    size_t other_count;
    size_t next_other;
};

enum hf_err hf_order_engine_new(const struct hf_directory *directory,
                                const struct hf_order_wish *wish,
                                struct hf_order_engine **out,
                                struct hf_why *why)
{
    size_t count = wish->dns_count + wish->ip_count;
    struct hf_order_engine *engine;

    if (count == 0 || count > HF_AUTHZ_MAX)
        return hf_fail(why, HF_EINVAL, 0, "an order has 1 to 1000 names");
    engine = hf_alloc(1, sizeof(*engine));
    if (engine == NULL)
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    engine->directory = directory;
    engine->wish = *wish;
    engine->retry_after_s = -1;
    hf_buf_init_grow(&engine->payload, PAYLOAD_MAX);
    hf_buf_init_grow(&engine->url, HF_URL_MAX);
    hf_buf_init_grow(&engine->other_url, HF_URL_MAX);
    hf_buf_init_grow(&engine->text, TEXT_MAX);
    *out = engine;
    return HF_OK;
}

void hf_order_engine_free(struct hf_order_engine *engine)
{
    if (engine == NULL)
        return;
    for (size_t i = 0; i < engine->authz_count; i++)
        hf_authz_object_clear(&engine->authzs[i].object);
    for (size_t i = 0; i < engine->other_count; i++)
        hf_http_reply_clear(&engine->others[i]);
    hf_free(engine->authzs);
    hf_order_object_clear(&engine->order);
    hf_http_reply_clear(&engine->chain);
    hf_buf_clear(&engine->payload);
    hf_buf_clear(&engine->url);
    hf_buf_clear(&engine->other_url);
    hf_buf_clear(&engine->text);
    hf_free(engine);
}

/* ---- failing ---- */

static void end(struct hf_order_engine *engine, enum hf_order_failure failure)
{
    engine->phase = END;
    if (engine->failure == HF_ORDER_GOOD)
        engine->failure = failure;
}

static void new_line(struct hf_order_engine *engine)
{
    if (engine->text.len > 0)
        hf_buf_putc(&engine->text, '\n');
}

static void end_with(struct hf_order_engine *engine,
                     enum hf_order_failure failure, const char *text)
{
    new_line(engine);
    hf_buf_puts(&engine->text, text);
    end(engine, failure);
}

/* What a call without a useful reply has to say. */
static void put_unanswered(struct hf_order_engine *engine,
                           const struct hf_called *called)
{
    if (called->err != HF_OK) {
        hf_buf_puts(&engine->text, called->why.text);
    } else if (called->reply.failure != HF_HTTP_REPLIED) {
        hf_buf_puts(&engine->text, called->reply.reason);
    } else {
        hf_buf_puts(&engine->text, "HTTP status ");
        hf_buf_put_i64(&engine->text, called->reply.status);
    }
}

static bool is_good(const struct hf_called *called)
{
    return called->err == HF_OK && called->reply.status >= 200 &&
           called->reply.status < 300;
}

/* It may have arrived, and have been done. */
static bool is_unsure(const struct hf_called *called)
{
    return called->err == HF_OK &&
           (called->reply.failure != HF_HTTP_REPLIED ||
            (called->reply.status >= 500 && called->reply.status != 503));
}

static enum hf_order_failure failure_of(const struct hf_called *called,
                                        const struct hf_problem *problem)
{
    if (called->err != HF_OK && called->err != HF_EPEER)
        return HF_ORDER_FAULT;
    if (called->reply.status == 429 || hf_problem_is(problem, "rateLimited"))
        return HF_ORDER_RATE_LIMITED;
    return called->reply.status >= 400 && called->reply.status < 500
               ? HF_ORDER_REFUSED
               : HF_ORDER_UNANSWERED;
}

/* The order ends because `what` went wrong, with what the server said. */
static void end_call(struct hf_order_engine *engine, const char *what,
                     const struct hf_called *called, struct hf_instant now)
{
    struct hf_problem problem;
    struct json_t *json;

    hf_reply_problem(&called->reply, &problem, &json);
    new_line(engine);
    hf_buf_puts(&engine->text, what);
    hf_buf_puts(&engine->text, ": ");
    if (json != NULL)
        hf_problem_put(&engine->text, &problem);
    else
        put_unanswered(engine, called);
    engine->retry_after_s = hf_retry_after_s(called->reply.retry_after, now.at);
    end(engine, failure_of(called, &problem));
    hf_reply_problem_clear(json);
}

/* ---- looking again ---- */

/* When to look at an object again: when the server says, else soon, and then
 * later and later. */
static int64_t next_look_ms(const struct hf_http_reply *reply,
                            int64_t *interval_ms, struct hf_instant now)
{
    int64_t after_s = hf_retry_after_s(reply->retry_after, now.at);

    if (after_s > RETRY_AFTER_MAX)
        after_s = RETRY_AFTER_MAX;
    if (after_s >= 0)
        return now.ms + after_s * 1000;
    *interval_ms = *interval_ms == 0 ? POLL_FIRST_MS : *interval_ms * 2;
    if (*interval_ms > POLL_MAX_MS)
        *interval_ms = POLL_MAX_MS;
    return now.ms + *interval_ms;
}

/* ---- payloads ---- */

static void put_identifiers(struct hf_json *json, const char *type,
                            const struct hf_span *names, size_t count,
                            const struct hf_span *ancestors)
{
    for (size_t i = 0; i < count; i++) {
        hf_json_open(json, '{');
        hf_json_key_lit(json, "type", type);
        hf_json_key_str(json, "value", names[i]);
        if (ancestors != NULL && ancestors[i].len > 0)
            hf_json_key_str(json, "ancestorDomain", ancestors[i]);
        hf_json_close(json, '}');
    }
}

void hf_order_wish_put(const struct hf_order_wish *wish, struct hf_buf *out)
{
    struct hf_json json = hf_json_to(out);

    hf_json_open(&json, '{');
    hf_json_key(&json, "identifiers");
    hf_json_open(&json, '[');
    put_identifiers(&json, "dns", wish->dns, wish->dns_count, wish->ancestors);
    put_identifiers(&json, "ip", wish->ips, wish->ip_count, NULL);
    hf_json_close(&json, ']');
    if (wish->profile.len > 0)
        hf_json_key_str(&json, "profile", wish->profile);
    if (wish->replaces.len > 0)
        hf_json_key_str(&json, "replaces", wish->replaces);
    hf_json_close(&json, '}');
}

static void put_order(struct hf_order_engine *engine)
{
    struct hf_order_wish wish = engine->wish;

    if (engine->drops_replaces)
        wish.replaces = (struct hf_span){0};
    if (engine->drops_ancestors)
        wish.ancestors = NULL;
    hf_buf_reset(&engine->payload);
    hf_order_wish_put(&wish, &engine->payload);
}

static void put_csr(struct hf_order_engine *engine)
{
    size_t len = HF_BASE64URL_LEN(engine->wish.csr_der.len);
    char *room;

    hf_buf_reset(&engine->payload);
    hf_buf_puts(&engine->payload, "{\"csr\":\"");
    room = hf_buf_reserve(&engine->payload, len);
    if (room != NULL) {
        hf_base64url(engine->wish.csr_der, room);
        engine->payload.len += len;
    }
    hf_buf_puts(&engine->payload, "\"}");
}

/* ---- the order's own calls ---- */

static struct hf_call signed_call(const struct hf_order_engine *engine,
                                  struct hf_span url, struct hf_span payload)
{
    return (struct hf_call){.kind = HF_CALL_KID,
                            .url = url,
                            .payload = payload,
                            .give_up_at_ms = engine->wish.give_up_at_ms};
}

/* The call that this phase wants; false when it is not time. */
static bool order_call(struct hf_order_engine *engine, struct hf_instant now,
                       struct hf_call *call)
{
    switch (engine->phase) {
    case NEW:
        put_order(engine);
        *call = signed_call(engine, engine->directory->new_order,
                            hf_buf_span(&engine->payload));
        call->once = true; /* twice would be two orders */
        return true;
    case FINALIZE:
        put_csr(engine);
        *call = signed_call(engine, engine->order.finalize,
                            hf_buf_span(&engine->payload));
        call->once = true; /* the order tells whether it arrived */
        return true;
    case POLL:
        *call = signed_call(engine, hf_buf_span(&engine->url), HF_SPAN(""));
        return engine->poll_at_ms <= now.ms;
    case CERTIFICATE:
        *call = signed_call(engine, engine->order.certificate, HF_SPAN(""));
        call->accept = HF_SPAN(CHAIN_TYPE);
        return true;
    case ALTERNATES:
        *call =
            signed_call(engine, hf_buf_span(&engine->other_url), HF_SPAN(""));
        call->accept = HF_SPAN(CHAIN_TYPE);
        return true;
    case AUTHORIZE:
    case END:
        return false;
    }
    return false;
}

static enum hf_err make_authzs(struct hf_order_engine *engine)
{
    size_t count = engine->order.authorization_count;

    engine->authzs = hf_alloc(count + 1, sizeof(*engine->authzs));
    if (engine->authzs == NULL)
        return HF_ENOMEM;
    for (size_t i = 0; i < count; i++)
        engine->authzs[i].url = engine->order.authorizations[i];
    engine->authz_count = count;
    engine->authz_open = count;
    return HF_OK;
}

/* Look at the order again later; its authorizations have said what they had
 * to. */
static void poll_later(struct hf_order_engine *engine,
                       const struct hf_http_reply *reply, struct hf_instant now)
{
    engine->phase = POLL;
    engine->poll_at_ms = next_look_ms(reply, &engine->interval_ms, now);
}

/* Where to go on with an order that was just read. */
static void follow(struct hf_order_engine *engine,
                   const struct hf_http_reply *reply, struct hf_instant now)
{
    const struct hf_order_object *order = &engine->order;

    switch (order->status) {
    case HF_ACME_READY:
        engine->phase = FINALIZE;
        return;
    case HF_ACME_VALID:
        engine->phase = CERTIFICATE;
        if (order->certificate.len == 0)
            poll_later(engine, reply, now);
        return;
    case HF_ACME_PENDING:
        if (engine->authz_open > 0)
            engine->phase = AUTHORIZE;
        else
            poll_later(engine, reply, now);
        return;
    case HF_ACME_PROCESSING:
        poll_later(engine, reply, now);
        return;
    case HF_ACME_INVALID:
        new_line(engine);
        hf_buf_puts(&engine->text, "the CA gave the order up: ");
        hf_problem_put(&engine->text, &engine->order.error);
        end(engine, HF_ORDER_REFUSED);
        return;
    case HF_ACME_UNKNOWN:
    case HF_ACME_DEACTIVATED:
    case HF_ACME_EXPIRED:
    case HF_ACME_REVOKED:
        end_with(engine, HF_ORDER_UNANSWERED,
                 "RFC 8555 7.1.6: the order has no status that orders have");
        return;
    }
}

static void end_unread(struct hf_order_engine *engine, const struct hf_why *why)
{
    new_line(engine);
    hf_buf_puts(&engine->text, "the CA's order cannot be read: ");
    hf_buf_puts(&engine->text, why->text);
    end(engine, HF_ORDER_UNANSWERED);
}

/* Read the order that a reply holds, and go on with it. */
static void take_order(struct hf_order_engine *engine,
                       const struct hf_called *called, struct hf_instant now)
{
    struct hf_order_object order;
    struct hf_why why;

    if (hf_order_object_read(called->reply.body, &order, &why) != HF_OK) {
        end_unread(engine, &why);
        return;
    }
    hf_order_object_clear(&engine->order);
    engine->order = order;
    follow(engine, &called->reply, now);
}

/* An answer to newOrder: its URL, and its authorizations for good. */
static void take_new_order(struct hf_order_engine *engine,
                           const struct hf_called *called,
                           struct hf_instant now)
{
    struct hf_why why;

    if (called->reply.location.len == 0 ||
        hf_url_resolve(engine->directory->new_order, called->reply.location,
                       &engine->url, NULL) != HF_OK) {
        end_with(engine, HF_ORDER_UNANSWERED,
                 "RFC 8555 7.4: the server did not say where the order is");
        return;
    }
    if (hf_order_object_read(called->reply.body, &engine->order, &why) !=
        HF_OK) {
        end_unread(engine, &why);
        return;
    }
    if (make_authzs(engine) != HF_OK) {
        end_with(engine, HF_ORDER_FAULT, "out of memory");
        return;
    }
    follow(engine, &called->reply, now);
}

static bool is_problem(const struct hf_called *called, const char *type)
{
    struct hf_problem problem;
    struct json_t *json;
    bool is;

    hf_reply_problem(&called->reply, &problem, &json);
    is = hf_problem_is(&problem, type);
    hf_reply_problem_clear(json);
    return is;
}

static void take_alternate(struct hf_order_engine *engine,
                           struct hf_called *called)
{
    engine->next_other++;
    /* A chain that cannot be had is one fewer to choose from. */
    if (!is_good(called))
        return;
    engine->others[engine->other_count] = called->reply;
    engine->other_bodies[engine->other_count] = called->reply.body;
    engine->other_count++;
    called->reply = (struct hf_http_reply){0};
}

/* Go to the next alternate chain, or to the end. */
static void seek_alternate(struct hf_order_engine *engine)
{
    engine->phase = ALTERNATES;
    while (engine->wish.alternates &&
           engine->next_other < engine->chain.link_count &&
           engine->other_count < HF_ORDER_ALTERNATES_MAX) {
        const struct hf_http_link *link =
            &engine->chain.links[engine->next_other];

        hf_buf_reset(&engine->other_url);
        if (hf_span_eq(link->rel, HF_SPAN("alternate")) &&
            hf_url_resolve(engine->order.certificate, link->url,
                           &engine->other_url, NULL) == HF_OK)
            return;
        engine->next_other++;
    }
    engine->phase = END;
}

static void take_chain(struct hf_order_engine *engine, struct hf_called *called)
{
    if (engine->phase == ALTERNATES) {
        take_alternate(engine, called);
    } else {
        engine->chain = called->reply;
        called->reply = (struct hf_http_reply){0};
    }
    seek_alternate(engine);
}

/* What CAs say of an order only because of its "replaces": that the certificate
 * was replaced already (RFC 9773, section 5) or, in other words, that it is not
 * known to them. */
static bool is_of_replaces(const struct hf_called *called)
{
    return is_problem(called, "alreadyReplaced") ||
           is_problem(called, "malformed") ||
           is_problem(called, "serverInternal");
}

static bool has_ancestors(const struct hf_order_wish *wish)
{
    for (size_t i = 0; wish->ancestors != NULL && i < wish->dns_count; i++)
        if (wish->ancestors[i].len > 0)
            return true;
    return false;
}

/* RFC 9444 has no word for an ancestor that a CA does not want. */
static bool is_of_ancestors(const struct hf_called *called)
{
    return is_problem(called, "malformed") ||
           is_problem(called, "unauthorized") ||
           is_problem(called, "rejectedIdentifier") ||
           is_problem(called, "unsupportedIdentifier") ||
           is_problem(called, "serverInternal");
}

/* A failure that is not the end: the order may do without "replaces" or
 * ancestors, is not ready yet, or is finalized, for all we know. */
static bool may_go_on(struct hf_order_engine *engine,
                      const struct hf_called *called, struct hf_instant now)
{
    if (engine->phase == NEW && has_ancestors(&engine->wish) &&
        !engine->drops_ancestors && is_of_ancestors(called)) {
        engine->drops_ancestors = true;
        return true;
    }
    if (engine->phase == NEW && engine->wish.replaces.len > 0 &&
        !engine->drops_replaces && is_of_replaces(called)) {
        engine->drops_replaces = true;
        return true;
    }
    if (engine->phase == FINALIZE &&
        (is_unsure(called) || is_problem(called, "orderNotReady")) &&
        ++engine->finalize_tries < FINALIZE_TRIES) {
        poll_later(engine, &called->reply, now);
        return true;
    }
    return engine->phase == ALTERNATES;
}

static const char *what_failed(enum phase phase)
{
    static const char *const texts[] = {
        [NEW] = "the CA did not take the order",
        [AUTHORIZE] = "authorization",
        [FINALIZE] = "the CA did not finalize the order",
        [POLL] = "the order cannot be looked at",
        [CERTIFICATE] = "the certificate cannot be fetched",
        [ALTERNATES] = "an alternate chain cannot be fetched",
        [END] = "the order is over",
    };

    return texts[phase];
}

static void order_called(struct hf_order_engine *engine,
                         struct hf_called *called, struct hf_instant now)
{
    engine->calling = false;
    if (!is_good(called) && !may_go_on(engine, called, now)) {
        end_call(engine, what_failed(engine->phase), called, now);
        return;
    }
    switch (engine->phase) {
    case NEW:
        if (is_good(called))
            take_new_order(engine, called, now);
        return;
    case FINALIZE:
    case POLL:
        if (is_good(called))
            take_order(engine, called, now);
        return;
    case CERTIFICATE:
    case ALTERNATES:
        take_chain(engine, called);
        return;
    case AUTHORIZE:
    case END:
        return;
    }
}

/* ---- authorizations ---- */

static void close_authz(struct hf_order_engine *engine, struct authz *authz,
                        enum authz_phase phase)
{
    authz->phase = phase;
    engine->authz_open--;
}

static void put_authz_name(struct hf_order_engine *engine,
                           const struct authz *authz)
{
    new_line(engine);
    if (authz->object.name.len == 0)
        hf_buf_put_escaped(&engine->text, authz->url, 200);
    if (authz->object.wildcard)
        hf_buf_puts(&engine->text, "*.");
    hf_buf_put_escaped(&engine->text, authz->object.name, 253);
    hf_buf_puts(&engine->text, ": ");
}

/* The problem of the challenge that failed: the one we answered, or any. */
static const struct hf_challenge_object *
failed_challenge(const struct authz *authz)
{
    const struct hf_authz_object *object = &authz->object;

    for (size_t i = 0; i < object->challenge_count; i++)
        if (object->challenges[i].status == HF_ACME_INVALID)
            return &object->challenges[i];
    return NULL;
}

static void fail_authz(struct hf_order_engine *engine, struct authz *authz)
{
    const struct hf_challenge_object *challenge = failed_challenge(authz);

    put_authz_name(engine, authz);
    if (challenge == NULL) {
        hf_buf_puts(&engine->text, "the authorization is ");
        hf_buf_puts(&engine->text, hf_acme_status_word(authz->object.status));
    } else {
        hf_buf_put_escaped(&engine->text, challenge->persist.type, 40);
        hf_buf_puts(&engine->text, " failed: ");
        hf_problem_put(&engine->text, &challenge->error);
    }
    engine->failure = HF_ORDER_UNVALIDATED;
    close_authz(engine, authz, AUTHZ_FAILED);
}

/* An authorization was just read: what now? */
static void follow_authz(struct hf_order_engine *engine, struct authz *authz,
                         const struct hf_http_reply *reply,
                         struct hf_instant now)
{
    enum hf_acme_status status = authz->object.status;

    if (status == HF_ACME_VALID) { /* REQ CLI-31 */
        close_authz(engine, authz, AUTHZ_VALID);
    } else if (status != HF_ACME_PENDING && status != HF_ACME_PROCESSING) {
        fail_authz(engine, authz);
    } else if (authz->responded || status == HF_ACME_PROCESSING) {
        authz->phase = AUTHZ_FETCH;
        authz->poll_at_ms = next_look_ms(reply, &authz->interval_ms, now);
    } else {
        authz->phase = AUTHZ_CHOOSE;
    }
}

static void take_authz(struct hf_order_engine *engine, struct authz *authz,
                       const struct hf_called *called, struct hf_instant now)
{
    struct hf_authz_object object;
    struct hf_why why;

    if (hf_authz_object_read(called->reply.body, &object, &why) != HF_OK) {
        put_authz_name(engine, authz);
        hf_buf_puts(&engine->text, "the authorization cannot be read: ");
        hf_buf_puts(&engine->text, why.text);
        engine->failure = HF_ORDER_UNANSWERED;
        close_authz(engine, authz, AUTHZ_FAILED);
        return;
    }
    hf_authz_object_clear(&authz->object);
    authz->object = object;
    follow_authz(engine, authz, &called->reply, now);
}

/* Our answer to the challenge may have arrived all the same; or this one was
 * refused because the one before had. The authorization tells. */
static bool may_have_arrived(struct authz *authz,
                             const struct hf_called *called)
{
    return authz->phase == AUTHZ_RESPONDING &&
           (is_unsure(called) || authz->doubts > 0) &&
           authz->doubts++ < DOUBTS_MAX;
}

static void authz_called(struct hf_order_engine *engine, struct authz *authz,
                         const struct hf_called *called, struct hf_instant now)
{
    struct hf_problem problem;
    struct json_t *json;

    if (!is_good(called) && !may_have_arrived(authz, called)) {
        hf_reply_problem(&called->reply, &problem, &json);
        put_authz_name(engine, authz);
        if (json != NULL)
            hf_problem_put(&engine->text, &problem);
        else
            put_unanswered(engine, called);
        engine->failure = failure_of(called, &problem);
        engine->retry_after_s =
            hf_retry_after_s(called->reply.retry_after, now.at);
        hf_reply_problem_clear(json);
        close_authz(engine, authz, AUTHZ_FAILED);
        return;
    }
    if (authz->phase == AUTHZ_FETCHING) {
        take_authz(engine, authz, called, now);
        return;
    }
    /* The answer to our answer: the challenge. The authorization tells. */
    authz->responded = is_good(called);
    authz->phase = AUTHZ_FETCH;
    authz->poll_at_ms = next_look_ms(&called->reply, &authz->interval_ms, now);
}

/* REQ CHAL-09, CLI-30: ready is the empty object. */
static struct hf_call authz_call(const struct hf_order_engine *engine,
                                 struct authz *authz)
{
    struct hf_call call;

    if (authz->phase == AUTHZ_FETCH) {
        authz->phase = AUTHZ_FETCHING;
        return signed_call(engine, authz->url, HF_SPAN(""));
    }
    authz->phase = AUTHZ_RESPONDING;
    call = signed_call(engine, authz->object.challenges[authz->challenge].url,
                       HF_SPAN("{}"));
    call.once = true; /* see may_have_arrived() */
    return call;
}

static bool authz_wants(const struct hf_order_engine *engine,
                        const struct authz *authz, struct hf_instant now)
{
    if (authz->phase == AUTHZ_CHOOSE)
        return true;
    return engine->under_way < WINDOW &&
           (authz->phase == AUTHZ_RESPOND ||
            (authz->phase == AUTHZ_FETCH && authz->poll_at_ms <= now.ms));
}

/* Something to do for one of the authorizations? */
static bool authz_next(struct hf_order_engine *engine, struct hf_instant now,
                       struct hf_order_step *out)
{
    for (size_t i = 0; i < engine->authz_count; i++) {
        struct authz *authz = &engine->authzs[i];

        if (!authz_wants(engine, authz, now))
            continue;
        if (authz->phase == AUTHZ_CHOOSE) {
            authz->phase = AUTHZ_CHOOSING;
            *out = (struct hf_order_step){
                .need = HF_ORDER_CHOOSE, .index = i, .authz = &authz->object};
            return true;
        }
        *out = (struct hf_order_step){.need = HF_ORDER_CALL,
                                      .call = authz_call(engine, authz),
                                      .ticket = i};
        engine->under_way++;
        return true;
    }
    return false;
}

void hf_order_chosen(struct hf_order_engine *engine, size_t index,
                     size_t challenge)
{
    engine->authzs[index].challenge = challenge;
    engine->authzs[index].phase = AUTHZ_RESPOND;
}

void hf_order_declined(struct hf_order_engine *engine, size_t index,
                       struct hf_span reason)
{
    struct authz *authz = &engine->authzs[index];

    put_authz_name(engine, authz);
    hf_buf_put(&engine->text, reason);
    engine->failure = HF_ORDER_UNVALIDATED;
    close_authz(engine, authz, AUTHZ_FAILED);
}

/* ---- the machine ---- */

static int64_t wake_ms(const struct hf_order_engine *engine)
{
    int64_t wake =
        engine->phase == END ? INT64_MAX : engine->wish.give_up_at_ms;

    if (engine->phase == POLL && !engine->calling && engine->poll_at_ms < wake)
        wake = engine->poll_at_ms;
    /* Where there is no room for one more call it is an answer that wakes. */
    if (engine->phase != AUTHORIZE || engine->under_way >= WINDOW)
        return wake;
    for (size_t i = 0; i < engine->authz_count; i++)
        if (engine->authzs[i].phase == AUTHZ_FETCH &&
            engine->authzs[i].poll_at_ms < wake)
            wake = engine->authzs[i].poll_at_ms;
    return wake;
}

/* All authorizations have ended: go on, or that was it. */
static void leave_authorize(struct hf_order_engine *engine)
{
    if (engine->phase != AUTHORIZE || engine->authz_open > 0)
        return;
    if (engine->failure != HF_ORDER_GOOD)
        engine->phase = END;
    else
        engine->phase = FINALIZE;
}

void hf_order_next(struct hf_order_engine *engine, struct hf_instant now,
                   struct hf_order_step *out)
{
    if (engine->phase != END && now.ms >= engine->wish.give_up_at_ms)
        end_with(engine, HF_ORDER_TIMED_OUT,
                 "the CA did not finish the order in time");
    leave_authorize(engine);
    if (engine->phase == AUTHORIZE && authz_next(engine, now, out))
        return;
    *out = (struct hf_order_step){.need = HF_ORDER_WAIT,
                                  .wake_ms = wake_ms(engine),
                                  .ticket = ORDER_TICKET};
    /* What is under way still borrows from here. */
    if (engine->phase == END && engine->under_way == 0) {
        out->need = HF_ORDER_END;
    } else if (!engine->calling && order_call(engine, now, &out->call)) {
        engine->calling = true;
        engine->under_way++;
        out->need = HF_ORDER_CALL;
    }
}

void hf_order_called(struct hf_order_engine *engine, uint64_t ticket,
                     struct hf_called *called, struct hf_instant now)
{
    engine->under_way--;
    /* Once it was given up, it is too late for answers. */
    if (engine->phase != END && ticket == ORDER_TICKET)
        order_called(engine, called, now);
    else if (engine->phase != END)
        authz_called(engine, &engine->authzs[ticket], called, now);
    hf_http_reply_clear(&called->reply);
}

void hf_order_result(const struct hf_order_engine *engine,
                     struct hf_order_result *out)
{
    *out = (struct hf_order_result){
        .failure = engine->failure,
        .text = hf_buf_span(&engine->text),
        .url = hf_buf_span(&engine->url),
        .chain = engine->chain.body,
        .certificate_url = engine->order.certificate,
        .alternates = engine->other_bodies,
        .alternate_count = engine->other_count,
        .retry_after_s = engine->retry_after_s,
    };
}
