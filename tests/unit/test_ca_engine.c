/* SPDX-License-Identifier: Apache-2.0 */
/* The ACME server without its sockets: what RFC 8555 wants of every request,
 * and what its resources do with the store. */
#include <stdio.h>

#include "base/base64.h"
#include "ca/engine.h"
#include "ca/outcome.h"
#include "ca/task.h"
#include "crypto/csr.h"
#include "crypto/private_key.h"
#include "holdfast/digest.h"
#include "tests/unit/store_fixture.h"

#define BASE "https://ca.example"
#define NOW  1790000000

#define WWW  "{\"type\":\"dns\",\"value\":\"www.example.com\"}"
#define MAIL "{\"type\":\"dns\",\"value\":\"mail.example.com\"}"

static struct hf_span issuers[] = {HF_SPAN_INIT("ca.example")};
static struct hf_span prefixes[] = {HF_SPAN_INIT(BASE "/h/")};
static struct hf_ca_profile profiles[] = {
    {HF_SPAN_INIT("default"), HF_SPAN_INIT("47 days"), 47 * 86400},
    {HF_SPAN_INIT("short"), HF_SPAN_INIT("6 days"), 6 * 86400},
};
static struct hf_span chains[] = {HF_SPAN_INIT("-- the issuer --\n")};
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

static void new_signer(void)
{
    hf_signer_clear(&signer);
    hf_private_key_free(private_key);
    assert_int_equal(hf_private_key_generate(HF_KEY_P256, &private_key, NULL),
                     HF_OK);
    assert_int_equal(hf_private_key_signer(private_key, &signer, NULL), HF_OK);
}

/* One of those that serve from the store. */
static struct hf_engine *new_engine(int64_t keeper)
{
    const struct hf_engine_config config = {
        .settings = &settings,
        .store = store,
        .keeper = {.id = keeper},
        .nonce_key = HF_SPAN("0123456789abcdef0123456789abcdef"),
    };
    struct hf_engine *made = NULL;

    assert_int_equal(hf_engine_new(&config, &made, NULL), HF_OK);
    return made;
}

static int set_up(void **state)
{
    assert_int_equal(place_enter(state), 0);
    place = *state;
    assert_int_equal(hf_digest_new(&digest, NULL), HF_OK);
    assert_int_equal(hf_suffixes_load(NULL, &suffixes, NULL), HF_OK);
    settings = (struct hf_ca_settings){
        .base = HF_SPAN(BASE),
        .preset = HF_PRESET_COMPAT,
        .law = {.issuers = issuers,
                .issuer_count = 1,
                .prefixes = prefixes,
                .prefix_count = 1,
                .hash_algs = HF_HASH_DEFAULT,
                .digest = digest},
        .suffixes = suffixes,
        .reuses = true,
        .profiles = profiles,
        .profile_count = 2,
        .chains = chains,
        .chain_count = 1,
        .issuer_key_id = HF_SPAN("12345678901234567890"),
        .order_s = 7 * 86400,
        .backdate_s = 3600,
        .names_max = 100,
    };
    now_at = NOW;
    store = place_open(place, &hf_ca_plan);
    engine = new_engine(1);
    new_signer();
    account_url[0] = '\0';
    return 0;
}

static int tear_down(void **state)
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

/* ---- asking ---- */

static void ask(const struct hf_server_request *request)
{
    struct hf_task task = {.kind = HF_TASK_RUN, .call = &call};
    size_t failed;

    hf_ca_call_clear(&call);
    hf_engine_open(engine, request, now_at, &call);
    hf_tasks_run(&task, 1, store, now_at, &failed);
    assert_int_equal(failed, 0);
    assert_int_equal(hf_engine_reply(&call, &reply, NULL), HF_OK);
}

static void get(const char *target)
{
    ask(&(struct hf_server_request){.method = HF_SERVER_GET,
                                    .target = hf_span_str(target)});
}

static struct hf_span field(const char *name)
{
    for (size_t i = 0; i < reply.field_count; i++)
        if (hf_span_eq_nocase(reply.fields[i].name, hf_span_str(name)))
            return reply.fields[i].value;
    return (struct hf_span){0};
}

static struct hf_span fresh_nonce(void)
{
    static char room[64];
    struct hf_span nonce;

    get("/new-nonce");
    nonce = field("Replay-Nonce");
    assert_int_equal(nonce.len, 32);
    memcpy(room, nonce.ptr, nonce.len);
    return (struct hf_span){room, nonce.len};
}

static struct hf_span url_of(const char *target)
{
    (void)snprintf(url_room, sizeof(url_room), BASE "%s", target);
    return hf_span_str(url_room);
}

static void send(const char *target, struct hf_span body)
{
    ask(&(struct hf_server_request){
        .method = HF_SERVER_POST,
        .target = hf_span_str(target),
        .content_type = HF_SPAN("application/jose+json"),
        .body = body,
    });
}

/* A request of the account, or of the bare key. */
static void post(const char *target, const char *payload)
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

static bool says(const char *text)
{
    return memmem(reply.body.ptr, reply.body.len, text, strlen(text)) != NULL;
}

static void is_refused(int status, const char *word)
{
    if (reply.status != status || !says(word))
        fail_msg("%d %.*s, wanted %d %s", reply.status, (int)reply.body.len,
                 reply.body.ptr, status, word);
    assert_span_equal(reply.content_type, HF_SPAN("application/problem+json"));
}

static void is_good(int status, const char *text)
{
    if (reply.status != status || !says(text))
        fail_msg("%d %.*s, wanted %d %s", reply.status, (int)reply.body.len,
                 reply.body.ptr, status, text);
}

static void make_account(void)
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

static const char *account_path(const char *rest)
{
    static char room[300];

    (void)snprintf(room, sizeof(room), "%s%s", account_url + strlen(BASE),
                   rest);
    return room;
}

/* The path of the first URL of this kind in the reply. */
static const char *path_in(const char *kind)
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

/* ---- requests as such (RFC 8555, section 6) ---- */

static void directory(void **state)
{
    (void)state;
    get("/directory");
    is_good(200, "\"newNonce\":\"" BASE "/new-nonce\"");
    assert_true(says("\"accountHashPrefix\":\"" BASE "/h/\"")); /* DIR-01 */
    assert_true(says("\"issuerDomainNames\":[\"ca.example\"]"));
    assert_true(says("\"caaIdentities\":[\"ca.example\"]"));
    assert_true(
        says("\"profiles\":{\"default\":\"47 days\",\"short\":\"6 days\"}"));
    assert_int_equal(field("Replay-Nonce").len, 0);
    get("/nothing");
    is_refused(404, "malformed");
    get("/new-order");
    is_refused(405, "malformed");
    assert_span_equal(field("Allow"), HF_SPAN("POST"));
    assert_int_equal(field("Replay-Nonce").len, 0);
    send("/directory", HF_SPAN("{}"));
    is_refused(405, "malformed");
}

