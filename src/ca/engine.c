/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/engine.h"

#include "acme/document.h"
#include "base/alloc.h"
#include "base/spelt.h"
#include "ca/limit.h"
#include "ca/nonce.h"
#include "ca/resources.h"
#include "os/random.h"

#define KEYS_KEPT  1024              /* public keys that were read once */
#define LIMIT_KEYS ((size_t)1 << 16) /* a megabyte */
#define HOUR_S     3600

struct hf_engine {
    struct hf_engine_config config;
    struct hf_nonces *nonces;
    struct hf_limit *limits[HF_LIMITS];    /* NULL: any number */
    struct hf_public_key *keys[KEYS_KEPT]; /* by thumbprint */
};

/* NULL when there is none. Those who count together have a secret in common. */
static enum hf_err make_limit(uint32_t an_hour, struct hf_span common,
                              struct hf_limit **out, struct hf_why *why)
{
    char secret[32];
    const struct hf_limit_config config = {
        .keys = LIMIT_KEYS,
        .burst = an_hour,
        .period_s = an_hour == 0 ? HOUR_S : HOUR_S / an_hour,
        .secret =
            common.len > 0 ? common : (struct hf_span){secret, sizeof(secret)},
    };
    enum hf_err err;

    *out = NULL;
    if (an_hour == 0)
        return HF_OK;
    err = hf_random_fill(secret, sizeof(secret), why);
    return err == HF_OK ? hf_limit_new(&config, out, why) : err;
}

enum hf_err hf_engine_new(const struct hf_engine_config *config,
                          struct hf_engine **out, struct hf_why *why)
{
    const struct hf_ca_settings *settings = config->settings;
    struct hf_engine *engine = hf_alloc(1, sizeof(*engine));
    enum hf_err err;

    if (engine == NULL)
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    engine->config = *config;
    err = hf_nonces_new(config->nonce_key, &engine->nonces, why);
    for (size_t i = 0; i < HF_LIMITS && err == HF_OK; i++)
        err = make_limit(settings->an_hour[i], config->nonce_key,
                         &engine->limits[i], why);
    if (err != HF_OK) {
        hf_engine_free(engine);
        return err;
    }
    *out = engine;
    return HF_OK;
}

void hf_engine_free(struct hf_engine *engine)
{
    if (engine == NULL)
        return;
    for (size_t i = 0; i < KEYS_KEPT; i++)
        hf_public_key_free(engine->keys[i]);
    hf_nonces_free(engine->nonces);
    for (size_t i = 0; i < HF_LIMITS; i++)
        hf_limit_free(engine->limits[i]);
    hf_free(engine);
}

/* What was counted under another limit is forgotten. */
enum hf_err hf_engine_change(struct hf_engine *engine,
                             const struct hf_ca_settings *settings,
                             struct hf_why *why)
{
    const struct hf_ca_settings *were = engine->config.settings;
    struct hf_limit *made[HF_LIMITS] = {NULL};
    enum hf_err err = HF_OK;

    for (size_t i = 0; i < HF_LIMITS && err == HF_OK; i++)
        if (settings->an_hour[i] != were->an_hour[i])
            err = make_limit(settings->an_hour[i], engine->config.nonce_key,
                             &made[i], why);
    for (size_t i = 0; i < HF_LIMITS; i++) {
        struct hf_limit *spare = made[i];

        if (err == HF_OK && settings->an_hour[i] != were->an_hour[i]) {
            spare = engine->limits[i];
            engine->limits[i] = made[i];
        }
        hf_limit_free(spare);
    }
    if (err == HF_OK)
        engine->config.settings = settings;
    return err;
}

void hf_engine_share_nonces(struct hf_engine *engine, bool share)
{
    hf_nonces_share(engine->nonces, share);
}

/* ---- the life of a call ---- */

/* As the engine is set now: a call may last while that is changed. */
static void set_up(struct hf_ca_call *call)
{
    call->settings = call->engine->config.settings;
    call->limits = call->engine->limits;
    call->shares_limits = call->engine->config.nonce_key.len > 0;
}

static void reset_reply(struct hf_ca_call *call)
{
    set_up(call);
    hf_buf_reset(&call->body);
    call->json = hf_json_to(&call->body);
    call->status = 200;
    call->content_type = NULL;
    call->location = (struct hf_span){0};
    call->link = (struct hf_span){0};
    call->retry_after_s = 0;
    call->trouble = HF_TROUBLE_NONE;
    call->err = HF_OK;
    call->job_count = 0;
    call->shows = HF_SHOWS_REPLY;
}

