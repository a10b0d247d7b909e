/* SPDX-License-Identifier: Apache-2.0 */
/* What RFC 8555 wants of every request, and accounts. */
#include "tests/unit/engine_fixture.h"

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
    post(account_path(""), "{\"contact\":\"mailto:a@example.com\"}");
    is_refused(400, "malformed");
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

/* The CA gave this key out. */
static void know(const struct hf_eab *eab)
{
    assert_int_equal(
        hf_store_run(store, HF_CA_EAB_ADD,
                     HF_VALUES(hf_store_text(eab->kid), hf_store_blob(eab->key),
                               hf_store_number(NOW)),
                     NULL),
        HF_OK);
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
    know(&eab);
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

/* ---- limits (section 6.6) ---- */

static void account_from(const char *address)
{
    peer = address;
    new_signer();
    account_url[0] = '\0';
    post("/new-account", "{}");
}

/* Of one address, or one /64; with no key that the CA gave. */
static void accounts_of_a_place(void **state)
{
    struct hf_engine *first = engine;
    const struct hf_eab eab = {HF_HS256, HF_SPAN("a MAC key of the CA"),
                               HF_SPAN("kid-1")};

    (void)state;
    settings.an_hour[HF_LIMIT_ACCOUNTS] = 2;
    (void)use_another(2);
    account_from("192.0.2.1");
    account_from("192.0.2.1");
    is_good(201, "valid");
    post("/new-account", "{}");
    is_good(200, "valid"); /* it is there already */
    account_from("192.0.2.1");
    is_refused(429, "rateLimited");
    assert_span_equal(field("Retry-After"), HF_SPAN("1800"));
    account_from("192.0.2.2");
    is_good(201, "valid");
    account_from("");
    is_good(201, "valid");
    account_from("2001:db8::1");
    account_from("2001:db8::2:0:0:1");
    is_good(201, "valid");
    account_from("2001:db8::3");
    is_refused(429, "rateLimited");
    account_from("2001:db8:0:1::1");
    is_good(201, "valid");
    peer = "192.0.2.1";
    new_signer();
    know(&eab);
    bind_with(&eab, hf_signer_jwk(&signer));
    is_good(201, "valid");
    now_at += 1800;
    account_from("192.0.2.1");
    is_good(201, "valid");
    use_again(first);
}

static void orders_of_an_account(void **state)
{
    static const char payload[] =
        "{\"identifiers\":[{\"type\":\"dns\",\"value\":\"example.com\"}]}";
    struct hf_engine *first = engine;

    (void)state;
    settings.an_hour[HF_LIMIT_ORDERS] = 2;
    (void)use_another(2);
    make_account();
    post("/new-order", payload);
    post("/new-order", "{}");
    is_refused(400, "malformed"); /* and does not count */
    post("/new-order", payload);
    is_good(201, "pending");
    post("/new-order", payload);
    is_refused(429, "rateLimited");
    assert_true(field("Retry-After").len > 0);
    new_signer();
    make_account();
    post("/new-order", payload);
    is_good(201, "pending");
    use_again(first);
}

/* Into another one, by both. */
static void roll(void)
{
    struct hf_private_key *old_key = private_key;
    struct hf_signer old = signer;
    struct hf_signer next;

    signer = (struct hf_signer){0};
    private_key = NULL;
    new_signer();
    next = signer;
    signer = old;
    change_key(&next, account_url, hf_signer_jwk(&old), false);
    if (reply.status == 200) {
        signer = next;
        next = old;
    }
    hf_signer_clear(&next);
    if (reply.status == 200) {
        hf_private_key_free(old_key);
        return;
    }
    hf_private_key_free(private_key);
    private_key = old_key;
}

static void add_keys(int count)
{
    for (int i = 0; i < count; i++) {
        char name[16];
        const struct hf_store_value values[] = {
            hf_store_number(call.account.id),
            hf_store_text((struct hf_span){
                name, (size_t)snprintf(name, sizeof(name), "%d", i)}),
            hf_store_number(NOW)};

        assert_int_equal(hf_store_run(store, HF_CA_KEY_ADD, values, 3, NULL),
                         HF_OK);
    }
}

/* REQ VAL-29, ACCT-05: a thief who has the key cannot make so many that the
 * owner's first ones are not looked at any more. */
static void keys_of_an_account(void **state)
{
    struct hf_engine *first = engine;

    (void)state;
    make_account();
    post(account_path(""), "");
    add_keys(HF_KEYS_MAX - 2);
    roll();
    is_good(200, "valid");
    roll();
    is_refused(403, "a thousand keys");
    settings.an_hour[HF_LIMIT_ROLLOVERS] = 2;
    (void)use_another(2);
    new_signer();
    make_account();
    roll();
    roll();
    is_good(200, "valid");
    roll();
    is_refused(429, "rateLimited");
    use_again(first);
}

/* ---- keys that are nobody's ---- */

/* The point 1 of Ed25519: with it as R, and S = 0, all is signed well. */
#define POINT_1 "AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

static enum hf_err sign_anything(void *state, struct hf_span data,
                                 struct hf_buf *out, struct hf_why *why)
{
    static const char signature[64] = {1};

    (void)state;
    (void)data;
    (void)why;
    hf_buf_put(out, (struct hf_span){signature, sizeof(signature)});
    return HF_OK;
}

static void make_everybodys(struct hf_signer *out)
{
    const struct hf_span jwk =
        HF_SPAN("{\"crv\":\"Ed25519\",\"kty\":\"OKP\",\"x\":\"" POINT_1 "\"}");

    *out = (struct hf_signer){.alg = HF_EDDSA, .sign = sign_anything};
    memcpy(out->jwk, jwk.ptr, jwk.len);
    out->jwk_len = jwk.len;
}

/* For which anybody can sign, no account has, nor gets. */
static void keys_of_everybody(void **state)
{
    struct hf_signer everybodys;

    (void)state;
    make_account();
    make_everybodys(&everybodys);
    change_key(&everybodys, account_url, hf_signer_jwk(&signer), false);
    is_refused(400, "badPublicKey");
    account_url[0] = '\0';
    hf_signer_clear(&signer);
    signer = everybodys;
    post("/new-account", "{\"termsOfServiceAgreed\":true}");
    is_refused(400, "badPublicKey");
}

/* RSA with e = 1: a padded digest is its own signature. */
static void keys_without_secret(void **state)
{
    const char *head = "{\"e\":\"AQ\",\"kty\":\"RSA\",\"n\":\"";
    struct hf_buf jwk;

    (void)state;
    hf_signer_clear(&signer);
    signer = (struct hf_signer){.alg = HF_RS256, .sign = sign_anything};
    hf_buf_init(&jwk, signer.jwk, sizeof(signer.jwk));
    hf_buf_puts(&jwk, head);
    for (int i = 0; i < 342; i++) /* 2048 bits, and the last four are none */
        hf_buf_putc(&jwk, i < 341 ? '_' : 'w');
    hf_buf_puts(&jwk, "\"}");
    signer.jwk_len = jwk.len;
    post("/new-account", "{\"termsOfServiceAgreed\":true}");
    is_refused(400, "badPublicKey");
    assert_true(says("exponent"));
}

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
        TEST(accounts_of_a_place),
        TEST(orders_of_an_account),
        TEST(keys_of_an_account),
        TEST(keys_of_everybody),
        TEST(keys_without_secret),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