static void wrong_requests(void **state)
{
    struct hf_span nonce;
    struct hf_buf body;
    struct hf_jws_header header = {.kid = HF_SPAN("")};

    (void)state;
    make_account();
    header.kid = hf_span_str(account_url);
    send("/new-order", HF_SPAN("not JSON"));
    is_refused(400, "malformed");
    assert_int_equal(field("Replay-Nonce").len, 32);
    ask(&(struct hf_server_request){.method = HF_SERVER_POST,
                                    .target = HF_SPAN("/new-order"),
                                    .content_type = HF_SPAN("text/plain")});
    is_refused(415, "malformed");

    hf_buf_init_grow(&body, HF_JWS_BODY_MAX);
    /* A nonce that was used, one that was made up, and none. */
    header.url = url_of(account_path(""));
    header.nonce = nonce = fresh_nonce();
    assert_int_equal(hf_jws_sign(&signer, &header, HF_SPAN(""), &body, NULL),
                     HF_OK);
    send(account_path(""), hf_buf_span(&body));
    is_good(200, "\"status\":\"valid\"");
    send(account_path(""), hf_buf_span(&body));
    is_refused(400, "badNonce");
    header.nonce = HF_SPAN("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
    hf_buf_reset(&body);
    (void)hf_jws_sign(&signer, &header, HF_SPAN(""), &body, NULL);
    send(account_path(""), hf_buf_span(&body));
    is_refused(400, "badNonce");
    header.nonce = HF_SPAN("");
    hf_buf_reset(&body);
    (void)hf_jws_sign(&signer, &header, HF_SPAN(""), &body, NULL);
    send(account_path(""), hf_buf_span(&body));
    is_refused(400, "badNonce");

    /* Signed for another URL; by an account that is none; with another key. */
    header.nonce = fresh_nonce();
    header.url = HF_SPAN("https://ca.example/acct/1");
    hf_buf_reset(&body);
    (void)hf_jws_sign(&signer, &header, HF_SPAN(""), &body, NULL);
    send(account_path(""), hf_buf_span(&body));
    is_refused(403, "unauthorized");
    header.nonce = fresh_nonce();
    header.url = url_of(account_path(""));
    header.kid = HF_SPAN(BASE "/acct/17");
    hf_buf_reset(&body);
    (void)hf_jws_sign(&signer, &header, HF_SPAN(""), &body, NULL);
    send(account_path(""), hf_buf_span(&body));
    is_refused(400, "accountDoesNotExist");
    new_signer();
    post(account_path(""), "");
    is_refused(400, "malformed");
    hf_buf_clear(&body);
}

/* Two that serve from one store. */
static struct hf_engine *use_another(int64_t keeper)
{
    struct hf_engine *was = engine;

    engine = new_engine(keeper);
    hf_engine_share_nonces(was, true);
    hf_engine_share_nonces(engine, true);
    return was;
}

static void use_again(struct hf_engine *first)
{
    hf_engine_free(engine);
    engine = first;
}

/* Section 6.5: a nonce is good at either, once; also when its request was
 * refused, whatever for. */
static void nonces_of_several(void **state)
{
    struct hf_buf body;
    struct hf_jws_header header = {.kid = HF_SPAN("")};
    struct hf_engine *first = engine;
    struct hf_engine *second;
    static const struct {
        const char *target;
        const char *url;
        const char *payload;
        int status;
    } cases[] = {
        {"/key-change", "/new-order", "", 403},
        {"/new-order", "/new-order", "[]", 400},
        {"/new-order", "/new-order", "{}", 400},
        {"/new-account", "/new-account", "{}", 400},
        {"/acct/17/orders", "/acct/17/orders", "", 403},
    };

    (void)state;
    make_account();
    (void)use_another(2);
    second = engine;
    header.kid = hf_span_str(account_url);
    hf_buf_init_grow(&body, HF_JWS_BODY_MAX);
    for (size_t i = 0; i < 2 * sizeof(cases) / sizeof(cases[0]); i++) {
        struct hf_engine *maker = i % 2 == 0 ? first : second;
        struct hf_engine *other = i % 2 == 0 ? second : first;

        engine = maker;
        header.nonce = fresh_nonce();
        header.url = url_of(cases[i / 2].url);
        hf_buf_reset(&body);
        (void)hf_jws_sign(&signer, &header, hf_span_str(cases[i / 2].payload),
                          &body, NULL);
        engine = other;
        send(cases[i / 2].target, hf_buf_span(&body));
        assert_int_equal(reply.status, cases[i / 2].status);
        assert_false(says("badNonce"));
        send(cases[i / 2].target, hf_buf_span(&body));
        is_refused(400, "badNonce");
        engine = maker;
        send(cases[i / 2].target, hf_buf_span(&body));
        is_refused(400, "badNonce");
    }
    engine = second;
    use_again(first);
    hf_buf_clear(&body);
}

static void algorithms(void **state)
{
    (void)state;
    make_account();
    send("/new-order",
         HF_SPAN("{\"protected\":\"eyJhbGciOiJIUzI1NiIsImtpZCI6ImsiLCJ1cmwiOiJ1"
                 "In0\",\"payload\":\"\",\"signature\":\"AAAA\"}"));
    is_refused(400, "badSignatureAlgorithm");
    assert_true(says("\"algorithms\":[\"ES256\""));
}

/* ---- accounts (section 7.3) ---- */

static void accounts(void **state)
{
    char twin[300];

    (void)state;
    post("/new-account", "{\"onlyReturnExisting\":true}");
    is_refused(400, "accountDoesNotExist");
    make_account();
    is_good(201, "mailto:a@example.com");
    post(account_path(""), "{\"contact\":[]}");
    is_good(200, "\"contact\":[]");
    post(account_path(""), "{\"contact\":[\"tel:1\"]}");
    is_refused(400, "unsupportedContact");
    post(account_path(""), "{\"contact\":[\"mailto:a@b?c=d\"]}");
    is_refused(400, "invalidContact");
    post(account_path(""), "{\"status\":\"revoked\"}");
    is_refused(400, "malformed");
    post("/acct/17", "");
    is_refused(403, "unauthorized");
    /* A number has one spelling, and an end. */
    (void)snprintf(twin, sizeof(twin), "/acct/0%s",
                   account_url + strlen(BASE "/acct/"));
    post(twin, "");
    is_refused(404, "malformed");
    post("/acct/9223372036854775808", "");
    is_refused(404, "malformed");
    post(account_path("/orders"), "");
    is_good(200, "{\"orders\":[]}");
    account_url[0] = '\0';
    post("/new-account", "{}");
    is_good(200, "\"status\":\"valid\""); /* the same key, the same account */
}

/* REQ ACCT-03, ACCT-04: it ends everything at once. */
static void deactivation(void **state)
{
    (void)state;
    make_account();
    post(
        "/new-order",
        "{\"identifiers\":[{\"type\":\"dns\",\"value\":\"www.example.com\"}]}");
    is_good(201, "pending");
    post(account_path(""), "{\"status\":\"deactivated\"}");
    is_good(200, "\"status\":\"deactivated\"");
    post(account_path(""), "");
    is_refused(403, "unauthorized");
    account_url[0] = '\0';
    post("/new-account", "{}");
    is_refused(403, "unauthorized");
}

static void terms(void **state)
{
    (void)state;
    settings.terms = HF_SPAN("https://ca.example/terms");
    post("/new-account", "{}");
    is_refused(403, "userActionRequired");
    make_account();
}

/* RFC 7517, A.1, in the form of RFC 7638 */
#define OTHER_JWK                                                              \
    "{\"crv\":\"P-256\",\"kty\":\"EC\","                                       \
    "\"x\":\"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4\","                   \
    "\"y\":\"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM\"}"

/* An account with a binding of this key, made with that of the CA. */
static void bind_with(const struct hf_eab *eab, struct hf_span jwk)
{
    struct hf_buf payload;

    hf_buf_init_grow(&payload, HF_JWS_BODY_MAX);
    hf_buf_puts(&payload, "{\"externalAccountBinding\":");
    assert_int_equal(
        hf_jws_bind(eab, HF_SPAN(BASE "/new-account"), jwk, &payload, NULL),
        HF_OK);
    hf_buf_putc(&payload, '}');
    hf_buf_putc(&payload, '\0');
    post("/new-account", payload.ptr);
    hf_buf_clear(&payload);
}

static void external_accounts(void **state)
{
    const struct hf_eab eab = {HF_HS256, HF_SPAN("a MAC key of the CA"),
                               HF_SPAN("kid-1")};
    const struct hf_eab guessed = {HF_HS256, HF_SPAN("a MAC key of a guess"),
                                   HF_SPAN("kid-1")};

    (void)state;
    settings.eab_required = true;
    post("/new-account", "{}");
    is_refused(403, "externalAccountRequired");
    assert_int_equal(
        hf_store_run(store, HF_CA_EAB_ADD,
                     HF_VALUES(hf_store_text(eab.kid), hf_store_blob(eab.key),
                               hf_store_number(NOW)),
                     NULL),
        HF_OK);
    bind_with(&guessed, hf_signer_jwk(&signer));
    is_refused(403, "unauthorized");
    bind_with(&eab, HF_SPAN(OTHER_JWK));
    is_refused(400, "malformed");
    bind_with(&eab, hf_signer_jwk(&signer));
    is_good(201, "\"status\":\"valid\"");
    new_signer();
    bind_with(&eab, hf_signer_jwk(&signer)); /* used up */
    is_refused(403, "unauthorized");
}

/* REQ ACCT-05, ACCT-11. */
static void key_change(void **state)
{
    struct hf_private_key *old_key = private_key;
    struct hf_signer old_signer = signer;
    struct hf_buf inner;

    (void)state;
    make_account();
    private_key = NULL;
    signer = (struct hf_signer){0};
    new_signer();
    hf_buf_init_grow(&inner, HF_JWS_BODY_MAX);
    assert_int_equal(hf_jws_key_change(&signer, HF_SPAN(BASE "/key-change"),
                                       hf_span_str(account_url),
                                       hf_signer_jwk(&old_signer), &inner,
                                       NULL),
                     HF_OK);
    hf_buf_putc(&inner, '\0');
    post("/key-change", inner.ptr); /* signed by the new key: not its account */
    is_refused(400, "malformed");
    {
        struct hf_signer new_one = signer;

        signer = old_signer;
        post("/key-change", inner.ptr);
        is_good(200, "\"status\":\"valid\"");
        post(account_path(""), "");
        is_refused(400, "malformed");
        signer = new_one;
    }
    post(account_path(""), "");
    is_good(200, "\"status\":\"valid\"");
    hf_buf_clear(&inner);
    hf_signer_clear(&old_signer);
    hf_private_key_free(old_key);
}

/* Change the account's key to that of `to`, as an inner JWS says it. */
static void change_key(const struct hf_signer *to, const char *account,
                       struct hf_span old_jwk, bool spoilt)
{
    struct hf_buf inner;
    char *octet;

    hf_buf_init_grow(&inner, HF_JWS_BODY_MAX);
    assert_int_equal(hf_jws_key_change(to, HF_SPAN(BASE "/key-change"),
                                       hf_span_str(account), old_jwk, &inner,
                                       NULL),
                     HF_OK);
    octet = inner.ptr + inner.len - 20; /* of the signature */
    if (spoilt)
        *octet = *octet == 'A' ? 'B' : 'A';
    hf_buf_putc(&inner, '\0');
    post("/key-change", inner.ptr);
    hf_buf_clear(&inner);
}

/* RFC 8555 7.3.5: both keys agree, about this account. */
static void key_change_refused(void **state)
{
    struct hf_private_key *other_key = NULL;
    struct hf_signer other = {0};
    char other_url[256];

    (void)state;
    make_account();
    memcpy(other_url, account_url, sizeof(other_url));
    other = signer;
    other_key = private_key;
    signer = (struct hf_signer){0};
    private_key = NULL;
    new_signer();
    make_account();
    change_key(&other, account_url, hf_signer_jwk(&signer), false);
    is_refused(409, "has the new key already");
    change_key(&other, other_url, hf_signer_jwk(&signer), false);
    is_refused(400, "malformed");
    change_key(&other, account_url, hf_signer_jwk(&other), false);
    is_refused(400, "malformed");
    change_key(&other, account_url, hf_signer_jwk(&signer), true);
    is_refused(400, "not signed by the new key");
    post(account_path(""), "");
    is_good(200, "\"status\":\"valid\"");
    hf_signer_clear(&other);
    hf_private_key_free(other_key);
}

/* ---- orders (section 7.4) ---- */

static void identifiers(void **state)
{
    static const struct {
        const char *identifiers;
        const char *word;
    } cases[] = {
        {"", "malformed"},
        {"{}", "malformed"},
        {"{\"type\":\"dns\"}", "malformed"},
        {"{\"type\":\"mail\",\"value\":\"a@b\"}", "unsupportedIdentifier"},
        {"{\"type\":\"dns\",\"value\":\"a_b.example.com\"}", "malformed"},
        {"{\"type\":\"dns\",\"value\":\"www.example.com.\"}", "malformed"},
        {"{\"type\":\"dns\",\"value\":\"www.*.com\"}", "malformed"},
        {"{\"type\":\"dns\",\"value\":\"*.*.example.com\"}", "malformed"},
        {"{\"type\":\"dns\",\"value\":\"192.0.2.1\"}", "malformed"},
        {"{\"type\":\"dns\",\"value\":\"com\"}", "rejectedIdentifier"},
        {"{\"type\":\"dns\",\"value\":\"*.co.uk\"}", "rejectedIdentifier"},
        {"{\"type\":\"dns\",\"value\":\"db.internal\"}", "rejectedIdentifier"},
        {"{\"type\":\"dns\",\"value\":\"1.2.0.192.in-addr.arpa\"}",
         "rejectedIdentifier"},
        {"{\"type\":\"ip\",\"value\":\"10.0.0.1\"}", "rejectedIdentifier"},
        {"{\"type\":\"ip\",\"value\":\"10.0.0.x\"}", "malformed"},
    };
    char payload[512];

    (void)state;
    make_account();
    settings.names_max = 3;
    post("/new-order", "{\"identifiers\":[" WWW "," MAIL "," WWW "]}");
    is_good(201, "pending");
    post("/new-order", "{\"identifiers\":[" WWW "," MAIL "," WWW "," WWW "]}");
    is_refused(400, "too many");
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        (void)snprintf(payload, sizeof(payload), "{\"identifiers\":[%s]}",
                       cases[i].identifiers);
        post("/new-order", payload);
        if (reply.status < 400 || !says(cases[i].word))
            fail_msg("%s: %d %.*s", cases[i].identifiers, reply.status,
                     (int)reply.body.len, reply.body.ptr);
    }
    /* Each that is not good is told (section 6.7.1). */
    post("/new-order", "{\"identifiers\":[{\"type\":\"dns\",\"value\":\"com\"},"
                       "{\"type\":\"dns\",\"value\":\"www.example.com\"},"
                       "{\"type\":\"dns\",\"value\":\"*.net\"}]}");
    is_refused(403, "\"value\":\"com\"");
    assert_true(says("\"value\":\"*.net\""));
    assert_false(says("www.example.com"));
    settings.internal_names = true;
    post("/new-order",
         "{\"identifiers\":[{\"type\":\"dns\",\"value\":\"db.internal\"},"
         "{\"type\":\"ip\",\"value\":\"10.0.0.1\"}]}");
    is_good(201, "db.internal");
}