void hf_engine_begin(struct hf_engine *engine, int64_t now_at,
                     struct hf_ca_call *out)
{
    *out = (struct hf_ca_call){
        .engine = engine,
        .store = engine->config.store,
        .keeper = engine->config.keeper,
        .now_at = now_at,
    };
    hf_arena_init(&out->arena, HF_CA_CALL_ROOM_MAX);
    hf_buf_init_grow(&out->body, HF_CA_CALL_BODY_MAX);
    reset_reply(out);
}

void hf_ca_call_clear(struct hf_ca_call *call)
{
    if (call->owns_key)
        hf_public_key_free(call->key);
    json_decref(call->payload);
    hf_jws_clear(&call->jws);
    hf_buf_clear(&call->body);
    hf_arena_clear(&call->arena);
    *call = (struct hf_ca_call){0};
}

/* ---- reading the request (RFC 8555, section 6) ---- */

static bool check_method(struct hf_ca_call *call,
                         const struct hf_server_request *request)
{
    bool is_get =
        request->method == HF_SERVER_GET || request->method == HF_SERVER_HEAD;
    bool wants_get = call->resource->key == HF_KEY_NOBODY;

    if (wants_get ? is_get : request->method == HF_SERVER_POST)
        return true;
    return hf_ca_call_refuse(call, HF_TROUBLE_METHOD,
                             wants_get ? "this is read with GET"
                                       : "this wants a signed POST; reading is "
                                         "POST-as-GET (RFC 8555 6.3)");
}

static bool refuse_algorithm(struct hf_ca_call *call)
{
    return hf_ca_call_refuse_with(
        call, &(struct hf_refusal){
                  .trouble = HF_TROUBLE_BAD_ALGORITHM,
                  .detail = HF_SPAN("this CA takes the algorithms listed"),
                  .members = HF_SPAN(",\"algorithms\":[\"ES256\",\"ES384\","
                                     "\"EdDSA\",\"RS256\"]"),
              });
}

static bool refuse_nonce(struct hf_ca_call *call)
{
    return hf_ca_call_refuse(call, HF_TROUBLE_BAD_NONCE,
                             "the nonce is not a fresh one of this server; "
                             "use the one of this reply (RFC 8555 6.5)");
}

static bool check_header(struct hf_ca_call *call)
{
    const enum hf_resource_key key = call->resource->key;
    const struct hf_jws *jws = &call->jws;
    struct hf_span url = jws->url;
    enum hf_sig_alg alg;

    if (!hf_sig_alg_find(jws->alg, &alg))
        return refuse_algorithm(call);
    if (!hf_nonces_use(call->engine->nonces, jws->nonce, call->now_at,
                       &call->nonce))
        return refuse_nonce(call);
    if (!hf_ca_settings_cut(call->settings, &url) ||
        !hf_span_eq(url, call->whole))
        return hf_ca_call_refuse(call, HF_TROUBLE_UNAUTHORIZED,
                                 "\"url\" of the header is not the URL of the "
                                 "request (RFC 8555 6.4)");
    if ((key == HF_KEY_ITSELF && jws->jwk.len == 0) ||
        (key == HF_KEY_ACCOUNT && jws->kid.len == 0))
        return hf_ca_call_refuse(
            call, HF_TROUBLE_MALFORMED,
            key == HF_KEY_ITSELF ? "this request has \"jwk\" in its header"
                                 : "this request has \"kid\" in its header, "
                                   "the URL of the account");
    return true;
}

static bool read_payload(struct hf_ca_call *call)
{
    enum hf_err err = HF_OK;

    if (call->jws.payload.len > 0)
        err = hf_document_read(call->jws.payload, &call->payload, &call->why);
    if (err == HF_ENOMEM)
        return hf_ca_call_fail(call, err);
    return err == HF_OK ||
           hf_ca_call_refuse(call, HF_TROUBLE_MALFORMED,
                             "the payload is neither empty nor a JSON object");
}

static bool read_post(struct hf_ca_call *call,
                      const struct hf_server_request *request)
{
    enum hf_err err;

    if (!hf_span_eq_nocase(request->content_type,
                           HF_SPAN("application/jose+json")))
        return hf_ca_call_refuse(
            call, HF_TROUBLE_MEDIA,
            "requests are of the type application/jose+json "
            "(RFC 8555 6.2)");
    err = hf_jws_read(request->body, &call->jws, &call->why);
    if (err == HF_ENOMEM)
        return hf_ca_call_fail(call, err);
    if (err != HF_OK)
        return hf_ca_call_refuse(call, HF_TROUBLE_MALFORMED, call->why.text);
    return check_header(call) && read_payload(call);
}

