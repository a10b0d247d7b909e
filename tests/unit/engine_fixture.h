/* SPDX-License-Identifier: Apache-2.0 */
/*
 * engine_fixture.h -- the ACME server without its sockets: an engine on tables
 * of a test, and a client that asks it. `call` and `reply` are of the last
 * request.
 */
#pragma once

#include <stdio.h>

#include "ca/task.h"
#include "crypto/private_key.h"
#include "tests/unit/engine_settings.h"
#include "tests/unit/store_fixture.h"

static struct hf_ca_settings settings;
static int64_t now_at; /* of requests */
static struct hf_digest *digest;
static struct hf_suffixes *suffixes;
static struct hf_store *store;
static struct hf_engine *engine;
static struct hf_ca_call call; /* the last one */
static struct hf_server_reply reply;
static struct hf_private_key *private_key;
static struct hf_signer signer;
static struct place *place;
static char account_url[256]; /* kid of requests; empty: jwk */
static char url_room[512];
static const char *peer; /* where requests come from */

static inline void new_signer(void)
{
    hf_signer_clear(&signer);
    hf_private_key_free(private_key);
    assert_int_equal(hf_private_key_generate(HF_KEY_P256, &private_key, NULL),
                     HF_OK);
    assert_int_equal(hf_private_key_signer(private_key, &signer, NULL), HF_OK);
}

/* One of those that serve from the store. */
static inline struct hf_engine *new_engine(int64_t keeper)
{
    struct hf_engine *made = NULL;

    assert_int_equal(engine_with(&settings, store, keeper, &made), HF_OK);
    return made;
}

static inline int set_up(void **state)
{
    assert_int_equal(place_enter(state), 0);
    place = *state;
    assert_int_equal(hf_digest_new(&digest, NULL), HF_OK);
    assert_int_equal(hf_suffixes_load(NULL, &suffixes, NULL), HF_OK);
    settings = settings_with(digest, suffixes);
    now_at = NOW;
    store = place_open(place, &hf_ca_plan);
    engine = new_engine(1);
    new_signer();
    account_url[0] = '\0';
    peer = "192.0.2.1";
    return 0;
}

static inline int tear_down(void **state)
{
    hf_ca_call_clear(&call);
    hf_engine_free(engine);
    hf_store_close(store);
    hf_signer_clear(&signer);
    hf_private_key_free(private_key);
    private_key = NULL;
    hf_suffixes_free(suffixes);
    hf_digest_free(digest);
    return place_leave(state);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

/* ---- asking ---- */

static inline void ask(const struct hf_server_request *request)
{
    struct hf_task task = {.kind = HF_TASK_RUN, .call = &call};
    size_t failed;

    hf_ca_call_clear(&call);
    hf_engine_open(engine, request, now_at, &call);
    hf_tasks_run(&task, 1, store, now_at, &failed);
    assert_int_equal(failed, 0);
    assert_int_equal(hf_engine_reply(&call, &reply, NULL), HF_OK);
}

static inline void get(const char *target)
{
    ask(&(struct hf_server_request){.method = HF_SERVER_GET,
                                    .target = hf_span_str(target)});
}

static inline struct hf_span field(const char *name)
{
    return field_of(&reply, name);
}

static inline struct hf_span fresh_nonce(void)
{
    static char room[64];
    struct hf_span nonce;

    get("/new-nonce");
    nonce = field("Replay-Nonce");
    assert_int_equal(nonce.len, 32);
    memcpy(room, nonce.ptr, nonce.len);
    return (struct hf_span){room, nonce.len};
}

static inline struct hf_span url_of(const char *target)
{
    (void)snprintf(url_room, sizeof(url_room), BASE "%s", target);
    return hf_span_str(url_room);
}

static inline void send(const char *target, struct hf_span body)
{
    ask(&(struct hf_server_request){
        .method = HF_SERVER_POST,
        .target = hf_span_str(target),
        .content_type = HF_SPAN("application/jose+json"),
        .peer = hf_span_str(peer),
        .body = body,
    });
}

/* A request of the account, or of the bare key. */
static inline void post(const char *target, const char *payload)
{
    struct hf_jws_header header = {.nonce = fresh_nonce(),
                                   .kid = hf_span_str(account_url)};
    struct hf_buf body;

    header.url = url_of(target);
    hf_buf_init_grow(&body, HF_JWS_BODY_MAX);
    assert_int_equal(
        hf_jws_sign(&signer, &header, hf_span_str(payload), &body, NULL),
        HF_OK);
    send(target, hf_buf_span(&body));
    hf_buf_clear(&body);
}

static inline bool says(const char *text)
{
    return memmem(reply.body.ptr, reply.body.len, text, strlen(text)) != NULL;
}

static inline void is_refused(int status, const char *word)
{
    if (reply.status != status || !says(word))
        fail_msg("%d %.*s, wanted %d %s", reply.status, (int)reply.body.len,
                 reply.body.ptr, status, word);
    assert_span_equal(reply.content_type, HF_SPAN("application/problem+json"));
}

static inline void is_good(int status, const char *text)
{
    if (reply.status != status || !says(text))
        fail_msg("%d %.*s, wanted %d %s", reply.status, (int)reply.body.len,
                 reply.body.ptr, status, text);
}

static inline void make_account(void)
{
    struct hf_span url;

    account_url[0] = '\0';
    post("/new-account", "{\"termsOfServiceAgreed\":true,"
                         "\"contact\":[\"mailto:a@example.com\"]}");
    is_good(201, "\"status\":\"valid\"");
    url = field("Location");
    memcpy(account_url, url.ptr, url.len);
    account_url[url.len] = '\0';
}

static inline const char *account_path(const char *rest)
{
    static char room[300];

    (void)snprintf(room, sizeof(room), "%s%s", account_url + strlen(BASE),
                   rest);
    return room;
}

/* The path of the first URL of this kind in the reply. */
static inline const char *path_in(const char *kind)
{
    static char rooms[4][200];
    static unsigned next;
    char *room = rooms[next++ % 4];
    char start[64];
    const char *at;
    size_t len;

    (void)snprintf(start, sizeof(start), BASE "/%s/", kind);
    at = memmem(reply.body.ptr, reply.body.len, start, strlen(start));
    assert_non_null(at);
    at += strlen(BASE);
    len = strcspn(at, "\"");
    memcpy(room, at, len);
    room[len] = '\0';
    return room;
}

/* Two that serve from one store. */
static inline struct hf_engine *use_another(int64_t keeper)
{
    struct hf_engine *was = engine;

    engine = new_engine(keeper);
    hf_engine_share_nonces(was, true);
    hf_engine_share_nonces(engine, true);
    return was;
}

static inline void use_again(struct hf_engine *first)
{
    hf_engine_free(engine);
    engine = first;
}