/* What the certificate of the issuing CA does not permit is told before any of
 * it is looked at. */
static void constraints(void **state)
{
    settings.constraints.permitted = HF_SPAN("\x30\x0d\x82\x0b"
                                             "example.com");
    settings.constraints.excluded = HF_SPAN("\x30\x10\x82\x0e"
                                            "db.example.com"
                                            "\x30\x0a\x87\x08"
                                            "\0\0\0\0\0\0\0\0");
    (void)state;
    make_account();
    post("/new-order",
         "{\"identifiers\":[{\"type\":\"dns\",\"value\":\"www.example.net\"},"
         "{\"type\":\"dns\",\"value\":\"www.example.com\"},"
         "{\"type\":\"dns\",\"value\":\"*.example.com\"},"
         "{\"type\":\"ip\",\"value\":\"192.0.2.1\"}]}");
    is_refused(403, "rejectedIdentifier");
    assert_true(says("permits nothing but example.com (name constraints, "
                     "RFC 5280 4.2.1.10)\",\"identifier\":{\"type\":\"dns\","
                     "\"value\":\"www.example.net\"}"));
    assert_true(says("excludes db.example.com (name constraints, RFC 5280 "
                     "4.2.1.10)\",\"identifier\":{\"type\":\"dns\","
                     "\"value\":\"*.example.com\"}"));
    assert_true(says("excludes 0.0.0.0/0 (name constraints, RFC 5280 4.2.1.10)"
                     "\",\"identifier\":{\"type\":\"ip\","
                     "\"value\":\"192.0.2.1\"}"));
    assert_false(says("www.example.com"));
    post("/new-authz", "{\"identifier\":{\"type\":\"dns\","
                       "\"value\":\"www.example.net\"}}");
    is_refused(403, "permits nothing but example.com");
    post(
        "/new-order",
        "{\"identifiers\":[{\"type\":\"dns\",\"value\":\"www.example.com\"}]}");
    is_good(201, "www.example.com");
}

static void orders(void **state)
{
    char authz[200];

    (void)state;
    make_account();
    post("/new-order",
         "{\"identifiers\":[{\"type\":\"dns\",\"value\":\"WWW.Example.com\"},"
         "{\"type\":\"dns\",\"value\":\"www.example.com\"}],"
         "\"profile\":\"short\"}");
    is_good(201, "\"identifiers\":[{\"type\":\"dns\","
                 "\"value\":\"www.example.com\"}]");
    assert_true(says("\"profile\":\"short\""));
    assert_true(says("\"status\":\"pending\""));
    (void)snprintf(authz, sizeof(authz), "%s", path_in("authz"));
    post(path_in("order"), "{\"csr\":\"AAAA\"}");
    is_refused(403, "orderNotReady");
    post(authz, "");
    is_good(200, "\"type\":\"dns-persist-01\"");
    assert_true(says("\"issuer-domain-names\":[\"ca.example\"]")); /* 3.4 */
    assert_true(says("\"issuerDomainNames\":[\"ca.example\"]"));
    assert_true(says("\"accounturi\":\"" BASE "/h/sha-256/"));
    assert_true(says("\"type\":\"http-01\""));
    assert_true(says("\"type\":\"tls-alpn-01\""));
    post("/new-order", "{\"identifiers\":[{\"type\":\"dns\","
                       "\"value\":\"www.example.com\"}],\"profile\":\"long\"}");
    is_refused(400, "invalidProfile");
    post(account_path("/orders"), "");
    is_good(200, BASE "/order/");
    /* Another account sees nothing of it. */
    new_signer();
    make_account();
    post(authz, "");
    is_refused(404, "malformed");
}

static void wildcards_and_addresses(void **state)
{
    (void)state;
    make_account();
    post("/new-order",
         "{\"identifiers\":[{\"type\":\"dns\",\"value\":\"*.example.com\"}]}");
    is_good(201, "\"value\":\"*.example.com\"");
    post(path_in("authz"), "");
    is_good(200, "\"wildcard\":true");
    assert_true(says("\"value\":\"example.com\""));
    assert_false(says("http-01"));
    assert_false(says("tls-alpn-01"));
    assert_true(says("dns-01"));
    post("/new-order",
         "{\"identifiers\":[{\"type\":\"ip\",\"value\":\"192.88.100.1\"}]}");
    is_good(201, "192.88.100.1");
    post(path_in("authz"), "");
    is_good(200, "http-01");
    assert_false(says("dns-persist-01")); /* CHAL-12 */
    assert_false(says("dns-01"));
}

/* ---- a challenge, and what the validator finds ---- */

static struct hf_job job_of_call(enum hf_job_kind kind)
{
    assert_int_equal(call.job_count, 1);
    assert_int_equal(call.jobs[0].kind, kind);
    return call.jobs[0];
}

static void found(const struct hf_job *job,
                  const struct hf_validation_result *result)
{
    struct hf_ca_call own;
    struct hf_task task = {.kind = HF_TASK_VALIDATED,
                           .call = &own,
                           .job = *job,
                           .result = *result};
    size_t failed;

    hf_engine_begin(engine, NOW, &own);
    hf_tasks_run(&task, 1, store, NOW, &failed);
    assert_int_equal(failed, 0);
    hf_ca_call_clear(&own);
}

static const struct hf_validation_result good = {
    .valid = true,
    .reason = "ok",
    .account_uri = HF_SPAN_INIT(BASE "/h/sha-256/x"),
    .form = HF_FORM_HASHED,
    .until_at = INT64_MAX,
    .expires_at = NOW + 864000,
    .caa_expires_at = NOW + 28800,
    .evidence = HF_SPAN_INIT("{}"),
};