void hf_engine_open(struct hf_engine *engine,
                    const struct hf_server_request *request, int64_t now_at,
                    struct hf_ca_call *out)
{
    struct hf_span rest;

    hf_engine_begin(engine, now_at, out);
    out->method = request->method;
    out->peer = hf_arena_copy(&out->arena, request->peer);
    out->whole = hf_arena_copy(&out->arena, request->target);
    rest = out->whole;
    out->target = hf_span_cut(&rest, hf_span_find(rest, '?'));
    if (hf_span_skip(&rest, '?'))
        out->query = rest;
    out->resource = hf_resource_find(out);
    if (out->resource == NULL)
        (void)hf_ca_call_refuse(
            out, HF_TROUBLE_NOT_FOUND,
            "there is nothing of this name; the directory is "
            "at /directory");
    else if (check_method(out, request) && out->resource->key != HF_KEY_NOBODY)
        (void)read_post(out, request);
}

/* ---- who signed ---- */

static struct hf_public_key **place_of(struct hf_engine *engine,
                                       struct hf_span thumbprint)
{
    uint32_t hash = 2166136261U; /* FNV-1a */

    for (size_t i = 0; i < thumbprint.len; i++)
        hash = (hash ^ (unsigned char)thumbprint.ptr[i]) * 16777619U;
    return &engine->keys[hash % KEYS_KEPT];
}

/* Reading a key costs as much as a third of using it. */
static bool use_account_key(struct hf_ca_call *call)
{
    struct hf_public_key **place =
        place_of(call->engine, call->account.thumbprint);
    enum hf_err err;

    if (*place == NULL || !hf_span_eq(hf_public_key_thumbprint(*place),
                                      call->account.thumbprint)) {
        hf_public_key_free(*place);
        *place = NULL;
        err = hf_public_key_read(call->account.jwk, place, &call->why);
        if (err != HF_OK)
            return hf_ca_call_fail(call, err);
    }
    call->key = *place;
    return true;
}

static bool find_signer(struct hf_ca_call *call)
{
    struct hf_span kid = call->jws.kid;
    int64_t id;
    bool found = false;

    if (hf_ca_settings_cut(call->settings, &kid) &&
        hf_take_word(&kid, HF_SPAN("/acct/"))) {
        if (hf_ca_call_take_id(kid, &id) &&
            !hf_ca_call_load_account(call, id, &call->account, &found))
            return false;
    }
    if (!found)
        return hf_ca_call_refuse(call, HF_TROUBLE_NO_ACCOUNT,
                                 "\"kid\" is not the URL of an account here");
    if (!hf_span_eq(call->account.status, HF_SPAN("valid")))
        return hf_ca_call_refuse(
            call, HF_TROUBLE_UNAUTHORIZED,
            "the account was deactivated (RFC 8555 7.3.6)");
    return use_account_key(call);
}

static bool read_own_key(struct hf_ca_call *call)
{
    const char *fault;
    enum hf_err err;

    if (call->owns_key)
        return true; /* the call is run again */
    err = hf_public_key_read(call->jws.jwk, &call->key, &call->why);
    if (err == HF_ENOMEM)
        return hf_ca_call_fail(call, err);
    if (err != HF_OK)
        return hf_ca_call_refuse(call, HF_TROUBLE_BAD_PUBLIC_KEY,
                                 call->why.text);
    call->owns_key = true;
    /* Before anything is done with it: large exponents take long. */
    fault = hf_public_key_fault(call->key);
    return fault == NULL ||
           hf_ca_call_refuse(call, HF_TROUBLE_BAD_PUBLIC_KEY, fault);
}

static bool check_signature(struct hf_ca_call *call)
{
    if (!(call->jws.kid.len > 0 ? find_signer(call) : read_own_key(call)))
        return false;
    if (!hf_jws_is_signed_by(&call->jws, call->key))
        return hf_ca_call_refuse(call, HF_TROUBLE_MALFORMED,
                                 "the signature is not good under the key "
                                 "(RFC 8555 6.2)");
    return true;
}

void hf_engine_spend(struct hf_ca_call *call)
{
    bool is_new;

    if (call->nonce != 0 &&
        hf_ca_call_change(call, HF_CA_NONCE_USE,
                          HF_VALUES(hf_store_number(call->nonce)), &is_new) &&
        !is_new)
        (void)refuse_nonce(call);
}

