/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What accounts of the CA may ask of it, and sign: the first octet says which
 * resource, the rest is the payload, or the word behind the target of one that
 * is read with GET. Whatever it is, nothing of ours is broken by it, and the
 * reply is one. Each time all is as it was.
 */
#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "acme/document.h"
#include "ca/outcome.h"
#include "crypto/jws.h"
#include "crypto/private_key.h"
#include "tests/unit/engine_settings.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct hf_ca_settings settings;
static struct hf_engine *engine;
static struct hf_store *store;
static struct hf_private_key *key;
static struct hf_signer signer;
static char folder[64];

/* The account, and what it has. */
static char kid[128];
static char order[64];
static char finalize[80];
static char authz[64];
static char challenge[96];

static const struct {
    const char *target;
    bool by_key; /* not by the account */
    bool is_get;
} places[] = {
    {"/new-order", false, false},
    {"/new-account", true, false},
    {kid + sizeof(BASE) - 1, false, false},
    {finalize, false, false},
    {challenge, false, false},
    {authz, false, false},
    {"/revoke-cert", false, false},
    {"/revoke-cert", true, false},
    {"/key-change", false, false},
    {"/new-authz", false, false},
    {order, false, false},
    {"/renewal-info/", false, true},
    {"/crl/", false, true},
    {"/", false, true},
};

/* ---- asking ---- */

/* In a transaction that is begun. */
static void ask(const struct hf_server_request *request,
                struct hf_ca_call *call, struct hf_server_reply *reply)
{
    hf_engine_open(engine, request, NOW, call);
    hf_engine_spend(call);
    hf_engine_run(call);
    assert(call->err == HF_OK && call->trouble != HF_TROUBLE_SERVER);
    assert(hf_engine_reply(call, reply, NULL) == HF_OK);
}

static void get_nonce(char room[64])
{
    const struct hf_server_request request = {.method = HF_SERVER_GET,
                                              .target = HF_SPAN("/new-nonce")};
    struct hf_server_reply reply;
    struct hf_ca_call call;
    struct hf_buf out;

    ask(&request, &call, &reply);
    hf_buf_init(&out, room, 63);
    hf_buf_put(&out, field_of(&reply, "Replay-Nonce"));
    hf_buf_putc(&out, '\0');
    hf_ca_call_clear(&call);
}

static void post(const char *target, bool by_key, struct hf_span payload,
                 struct hf_ca_call *call, struct hf_server_reply *reply)
{
    char nonce[64];
    char url[256];
    struct hf_jws_header header = {.kid = hf_span_str(by_key ? "" : kid)};
    struct hf_buf body;

    get_nonce(nonce);
    (void)snprintf(url, sizeof(url), BASE "%s", target);
    header.nonce = hf_span_str(nonce);
    header.url = hf_span_str(url);
    hf_buf_init_grow(&body, (size_t)1 << 20);
    assert(hf_jws_sign(&signer, &header, payload, &body, NULL) == HF_OK);
    ask(&(struct hf_server_request){.method = HF_SERVER_POST,
                                    .target = hf_span_str(target),
                                    .content_type =
                                        HF_SPAN("application/jose+json"),
                                    .body = hf_buf_span(&body)},
        call, reply);
    hf_buf_clear(&body);
}

/* ---- the CA, with an account and an order that is ready ---- */

static void copy(struct hf_span text, char *room, size_t size)
{
    assert(text.len < size && text.len > 0);
    memcpy(room, text.ptr, text.len);
    room[text.len] = '\0';
}

/* "/KIND/ID" of the first such URL in the reply. */
static void copy_path(const struct hf_server_reply *reply, const char *kind,
                      char *room, size_t size)
{
    struct hf_span rest = reply->body;
    char start[64];
    struct hf_span path;

    (void)snprintf(start, sizeof(start), BASE "/%s/", kind);
    while (rest.len > 0 && !hf_span_starts(rest, hf_span_str(start)))
        (void)hf_span_cut(&rest, 1);
    (void)hf_span_cut(&rest, sizeof(BASE) - 1);
    path = rest;
    (void)hf_span_cut(&rest, strlen(start) - (sizeof(BASE) - 1));
    while (rest.len > 0 && hf_is_digit(rest.ptr[0]))
        (void)hf_span_cut(&rest, 1);
    path.len -= rest.len;
    copy(path, room, size);
}

static void make_ready(int64_t id)
{
    struct hf_ca_call own;

    hf_engine_begin(engine, NOW, &own);
    assert(
        hf_outcome_validated(&own, &(struct hf_job){HF_JOB_LOOK, id}, &good));
    hf_ca_call_clear(&own);
}