static void try_challenge(const char *type)
{
    char target[300];

    post(
        "/new-order",
        "{\"identifiers\":[{\"type\":\"dns\",\"value\":\"www.example.com\"}]}");
    is_good(201, "pending");
    (void)snprintf(target, sizeof(target), "/chall/%s/%s",
                   path_in("authz") + strlen("/authz/"), type);
    post(target, "{}");
}

/* The job of a challenge of this type for www.example.com. */
static struct hf_job start_challenge(const char *type)
{
    try_challenge(type);
    is_good(200, "\"status\":\"processing\"");
    assert_true(field("Retry-After").len > 0);
    return job_of_call(HF_JOB_CHALLENGE);
}

/* Section 5, Q1 of our answers: what a client says of the name at which it has
 * its record, in words that nobody has agreed upon, is passed over. */
static void unknown_words(void **state)
{
    char target[300];

    (void)state;
    make_account();
    post("/new-order",
         "{\"identifiers\":[{\"type\":\"dns\",\"value\":\"www.example.com\","
         "\"adn\":\"example.com\"}],\"adn\":7}");
    is_good(201, "pending");
    (void)snprintf(target, sizeof(target), "/chall/%s/dns-persist-01",
                   path_in("authz") + strlen("/authz/"));
    post(target, "{\"adn\":\"example.com\",\"more\":[{}]}");
    is_good(200, "\"status\":\"processing\"");
    assert_int_equal(job_of_call(HF_JOB_CHALLENGE).kind, HF_JOB_CHALLENGE);
}

static void validation(void **state)
{
    struct hf_validation_job asked;
    struct hf_job job;
    struct hf_ca_call own;
    char target[64];
    bool wanted;

    (void)state;
    make_account();
    job = start_challenge("dns-persist-01");
    hf_engine_begin(engine, NOW, &own);
    assert_int_equal(hf_store_begin(store, NULL), HF_OK);
    assert_true(hf_outcome_ask(&own, &job, &asked, &wanted));
    hf_store_undo(store);
    assert_true(wanted);
    assert_int_equal(asked.way, HF_WAY_DNS_PERSIST);
    assert_span_equal(asked.name, HF_SPAN("www.example.com"));
    assert_span_equal(asked.account->url, hf_span_str(account_url));
    assert_int_equal(asked.account->key_count, 1);
    assert_span_equal(asked.account->keys[0].thumbprint,
                      hf_signer_thumbprint(&signer));
    hf_ca_call_clear(&own);

    found(&job, &good);
    (void)snprintf(target, sizeof(target), "/authz/%lld", (long long)job.id);
    post(target, "");
    is_good(200, "\"status\":\"valid\"");
    assert_true(says("\"validated\":"));
    assert_false(says("http-01")); /* only the one that was tried is left */

    /* Another order takes it over, and is ready at once (REQ REUSE-02). */
    post(
        "/new-order",
        "{\"identifiers\":[{\"type\":\"dns\",\"value\":\"www.example.com\"}]}");
    is_good(201, "\"status\":\"ready\"");
    /* ... until its client gives it back (section 7.5.2). */
    post(target, "{\"status\":\"deactivated\"}");
    is_good(200, "\"status\":\"deactivated\"");
    post(
        "/new-order",
        "{\"identifiers\":[{\"type\":\"dns\",\"value\":\"www.example.com\"}]}");
    is_good(201, "\"status\":\"pending\"");
}

/* Who comes late finds that another took its job up. */
static void validation_of_another(void **state)
{
    struct hf_engine *first;
    struct hf_job job;
    char target[64];

    (void)state;
    make_account();
    job = start_challenge("dns-persist-01");
    first = use_another(2);
    found(&job, &good);
    (void)snprintf(target, sizeof(target), "/authz/%lld", (long long)job.id);
    post(target, "");
    is_good(200, "\"status\":\"pending\""); /* it is processing */
    use_again(first);
    found(&job, &good);
    post(target, "");
    is_good(200, "\"status\":\"valid\"");
}

static void failed_validation(void **state)
{
    const struct hf_validation_result bad = {
        .problem = "unauthorized",
        .reason = "account-mismatch",
        .detail = HF_SPAN("no record is for this account"),
        .faults = {{"unauthorized", "account-mismatch",
                    HF_SPAN("a record of another account")}},
        .fault_count = 1,
        .evidence = HF_SPAN("{}"),
    };
    struct hf_job job;
    char target[64];

    (void)state;
    make_account();
    job = start_challenge("dns-persist-01");
    found(&job, &bad);
    (void)snprintf(target, sizeof(target), "/authz/%lld", (long long)job.id);
    post(target, "");
    is_good(200, "\"status\":\"invalid\"");
    assert_true(says("\"reason\":\"account-mismatch\"")); /* REQ ERR-07 */
    assert_true(says("error:unauthorized"));
}

/* REQ JIT-01..05: only after a success, and nothing found is no error. */
static void just_in_time(void **state)
{
    const struct hf_validation_result none = {.problem = "unauthorized",
                                              .reason = "no-record",
                                              .evidence = HF_SPAN("{}")};
    struct hf_job job;

    (void)state;
    settings.just_in_time = true;
    settings.reuses = false;
    make_account();
    job = start_challenge("dns-persist-01");
    found(&job, &good);
    post("/new-order",
         "{\"identifiers\":[{\"type\":\"dns\",\"value\":\"b.example.com\"}]}");
    is_good(201, "pending");
    job = job_of_call(HF_JOB_LOOK);
    found(&job, &none);
    hf_engine_show(&call, NOW);
    assert_int_equal(hf_engine_reply(&call, &reply, NULL), HF_OK);
    is_good(201, "\"status\":\"pending\"");
    found(&job, &good);
    hf_engine_show(&call, NOW);
    assert_int_equal(hf_engine_reply(&call, &reply, NULL), HF_OK);
    is_good(201, "\"status\":\"ready\"");
}

/* REQ VAL-28, JIT-04: those who serve from the same tables count together. */
static void limits_of_several(void **state)
{
    const struct hf_validation_result bad = {.problem = "unauthorized",
                                             .reason = "no-record",
                                             .evidence = HF_SPAN("{}")};
    struct hf_engine *engines[3] = {engine};
    struct hf_job job;

    (void)state;
    settings.failures_an_hour = 2;
    settings.looks_an_hour = 2;
    settings.just_in_time = true;
    settings.reuses = false;
    for (int i = 1; i < 3; i++) {
        (void)use_another(i + 1);
        engines[i] = engine;
    }
    make_account();
    for (int i = 1; i < 3; i++) {
        engine = engines[i];
        job = start_challenge("dns-persist-01");
        found(&job, &bad);
    }
    for (int i = 1; i < 3; i++) {
        engine = engines[i];
        try_challenge("dns-persist-01");
        is_refused(429, "rateLimited");
        assert_true(field("Retry-After").len > 0);
    }
    new_signer();
    make_account(); /* failures are each account's */
    job = start_challenge("dns-persist-01");
    found(&job, &good);
    for (int i = 1; i <= 3; i++) {
        engine = engines[1 + i % 2];
        post("/new-order", "{\"identifiers\":[{\"type\":\"dns\","
                           "\"value\":\"b.example.com\"}]}");
        is_good(201, "pending");
        assert_int_equal(call.job_count, i <= 2);
    }
    for (int i = 2; i > 0; i--) {
        engine = engines[i];
        use_again(engines[i - 1]);
    }
}

/* REQ ACCT-04: an account that ends while it is looked at gets nothing. */
static void deactivated_in_flight(void **state)
{
    struct hf_validation_job asked;
    struct hf_job job;
    struct hf_ca_call own;
    bool wanted;

    (void)state;
    make_account();
    job = start_challenge("dns-persist-01");
    post(account_path(""), "{\"status\":\"deactivated\"}");
    is_good(200, "deactivated");
    found(&job, &good);
    hf_engine_begin(engine, NOW, &own);
    assert_int_equal(hf_store_begin(store, NULL), HF_OK);
    assert_true(hf_outcome_ask(&own, &job, &asked, &wanted));
    hf_store_undo(store);
    assert_false(wanted);
    hf_ca_call_clear(&own);
}

/* ---- finalize, and what the issuer makes (sections 7.4, 7.4.2, 7.6) ---- */

/* A certificate as far as anybody looks into it here. */
static const char der[] = "\x30\x0b\x30\x09\xa0\x03\x02\x01\x02\x02\x02"
                          "\x12\x34";
#define DER_SPAN                                                               \
    (struct hf_span)                                                           \
    {                                                                          \
        der, sizeof(der) - 1                                                   \
    }
/* RFC 9773 4.1: the issuer's key identifier and the serial number. */
#define CERT_ID "MTIzNDU2Nzg5MDEyMzQ1Njc4OTA.EjQ"

/* For both names, or the first one if there is no other. */
static void make_wish_of(const struct hf_private_key *key, const char *name,
                         const char *other, bool must_staple, char *out,
                         size_t size)
{
    struct hf_span dns[] = {hf_span_str(name), hf_span_str(other)};
    struct hf_csr_names names = {.dns = dns,
                                 .dns_count = other == NULL ? 1 : 2};
    struct hf_buf octets;

    hf_buf_init_grow(&octets, 8192);
    assert_int_equal(hf_csr_make(key, &names, must_staple, &octets, NULL),
                     HF_OK);
    assert_true(HF_BASE64URL_LEN(octets.len) + 12 < size);
    memcpy(out, "{\"csr\":\"", 8);
    hf_base64url(hf_buf_span(&octets), out + 8);
    memcpy(out + 8 + HF_BASE64URL_LEN(octets.len), "\"}", 3);
    hf_buf_clear(&octets);
}

