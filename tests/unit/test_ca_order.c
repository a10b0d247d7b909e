/* SPDX-License-Identifier: Apache-2.0 */
/* Orders, their authorizations, and what the validator finds. */
#include "tests/unit/engine_order_fixture.h"

/* ---- orders (RFC 8555, section 7.4) ---- */

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
    settings.an_hour[HF_LIMIT_FAILURES] = 2;
    settings.an_hour[HF_LIMIT_LOOKS] = 2;
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

int main(void)
{
    const struct CMUnitTest tests[] = {
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
        TEST(orders_end),
        TEST(authorizations_end),
        TEST(orders_end_with_their_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