void hf_engine_run(struct hf_ca_call *call)
{
    if (call->trouble != HF_TROUBLE_NONE)
        return;
    reset_reply(call);
    if (call->resource->key != HF_KEY_NOBODY && !check_signature(call))
        return;
    (void)call->resource->run(call);
    if (call->arena.full || call->body.full)
        (void)hf_ca_call_fail(call, HF_ENOMEM);
}

static bool show_again(struct hf_ca_call *call)
{
    switch (call->shows) {
    case HF_SHOWS_REPLY:
        return true;
    case HF_SHOWS_ORDER:
        return hf_resource_show_order(call, call->shown);
    case HF_SHOWS_AUTHZ:
        return hf_resource_show_authz(call, call->shown);
    case HF_SHOWS_CHALLENGE:
        return hf_resource_show_challenge(call, call->shown);
    case HF_SHOWS_FINALIZE:
        return call->resource->run(call);
    }
    return true;
}

void hf_engine_show(struct hf_ca_call *call, int64_t now_at)
{
    enum hf_ca_call_shows shows = call->shows;
    struct hf_span location = call->location;
    int status = call->status;

    call->now_at = now_at;
    reset_reply(call);
    call->shows = shows;
    call->status = status;
    call->location = location;
    (void)show_again(call);
    if (call->arena.full || call->body.full)
        (void)hf_ca_call_fail(call, HF_ENOMEM);
}

void hf_engine_give_up(struct hf_ca_call *call)
{
    reset_reply(call);
    (void)hf_ca_call_refuse(call, HF_TROUBLE_SERVER,
                            "something is wrong with this CA; nothing of your "
                            "request was kept, and it may go well later");
}

/* ---- the reply ---- */

static void add_field(struct hf_server_reply *out, const char *name,
                      struct hf_span value)
{
    if (value.len > 0)
        out->fields[out->field_count++] =
            (struct hf_server_field){hf_span_str(name), value};
}

static struct hf_span number_text(struct hf_ca_call *call, int number)
{
    char room[16];
    struct hf_buf text;

    if (number <= 0)
        return (struct hf_span){0};
    hf_buf_init(&text, room, sizeof(room));
    hf_buf_put_i64(&text, number);
    return hf_arena_copy(&call->arena, hf_buf_span(&text));
}

/* Section 7.1: the directory is above everything. */
static struct hf_span links(struct hf_ca_call *call)
{
    char room[HF_ACCOUNT_URL_MAX * 3];
    struct hf_buf text;

    hf_buf_init(&text, room, sizeof(room));
    hf_buf_putc(&text, '<');
    hf_buf_put(&text, call->settings->base);
    hf_buf_puts(&text, "/directory>;rel=\"index\"");
    if (call->link.len > 0)
        hf_buf_puts(&text, ", ");
    hf_buf_put(&text, call->link);
    return hf_arena_copy(&call->arena, hf_buf_span(&text));
}

enum hf_err hf_engine_reply(struct hf_ca_call *call,
                            struct hf_server_reply *out, struct hf_why *why)
{
    bool is_get =
        call->method == HF_SERVER_GET || call->method == HF_SERVER_HEAD;
    bool gives_nonce =
        !is_get || hf_span_eq(call->target, HF_SPAN("/new-nonce"));
    char *nonce;
    enum hf_err err;

    set_up(call);
    *out = (struct hf_server_reply){
        .status = call->status,
        .content_type =
            hf_span_str(call->content_type != NULL ? call->content_type
                                                   : "application/json"),
        .body = hf_buf_span(&call->body),
    };
    if (call->body.len == 0)
        out->content_type = (struct hf_span){0};
    add_field(out, "Location", call->location);
    add_field(out, "Link", links(call));
    add_field(out, "Retry-After", number_text(call, call->retry_after_s));
    if (call->trouble == HF_TROUBLE_METHOD)
        add_field(out, "Allow",
                  call->resource->key == HF_KEY_NOBODY ? HF_SPAN("GET, HEAD")
                                                       : HF_SPAN("POST"));
    if (!gives_nonce)
        return HF_OK;
    nonce = hf_arena_take(&call->arena, HF_NONCE_LEN, 1);
    if (nonce == NULL)
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    err = hf_nonces_make(call->engine->nonces, call->now_at, nonce, why);
    add_field(out, "Replay-Nonce", (struct hf_span){nonce, HF_NONCE_LEN});
    add_field(out, "Cache-Control", HF_SPAN("no-store"));
    return err;
}