static void make_wish(enum hf_key_kind kind, const char *name, bool must_staple,
                      char *out, size_t size)
{
    struct hf_private_key *key;

    assert_int_equal(hf_private_key_generate(kind, &key, NULL), HF_OK);
    make_wish_of(key, name, NULL, must_staple, out, size);
    hf_private_key_free(key);
}

static void make_csr(enum hf_key_kind kind, const char *name, char *out,
                     size_t size)
{
    make_wish(kind, name, false, out, size);
}

/* For www and mail. */
static void make_two(char *out, size_t size)
{
    struct hf_private_key *key;

    assert_int_equal(hf_private_key_generate(HF_KEY_P256, &key, NULL), HF_OK);
    make_wish_of(key, "www.example.com", "mail.example.com", false, out, size);
    hf_private_key_free(key);
}

/* An order for www.example.com that is ready; its path. */
static const char *ready_order(void)
{
    struct hf_job job = start_challenge("dns-persist-01");

    found(&job, &good);
    post(
        "/new-order",
        "{\"identifiers\":[{\"type\":\"dns\",\"value\":\"www.example.com\"}]}");
    is_good(201, "\"status\":\"ready\"");
    return path_in("order");
}

static void issued(const struct hf_job *job,
                   const struct hf_issuer_order *asked)
{
    struct hf_ca_call own;
    struct hf_task task = {
        .kind = HF_TASK_SIGNED,
        .call = &own,
        .job = *job,
        .asked = asked,
        .reply = {.kind = HF_ISSUER_ISSUED,
                  .der = DER_SPAN,
                  .serial = HF_SPAN("1234"),
                  .shard = 3,
                  .entry = 1,
                  .hash = HF_SPAN("12345678901234567890123456789012")},
    };
    size_t failed;

    hf_engine_begin(engine, NOW, &own);
    hf_tasks_run(&task, 1, store, NOW, &failed);
    assert_int_equal(failed, 0);
    hf_ca_call_clear(&own);
}

/* Finalized, and signed; the reply is the order. */
static void issue(const char *order)
{
    char csr[4096];

    make_csr(HF_KEY_P256, "www.example.com", csr, sizeof(csr));
    post(order, csr);
    is_good(200, "\"status\":\"processing\"");
    {
        struct hf_job job = job_of_call(HF_JOB_SIGN);

        assert_int_equal(call.signing->name_count, 1);
        assert_span_equal(call.signing->names[0].value,
                          HF_SPAN("www.example.com"));
        assert_int_equal(call.signing->not_before_at, NOW - 3600);
        assert_int_equal(call.signing->not_after_at,
                         NOW - 3600 + 47 * 86400 - 1);
        issued(&job, call.signing);
    }
    hf_engine_show(&call, NOW);
    assert_int_equal(hf_engine_reply(&call, &reply, NULL), HF_OK);
}

static void finalize(void **state)
{
    char csr[4096];
    const char *order;

    (void)state;
    make_account();
    order = ready_order();
    post(order, "{}");
    is_refused(400, "badCSR");
    make_csr(HF_KEY_P256, "other.example.com", csr, sizeof(csr));
    post(order, csr);
    is_refused(400, "badCSR");
    make_wish_of(private_key, "www.example.com", NULL, false, csr, sizeof(csr));
    post(order, csr);
    is_refused(400, "RFC 8555 11.1");
    make_two(csr, sizeof(csr));
    post(order, csr);
    is_refused(400, "exactly the names");
    post(order, "{\"csr\":\"AAAA\"}");
    is_refused(400, "badCSR");
    make_wish(HF_KEY_P256, "www.example.com", true, csr, sizeof(csr));
    post(order, csr);
    is_refused(400, "RFC 7633");
    /* Public CAs certify none; the order stays ready all the same. */
    make_csr(HF_KEY_ED25519, "www.example.com", csr, sizeof(csr));
    post(order, csr);
    is_refused(400, "badCSR");
    issue(order);
    is_good(200, "\"status\":\"valid\"");
    assert_true(says("\"certificate\":\"" BASE "/cert/1234\""));
    post("/cert/1234", "");
    is_good(200, "-----BEGIN CERTIFICATE-----\nMAswCaADAgECAgISNA==\n"
                 "-----END CERTIFICATE-----\n-- the issuer --\n");
    assert_span_equal(reply.content_type,
                      HF_SPAN("application/pem-certificate-chain"));
    post("/cert/1234/1", "");
    is_refused(404, "malformed");
    get("/renewal-info/" CERT_ID);
    is_good(200, "\"suggestedWindow\":{\"start\":");
    assert_true(field("Retry-After").len > 0);
    get("/renewal-info/MTIzNDU2Nzg5MDEyMzQ1Njc4OTA.EjU");
    is_refused(404, "malformed");
}

/* RFC 9773, section 5. */
static void replaces(void **state)
{
    static const char payload[] =
        "{\"identifiers\":[{\"type\":\"dns\",\"value\":\"www.example.com\"}],"
        "\"replaces\":\"" CERT_ID "\"}";

    (void)state;
    make_account();
    issue(ready_order());
    post("/new-order", payload);
    is_good(201, "\"status\":\"ready\"");
    post("/new-order", payload);
    is_refused(409, "alreadyReplaced");
    new_signer();
    make_account();
    post("/new-order", payload);
    is_refused(403, "unauthorized");
    /* What is refused late leaves nothing behind. */
    post(account_path("/orders"), "");
    is_good(200, "{\"orders\":[]}");
}

static void revocation(void **state)
{
    (void)state;
    make_account();
    issue(ready_order());
    post("/revoke-cert", "{\"certificate\":\"MAswCaADAgECAgISNQ\"}");
    is_refused(404, "malformed");
    /* The same number, and not what we signed. */
    post("/revoke-cert", "{\"certificate\":\"MAswCaADAgEBAgISNA\"}");
    is_refused(404, "malformed");
    post("/revoke-cert",
         "{\"certificate\":\"MAswCaADAgECAgISNA\",\"reason\":6}");
    is_refused(400, "badRevocationReason");
    new_signer();
    {
        char owner[256];

        memcpy(owner, account_url, sizeof(owner));
        make_account();
        post("/revoke-cert", "{\"certificate\":\"MAswCaADAgECAgISNA\"}");
        is_refused(403, "unauthorized");
        /* It controls the names now (section 7.6). */
        (void)ready_order();
        post("/revoke-cert",
             "{\"certificate\":\"MAswCaADAgECAgISNA\",\"reason\":4}");
        assert_int_equal(reply.status, 200);
    }
    post("/revoke-cert", "{\"certificate\":\"MAswCaADAgECAgISNA\"}");
    is_refused(400, "alreadyRevoked");
}

#define REVOKE_COMPROMISED                                                     \
    "{\"certificate\":\"MAswCaADAgECAgISNA\",\"reason\":1}"

/* REQ ACCT-15: a key that others know certifies nothing again, and is no
 * account's, whichever way it would become one. */
static void compromised(void **state)
{
    struct hf_private_key *known;
    struct hf_signer thief = {0};
    struct hf_signer owner = signer;
    struct hf_buf inner;
    char csr[4096];
    char owner_url[256];
    struct hf_job job;

    (void)state;
    assert_int_equal(hf_private_key_generate(HF_KEY_P256, &known, NULL), HF_OK);
    assert_int_equal(hf_private_key_signer(known, &thief, NULL), HF_OK);
    make_wish_of(known, "www.example.com", NULL, false, csr, sizeof(csr));
    make_account();
    post(ready_order(), csr);
    job = job_of_call(HF_JOB_SIGN);
    issued(&job, call.signing);
    memcpy(owner_url, account_url, sizeof(owner_url));
    account_url[0] = '\0';
    post("/revoke-cert", REVOKE_COMPROMISED); /* by another key */
    is_refused(403, "unauthorized");
    signer = thief;
    post("/revoke-cert", REVOKE_COMPROMISED);
    assert_int_equal(reply.status, 200);
    signer = owner;
    memcpy(account_url, owner_url, sizeof(owner_url));

    post(
        "/new-order",
        "{\"identifiers\":[{\"type\":\"dns\",\"value\":\"www.example.com\"}]}");
    is_good(201, "\"status\":\"ready\"");
    post(path_in("order"), csr);
    is_refused(400, "badCSR");
    assert_true(says("compromised"));

    hf_buf_init_grow(&inner, HF_JWS_BODY_MAX);
    assert_int_equal(hf_jws_key_change(&thief, HF_SPAN(BASE "/key-change"),
                                       hf_span_str(account_url),
                                       hf_signer_jwk(&owner), &inner, NULL),
                     HF_OK);
    hf_buf_putc(&inner, '\0');
    post("/key-change", inner.ptr);
    is_refused(400, "badPublicKey");
    hf_buf_clear(&inner);

    account_url[0] = '\0';
    signer = thief;
    post("/new-account", "{}");
    is_refused(400, "badPublicKey");
    signer = owner;
    memcpy(account_url, owner_url, sizeof(owner_url));
    post(account_path(""), "");
    is_good(200, "\"status\":\"valid\"");
    hf_signer_clear(&thief);
    hf_private_key_free(known);
}