static void make_account_and_order(void)
{
    struct hf_server_reply reply;
    struct hf_ca_call call;
    int64_t id;

    post("/new-account", true,
         HF_SPAN("{\"termsOfServiceAgreed\":true,"
                 "\"contact\":[\"mailto:a@example.com\"]}"),
         &call, &reply);
    copy(field_of(&reply, "Location"), kid, sizeof(kid));
    hf_ca_call_clear(&call);
    post("/new-order", false,
         HF_SPAN("{\"identifiers\":[{\"type\":\"dns\","
                 "\"value\":\"www.example.com\"}]}"),
         &call, &reply);
    copy_path(&reply, "order", order, sizeof(order));
    copy_path(&reply, "authz", authz, sizeof(authz));
    hf_ca_call_clear(&call);
    (void)snprintf(finalize, sizeof(finalize), "%s/finalize", order);
    (void)snprintf(challenge, sizeof(challenge), "/chall%s/dns-persist-01",
                   authz + sizeof("/authz") - 1);
    assert(hf_ca_call_take_id(hf_span_str(authz + sizeof("/authz/") - 1), &id));
    make_ready(id);
}

static void end(void)
{
    static const char *const files[] = {"x.db", "x.db-wal", "x.db-shm"};

    hf_engine_free(engine);
    hf_store_close(store);
    hf_signer_clear(&signer);
    hf_private_key_free(key);
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        char path[96];

        (void)snprintf(path, sizeof(path), "%s/%s", folder, files[i]);
        (void)unlink(path);
    }
    (void)rmdir(folder);
}

static void begin(void)
{
    static struct hf_digest *digest;
    static struct hf_suffixes *suffixes;
    char path[96];

    assert(hf_digest_new(&digest, NULL) == HF_OK);
    assert(hf_suffixes_load(NULL, &suffixes, NULL) == HF_OK);
    settings = settings_with(digest, suffixes);
    settings.just_in_time = true;
    (void)snprintf(folder, sizeof(folder), "/tmp/hf-fuzz-request-XXXXXX");
    assert(mkdtemp(folder) != NULL && atexit(end) == 0);
    (void)snprintf(path, sizeof(path), "%s/x.db", folder);
    assert(hf_store_open(path, &hf_ca_plan, false, &store, NULL) == HF_OK);
    assert(engine_with(&settings, store, 1, &engine) == HF_OK);
    assert(hf_private_key_generate(HF_KEY_P256, &key, NULL) == HF_OK);
    assert(hf_private_key_signer(key, &signer, NULL) == HF_OK);
    assert(hf_store_begin(store, NULL) == HF_OK);
    make_account_and_order();
    assert(hf_store_commit(store, NULL) == HF_OK);
}

/* ---- one request ---- */

static void check_reply(const struct hf_ca_call *call,
                        const struct hf_server_reply *reply)
{
    json_t *json = NULL;

    assert(reply->status >= 200 && reply->status < 500);
    assert((reply->status >= 400) == (call->trouble != HF_TROUBLE_NONE));
    if (hf_span_ends(reply->content_type, HF_SPAN("json")))
        assert(hf_document_read(reply->body, &json, NULL) == HF_OK);
    json_decref(json);
    for (size_t i = 0; i < reply->field_count; i++)
        assert(hf_span_find(reply->fields[i].value, '\n') ==
               reply->fields[i].value.len);
}

static void get(const char *target, struct hf_span word,
                struct hf_ca_call *call, struct hf_server_reply *reply)
{
    struct hf_buf whole;

    hf_buf_init_grow(&whole, (size_t)1 << 20);
    hf_buf_puts(&whole, target);
    hf_buf_put(&whole, word);
    ask(&(struct hf_server_request){.method = HF_SERVER_GET,
                                    .target = hf_buf_span(&whole)},
        call, reply);
    hf_buf_clear(&whole);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct hf_span rest = {(const char *)data, size};
    struct hf_server_reply reply;
    struct hf_ca_call call;
    size_t place;

    if (size == 0 || size > HF_JWS_BODY_MAX)
        return 0;
    if (engine == NULL)
        begin();
    place = (size_t)(data[0] - (data[0] >= 'a' ? 'a' : 0)) %
            (sizeof(places) / sizeof(places[0]));
    (void)hf_span_cut(&rest, 1);
    assert(hf_store_begin(store, NULL) == HF_OK);
    if (places[place].is_get)
        get(places[place].target, rest, &call, &reply);
    else
        post(places[place].target, places[place].by_key, rest, &call, &reply);
    check_reply(&call, &reply);
    hf_ca_call_clear(&call);
    hf_store_undo(store);
    return 0;
}