/* The nth authorization of the order in the reply becomes valid. */
static void authorize(size_t nth)
{
    const char *at = reply.body.ptr;
    struct hf_job job = {.kind = HF_JOB_LOOK};

    for (size_t i = 0; i <= nth; i++) {
        at = memmem(at, (size_t)(reply.body.ptr + reply.body.len - at),
                    "/authz/", 7);
        assert_non_null(at);
        at += 7;
    }
    job.id = strtoll(at, NULL, 10);
    found(&job, &good);
}

static void order_names(const char *identifiers, size_t count)
{
    char payload[512];
    char order[300];

    (void)snprintf(payload, sizeof(payload), "{\"identifiers\":[%s]}",
                   identifiers);
    post("/new-order", payload);
    assert_int_equal(reply.status, 201);
    (void)snprintf(order, sizeof(order), "%s",
                   field("Location").ptr + strlen(BASE));
    for (size_t i = 0; i < count; i++) {
        post(order, "");
        authorize(i);
    }
    post(order, "");
    is_good(200, "\"status\":\"ready\"");
}

/* RFC 8555 7.6: whoever controls all of its names may, not one of them. */
static void revocation_by_names(void **state)
{
    char csr[4096];
    struct hf_job job;

    (void)state;
    make_account();
    order_names(WWW "," MAIL, 2);
    make_two(csr, sizeof(csr));
    post(path_in("order"), csr);
    is_good(200, "\"status\":\"processing\"");
    job = job_of_call(HF_JOB_SIGN);
    issued(&job, call.signing);
    new_signer();
    make_account();
    order_names(WWW, 1);
    post("/revoke-cert", "{\"certificate\":\"MAswCaADAgECAgISNA\"}");
    is_refused(403, "unauthorized");
    order_names(MAIL, 1);
    post("/revoke-cert", "{\"certificate\":\"MAswCaADAgECAgISNA\"}");
    assert_int_equal(reply.status, 200);
}

/* Nobody sees, or finishes, what another account has; and what accounts have
 * is for accounts. */
static void of_another(void **state)
{
    char finalize_path[300];
    char order[300];
    char csr[4096];

    (void)state;
    make_account();
    (void)snprintf(finalize_path, sizeof(finalize_path), "%s", ready_order());
    (void)snprintf(order, sizeof(order), "%s",
                   field("Location").ptr + strlen(BASE));
    make_csr(HF_KEY_P256, "www.example.com", csr, sizeof(csr));
    {
        struct hf_private_key *mine = private_key;
        struct hf_signer my_signer = signer;
        char my_url[256];

        memcpy(my_url, account_url, sizeof(my_url));
        private_key = NULL;
        signer = (struct hf_signer){0};
        new_signer();
        make_account();
        post(order, "");
        is_refused(404, "malformed");
        post(finalize_path, csr);
        is_refused(404, "malformed");
        hf_signer_clear(&signer);
        hf_private_key_free(private_key);
        private_key = mine;
        signer = my_signer;
        memcpy(account_url, my_url, sizeof(my_url));
    }
    issue(finalize_path);
    post("/cert/1234", "");
    is_good(200, "BEGIN CERTIFICATE");
    account_url[0] = '\0';
    post("/cert/1234", "");
    is_refused(400, "kid");
    post("/new-order", "{\"identifiers\":[" WWW "]}");
    is_refused(400, "kid");
    new_signer();
    make_account();
    post("/cert/1234", "");
    is_refused(404, "malformed");
}

static void is_revoked(const char *serial)
{
    struct hf_store_value shard[] = {hf_store_number(3), hf_store_number(NOW)};
    bool more;

    assert_int_equal(hf_store_start(store, HF_CA_CERT_REVOKED, shard, 2, NULL),
                     HF_OK);
    assert_int_equal(hf_store_next(store, HF_CA_CERT_REVOKED, &more, NULL),
                     HF_OK);
    assert_true(more);
    assert_span_equal(hf_store_get_text(store, HF_CA_CERT_REVOKED, 0),
                      hf_span_str(serial));
    hf_store_end(store, HF_CA_CERT_REVOKED);
}

/* REQ REUSE-09: who is deactivated while the issuer signs gets nothing, and
 * what was signed is revoked. */
static void deactivated_while_signing(void **state)
{
    char csr[4096];
    struct hf_job job;
    struct hf_issuer_order asked;

    (void)state;
    make_account();
    make_csr(HF_KEY_P256, "www.example.com", csr, sizeof(csr));
    post(ready_order(), csr);
    job = job_of_call(HF_JOB_SIGN);
    asked = *call.signing;
    post(account_path(""), "{\"status\":\"deactivated\"}");
    is_good(200, "deactivated");
    issued(&job, &asked);
    is_revoked("1234");
}

/* What was signed too late, for another has taken it up. */
static void signed_by_another(void **state)
{
    struct hf_engine *first;
    char csr[4096];
    char order[300];
    struct hf_job job;
    struct hf_issuer_order asked;

    (void)state;
    make_account();
    make_csr(HF_KEY_P256, "www.example.com", csr, sizeof(csr));
    (void)snprintf(order, sizeof(order), "%s", ready_order());
    post(order, csr);
    *strrchr(order, '/') = '\0'; /* without "/finalize" */
    job = job_of_call(HF_JOB_SIGN);
    asked = *call.signing;
    first = use_another(2);
    issued(&job, &asked);
    is_revoked("1234");
    post(order, "");
    is_good(200, "\"status\":\"processing\"");
    use_again(first);
}

/* Finalize an order whose validation came to this: the job that it waits for.
 */
static struct hf_job finalize_old(const struct hf_validation_result *old,
                                  enum hf_job_kind kind)
{
    char csr[4096];
    char target[300];
    struct hf_job job;

    new_signer();
    make_account();
    job = start_challenge("dns-persist-01");
    found(&job, old);
    make_csr(HF_KEY_P256, "www.example.com", csr, sizeof(csr));
    post(account_path("/orders"), "");
    post(path_in("order"), "");
    is_good(200, "\"status\":\"ready\"");
    (void)snprintf(target, sizeof(target), "%s/finalize",
                   field("Location").ptr + strlen(BASE));
    post(target, csr);
    is_good(200, "\"status\":\"ready\"");
    return job_of_call(kind);
}

/* The job is done; what becomes of the request. */
static void look_again(const struct hf_job *job,
                       const struct hf_validation_result *result)
{
    found(job, result);
    call.rounds++;
    hf_engine_show(&call, NOW);
    assert_int_equal(hf_engine_reply(&call, &reply, NULL), HF_OK);
}

/* REQ REUSE-06, REUSE-15, VAL-52: what is too old is looked at again first, and
 * not for ever. */
static void too_old(void **state)
{
    struct hf_validation_result old = good;
    struct hf_job job;

    (void)state;
    old.expires_at = NOW - 1; /* a TTL of no length */
    job = finalize_old(&old, HF_JOB_AGAIN);
    look_again(&job, &good);
    is_good(200, "\"status\":\"processing\"");
    job = finalize_old(&old, HF_JOB_AGAIN);
    look_again(&job, &old);
    is_good(200, "\"status\":\"ready\"");
    look_again(&job, &old);
    is_refused(403, "orderNotReady");

    old = good;
    old.caa_expires_at = NOW - 1;
    job = finalize_old(&old, HF_JOB_CAA);
    look_again(&job, &good);
    is_good(200, "\"status\":\"processing\"");
}

/* RFC 8555 7.1.6: who does not finish in time has to begin again. */
static void orders_end(void **state)
{
    char finalize_path[300];
    char order[300];
    char csr[4096];

    (void)state;
    make_account();
    (void)snprintf(finalize_path, sizeof(finalize_path), "%s", ready_order());
    (void)snprintf(order, sizeof(order), "%s",
                   field("Location").ptr + strlen(BASE));
    make_csr(HF_KEY_P256, "www.example.com", csr, sizeof(csr));
    now_at += settings.order_s;
    post(order, "");
    is_good(200, "\"status\":\"ready\"");
    now_at++;
    post(order, "");
    is_good(200, "\"status\":\"invalid\"");
    post(finalize_path, csr);
    is_refused(403, "orderNotReady");
}

/* REQ REUSE-14: what another method showed ends, and is not looked at again by
 * itself; what nobody tried in time is invalid. */
static void authorizations_end(void **state)
{
    struct hf_validation_result result = good;
    char authz[300];
    char open[300];
    struct hf_job job;

    (void)state;
    make_account();
    result.expires_at = NOW + 100;
    job = start_challenge("dns-01");
    found(&job, &result);
    (void)snprintf(authz, sizeof(authz), "/authz/%lld", (long long)job.id);
    post("/new-order", "{\"identifiers\":[" MAIL "]}");
    (void)snprintf(open, sizeof(open), "%s", path_in("authz"));
    now_at = NOW + 100;
    post(authz, "");
    is_good(200, "\"status\":\"valid\"");
    now_at++;
    post(authz, "");
    is_good(200, "\"status\":\"expired\"");
    post(account_path("/orders"), "");
    post(open, "");
    is_good(200, "\"status\":\"pending\"");
    now_at = NOW + settings.order_s + 1;
    post(open, "");
    is_good(200, "\"status\":\"invalid\"");
}

/* Its order ends with it: only what a standing record shows is shown anew. */
static void orders_end_with_their_names(void **state)
{
    struct hf_validation_result result = good;
    struct hf_job job;
    char order[300];

    (void)state;
    make_account();
    result.expires_at = NOW + 100;
    job = start_challenge("dns-01");
    found(&job, &result);
    post(account_path("/orders"), "");
    (void)snprintf(order, sizeof(order), "%s", path_in("order"));
    post(order, "");
    is_good(200, "\"status\":\"ready\"");
    now_at = NOW + 101;
    post(order, "");
    is_good(200, "\"status\":\"invalid\"");
}

/* An order is signed when this came of its validation, and a crash ends that.
 * Ten seconds later it is signed after all, one more and it is ready again. */
static void crash_while_signing(const struct hf_validation_result *result)
{
    const struct hf_issuer_order *asked = NULL;
    struct hf_ca_call own;
    char order[300];
    char target[320];
    char csr[4096];
    struct hf_job job;
    bool wanted;

    new_signer();
    make_account();
    job = start_challenge("dns-persist-01");
    found(&job, result);
    post(account_path("/orders"), "");
    (void)snprintf(order, sizeof(order), "%s", path_in("order"));
    (void)snprintf(target, sizeof(target), "%s/finalize", order);
    make_csr(HF_KEY_P256, "www.example.com", csr, sizeof(csr));
    post(target, csr);
    is_good(200, "\"status\":\"processing\"");
    job = job_of_call(HF_JOB_SIGN);
    for (int late = 0; late < 2; late++) {
        hf_engine_begin(engine, NOW + 10 + late, &own);
        assert_int_equal(hf_store_begin(store, NULL), HF_OK);
        assert_true(hf_outcome_sign(&own, job.id, &asked, &wanted));
        assert_int_equal(hf_store_commit(store, NULL), HF_OK);
        assert_int_equal(wanted, late == 0);
        hf_ca_call_clear(&own);
    }
    post(order, "");
    is_good(200, "\"status\":\"ready\"");
}

/* REQ REUSE-15, VAL-52: what is too old by then has its client finalize again,
 * which looks again, and is not signed. */
static void aged_while_signing(void **state)
{
    struct hf_validation_result result = good;

    (void)state;
    result.expires_at = NOW + 10; /* a short TTL */
    crash_while_signing(&result);
    result = good;
    result.caa_expires_at = NOW + 10; /* of CAA */
    crash_while_signing(&result);
}

/* ---- names validated by an ancestor (RFC 9444) ---- */

#define DNS(name) "{\"type\":\"dns\",\"value\":\"" name "\"}"
#define BELOW(name, above)                                                     \
    "{\"type\":\"dns\",\"value\":\"" name "\",\"ancestorDomain\":\"" above "\"}"
#define ORDER(names) "{\"identifiers\":[" names "]}"
#define ALL_OF(name)                                                           \
    "{\"identifier\":{\"type\":\"dns\",\"value\":\"" name                      \
    "\",\"subdomainAuthAllowed\":true}}"

/* What the validator finds at an ancestor: CAA was not looked at. */
static struct hf_validation_result good_above(void)
{
    struct hf_validation_result result = good;

    result.caa_expires_at = 0;
    result.evidence = HF_SPAN("{\"above\":1}");
    return result;
}

/* Of an authorization, asked for in advance or by an order; its path. */
static const char *show_all_of(const char *target, const char *payload)
{
    const struct hf_validation_result result = good_above();
    static char path[200];
    char challenge[300];
    struct hf_job job;

    post(target, payload);
    is_good(201, "pending");
    (void)snprintf(path, sizeof(path), "%s",
                   says("/authz/") ? path_in("authz")
                                   : field("Location").ptr + strlen(BASE));
    (void)snprintf(challenge, sizeof(challenge), "/chall/%s/dns-persist-01",
                   path + strlen("/authz/"));
    post(challenge, "{}");
    is_good(200, "\"status\":\"processing\"");
    job = job_of_call(HF_JOB_CHALLENGE);
    found(&job, &result);
    post(path, "");
    is_good(200, "\"status\":\"valid\"");
    return path;
}

/* Who is not allowed to have it is not refused, but heard as if he had not said
 * it (sections 4.2 and 4.3). */
static void no_subdomains(void **state)
{
    (void)state;
    get("/directory");
    assert_false(says("subdomainAuthAllowed"));
    make_account();
    post("/new-order", ORDER(BELOW("a.example.com", "com")));
    is_good(201, "\"value\":\"a.example.com\"");
    post(path_in("authz"), "");
    is_good(200, "\"value\":\"a.example.com\"");
    assert_false(says("subdomainAuthAllowed"));
    (void)show_all_of("/new-authz", ALL_OF("example.com"));
    assert_false(says("subdomainAuthAllowed"));
    post("/new-order", ORDER(DNS("a.example.com")));
    is_good(201, "\"status\":\"pending\"");
}

static void wrong_ancestors(void **state)
{
    static const struct {
        const char *identifier;
        const char *word;
    } cases[] = {
        {BELOW("a.example.com", "com"), "rejectedIdentifier"},
        {BELOW("a.b.example.co.uk", "co.uk"), "rejectedIdentifier"},
        {BELOW("a.example.com", "other.com"), "malformed"},
        {BELOW("a.example.com", "b.example.com"), "malformed"},
        {BELOW("anexample.com", "example.com"), "malformed"},
        {BELOW("example.com", "a.example.com"), "malformed"},
        {BELOW("a.example.com", "a.example.com"), "malformed"},
        {BELOW("a.example.com", "*.example.com"), "malformed"},
        {BELOW("a.example.com", "example.com."), "malformed"},
        {BELOW("a.example.com", "ex_ample.com"), "malformed"},
        {BELOW("a.example.com", ""), "malformed"},
        {"{\"type\":\"dns\",\"value\":\"a.example.com\","
         "\"ancestorDomain\":7}",
         "malformed"},
        {"{\"type\":\"ip\",\"value\":\"192.88.100.1\","
         "\"ancestorDomain\":\"example.com\"}",
         "malformed"},
    };
    char payload[512];

    (void)state;
    settings.subdomains = true;
    make_account();
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        (void)snprintf(payload, sizeof(payload),
                       ORDER(DNS("good.example.com") ",%s"),
                       cases[i].identifier);
        post("/new-order", payload);
        if (reply.status < 400 || !says(cases[i].word) || !says("subproblems"))
            fail_msg("%s: %d %.*s", cases[i].identifier, reply.status,
                     (int)reply.body.len, reply.body.ptr);
        assert_false(says("good.example.com"));
    }
    post("/new-authz",
         "{\"identifier\":" BELOW("a.example.com", "example.com") "}");
    is_good(201, "\"value\":\"a.example.com\""); /* that is for orders */
    post("/new-authz", ALL_OF("com"));
    is_refused(403, "rejectedIdentifier");
    post("/new-authz", "{\"identifier\":{\"type\":\"ip\",\"value\":"
                       "\"192.88.100.1\",\"subdomainAuthAllowed\":true}}");
    is_refused(400, "malformed");
}

/* One authorization for several names, of what can be shown for all of them. */
static void ancestor(void **state)
{
    static const char three[] =
        ORDER(BELOW("a.example.com", "Example.com") ","   //
              BELOW("b.c.example.com", "example.com") "," //
              BELOW("*.example.com", "example.com"));
    struct hf_validation_job asked;
    struct hf_ca_call own;
    struct hf_job job;
    char target[300];
    const char *at;
    bool wanted;

    (void)state;
    settings.subdomains = true;
    get("/directory");
    is_good(200, "\"subdomainAuthAllowed\":true");
    make_account();
    post("/new-order", three);
    is_good(201, "\"value\":\"*.example.com\"");
    at = memmem(reply.body.ptr, reply.body.len, "/authz/", 7);
    assert_non_null(at);
    assert_null(memmem(at + 7,
                       reply.body.len - (size_t)(at + 7 - reply.body.ptr),
                       "/authz/", 7));
    (void)snprintf(target, sizeof(target), "/chall/%s/http-01",
                   path_in("authz") + strlen("/authz/"));
    post(path_in("authz"), "");
    is_good(200, "\"identifier\":{\"type\":\"dns\",\"value\":\"example.com\"}");
    assert_true(says("\"subdomainAuthAllowed\":true"));
    assert_true(says("\"dns-01\""));
    assert_false(says("http-01")); /* BR 3.2.2.4.19 */
    assert_false(says("tls-alpn-01"));
    post(target, "{}");
    is_refused(404, "malformed");
    (void)snprintf(strrchr(target, '/'), 32, "/dns-persist-01");
    post(target, "{}");
    job = job_of_call(HF_JOB_CHALLENGE);
    hf_engine_begin(engine, NOW, &own);
    assert_int_equal(hf_store_begin(store, NULL), HF_OK);
    assert_true(hf_outcome_ask(&own, &job, &asked, &wanted));
    hf_store_undo(store);
    assert_true(wanted && asked.subdomains && !asked.wildcard);
    assert_span_equal(asked.name, HF_SPAN("example.com"));
    hf_ca_call_clear(&own);
}

/* Finalized, up to what there is still to look at; the order stays ready. */
static void ask_for(const char *name)
{
    char csr[4096];
    char order[300];

    (void)snprintf(order, sizeof(order), "%s", path_in("order"));
    make_csr(HF_KEY_P256, name, csr, sizeof(csr));
    post(order, csr);
    is_good(200, "\"status\":\"ready\"");
}

static void show_again(void)
{
    call.rounds++;
    hf_engine_show(&call, NOW);
    assert_int_equal(hf_engine_reply(&call, &reply, NULL), HF_OK);
}

/* The call wants CAA of the name, and of nothing below it, looked at. */
static struct hf_job wants_caa_of(const char *name)
{
    struct hf_job job = job_of_call(HF_JOB_CAA);
    struct hf_validation_job asked;
    struct hf_ca_call own;
    bool wanted;

    hf_engine_begin(engine, NOW, &own);
    assert_int_equal(hf_store_begin(store, NULL), HF_OK);
    assert_true(hf_outcome_ask(&own, &job, &asked, &wanted));
    hf_store_undo(store);
    assert_true(wanted && !asked.subdomains);
    assert_int_equal(asked.way, HF_WAY_CAA);
    assert_int_equal(asked.for_way, HF_WAY_DNS_PERSIST);
    assert_span_equal(asked.name, hf_span_str(name));
    hf_ca_call_clear(&own);
    return job;
}

/* Section 4.2: made in advance, it counts for every name below; CAA is looked
 * at for each of them (REQ VAL-50), and is nothing to the others. */
static void all_below(void **state)
{
    struct hf_validation_result caa = good;
    struct hf_job job;
    char hidden[64];

    (void)state;
    settings.subdomains = true;
    make_account();
    (void)show_all_of("/new-authz", ALL_OF("example.com"));
    assert_true(says("\"subdomainAuthAllowed\":true"));
    post("/new-order", ORDER(DNS("a.b.example.com")));
    is_good(201, "\"status\":\"ready\"");
    ask_for("a.b.example.com");
    job = wants_caa_of("a.b.example.com");
    caa.evidence = HF_SPAN("{\"caa\":1}");
    found(&job, &caa);
    show_again();
    is_good(200, "\"status\":\"processing\"");
    assert_span_equal(call.signing->names[0].value, HF_SPAN("a.b.example.com"));
    assert_span_equal(call.signing->names[0].evidence,
                      HF_SPAN("{\"above\":1,\"caa_again\":{\"caa\":1}}"));
    /* What rests on it is ours alone. */
    (void)snprintf(hidden, sizeof(hidden), "/authz/%lld", (long long)job.id);
    post(hidden, "");
    is_refused(404, "malformed");
    /* An authorization of a name is asked for by that name. */
    post("/new-authz",
         "{\"identifier\":{\"type\":\"dns\",\"value\":\"a.example.com\"}}");
    is_good(201, "\"status\":\"pending\"");
    /* The name itself, and its wildcard. */
    post("/new-order", ORDER(DNS("example.com") "," DNS("*.example.com")));
    is_good(201, "\"status\":\"ready\"");
    post("/new-order", ORDER(DNS("example.com")));
    ask_for("example.com");
    (void)wants_caa_of("example.com");
}

static void caa_forbids_one(void **state)
{
    const struct hf_validation_result bad = {
        .problem = "caa",
        .reason = "caa-no-matching-issuer",
        .detail = HF_SPAN("CAA of a.example.com"),
        .evidence = HF_SPAN("{}"),
    };
    struct hf_job job;

    (void)state;
    settings.subdomains = true;
    make_account();
    (void)show_all_of("/new-authz", ALL_OF("example.com"));
    post("/new-order", ORDER(DNS("a.example.com")));
    ask_for("a.example.com");
    job = job_of_call(HF_JOB_CAA);
    found(&job, &bad);
    show_again();
    is_good(200, "\"status\":\"invalid\"");
    assert_true(says("CAA of a.example.com"));
    post("/new-order", ORDER(DNS("b.example.com")));
    is_good(201, "\"status\":\"ready\"");
}

/* What does not count: one for the name alone, one of a sibling, of what is
 * below, of another account, and one that was given back. */
static void not_below(void **state)
{
    char above[200];
    char order[300];

    (void)state;
    settings.subdomains = true;
    make_account();
    (void)show_all_of("/new-order", ORDER(DNS("example.com")));
    post("/new-order", ORDER(DNS("a.example.com")));
    is_good(201, "\"status\":\"pending\"");
    (void)snprintf(above, sizeof(above), "%s",
                   show_all_of("/new-authz", ALL_OF("shop.example.net")));
    post("/new-order", ORDER(DNS("pub.example.net")));
    is_good(201, "\"status\":\"pending\"");
    post("/new-order", ORDER(DNS("notshop.example.net")));
    is_good(201, "\"status\":\"pending\"");
    post("/new-order", ORDER(DNS("example.net")));
    is_good(201, "\"status\":\"pending\"");
    post("/new-order", ORDER(DNS("a.shop.example.net")));
    is_good(201, "\"status\":\"ready\"");
    (void)snprintf(order, sizeof(order), "%s",
                   field("Location").ptr + strlen(BASE));
    post(above, "{\"status\":\"deactivated\"}");
    is_good(200, "\"status\":\"deactivated\"");
    post(order, "");
    is_good(200, "\"status\":\"invalid\"");
    post("/new-order", ORDER(DNS("a.shop.example.net")));
    is_good(201, "\"status\":\"pending\"");
    (void)show_all_of("/new-authz", ALL_OF("shop.example.net"));
    settings.subdomains = false; /* the operator has thought better of it */
    post("/new-order", ORDER(DNS("a.shop.example.net")));
    is_good(201, "\"status\":\"pending\"");
    settings.subdomains = true;
    post("/new-order", ORDER(DNS("a.shop.example.net")));
    is_good(201, "\"status\":\"ready\"");
    new_signer();
    make_account();
    post("/new-order", ORDER(DNS("a.shop.example.net")));
    is_good(201, "\"status\":\"pending\"");
}

/* REQ REUSE-15: the record at the ancestor is looked at again, and CAA of each
 * name. */
static void lapsed_above(void **state)
{
    struct hf_validation_result old = good_above();
    struct hf_job jobs[2];

    (void)state;
    settings.subdomains = true;
    make_account();
    (void)show_all_of("/new-authz", ALL_OF("example.com"));
    post("/new-order", ORDER(DNS("a.example.com")));
    is_good(201, "\"status\":\"ready\"");
    jobs[0] =
        (struct hf_job){HF_JOB_AGAIN, strtoll(path_in("authz") + 7, NULL, 10)};
    {
        char order[300];

        (void)snprintf(order, sizeof(order), "%s", path_in("order"));
        old.expires_at = NOW - 1;
        found(&jobs[0], &old);
        *strrchr(order, '/') = '\0';
        post(order, "");
        is_good(200, "\"status\":\"ready\"");
    }
    ask_for("a.example.com");
    assert_int_equal(call.job_count, 2);
    assert_int_equal(call.jobs[0].kind, HF_JOB_AGAIN);
    assert_int_equal(call.jobs[0].id, jobs[0].id);
    assert_int_equal(call.jobs[1].kind, HF_JOB_CAA);
    memcpy(jobs, call.jobs, sizeof(jobs));
    old.expires_at = NOW + 10;
    found(&jobs[0], &old);
    found(&jobs[1], &good);
    show_again();
    is_good(200, "\"status\":\"processing\"");
}

/* Section 7.6 of RFC 8555: who controls what is above may revoke as well. */
static void revoked_from_above(void **state)
{
    (void)state;
    settings.subdomains = true;
    make_account();
    issue(ready_order());
    new_signer();
    make_account();
    post("/revoke-cert", "{\"certificate\":\"MAswCaADAgECAgISNA\"}");
    is_refused(403, "unauthorized");
    (void)show_all_of("/new-authz", ALL_OF("example.com"));
    post("/revoke-cert", "{\"certificate\":\"MAswCaADAgECAgISNA\"}");
    assert_int_equal(reply.status, 200);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(directory),
        TEST(wrong_requests),
        TEST(nonces_of_several),
        TEST(algorithms),
        TEST(accounts),
        TEST(deactivation),
        TEST(terms),
        TEST(external_accounts),
        TEST(key_change),
        TEST(key_change_refused),
        TEST(identifiers),
        TEST(constraints),
        TEST(orders),
        TEST(wildcards_and_addresses),
        TEST(unknown_words),
        TEST(validation),
        TEST(validation_of_another),
        TEST(failed_validation),
        TEST(just_in_time),
        TEST(limits_of_several),
        TEST(deactivated_in_flight),
        TEST(finalize),
        TEST(replaces),
        TEST(revocation),
        TEST(compromised),
        TEST(revocation_by_names),
        TEST(of_another),
        TEST(deactivated_while_signing),
        TEST(signed_by_another),
        TEST(too_old),
        TEST(orders_end),
        TEST(authorizations_end),
        TEST(orders_end_with_their_names),
        TEST(aged_while_signing),
        TEST(no_subdomains),
        TEST(wrong_ancestors),
        TEST(ancestor),
        TEST(all_below),
        TEST(caa_forbids_one),
        TEST(not_below),
        TEST(lapsed_above),
        TEST(revoked_from_above),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
