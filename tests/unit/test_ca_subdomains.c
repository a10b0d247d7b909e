/* SPDX-License-Identifier: Apache-2.0 */
/* Names validated by an ancestor (RFC 9444). */
#include "tests/unit/engine_order_fixture.h"

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

/* A name that is asked for beside what is below it is shown by itself. */
static void beside_its_ancestor(void **state)
{
    const char *first;
    const char *second;

    (void)state;
    settings.subdomains = true;
    make_account();
    post("/new-order",
         ORDER(DNS("example.com") "," BELOW("a.example.com", "example.com")));
    is_good(201, "\"status\":\"pending\"");
    first = memmem(reply.body.ptr, reply.body.len, "/authz/", 7);
    assert_non_null(first);
    second =
        memmem(first + 7, reply.body.len - (size_t)(first + 7 - reply.body.ptr),
               "/authz/", 7);
    assert_non_null(second);
    post(path_in("authz"), "");
    assert_false(says("subdomainAuthAllowed"));
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

/* An order of names below ends with their ancestor, and says why. */
static void fails_above(void **state)
{
    const struct hf_validation_result bad = {
        .problem = "unauthorized",
        .reason = "no-record",
        .detail = HF_SPAN("no record at example.com"),
        .evidence = HF_SPAN("{}"),
    };
    char order[300];
    char challenge[300];
    struct hf_job job;

    (void)state;
    settings.subdomains = true;
    make_account();
    post("/new-order", ORDER(BELOW("a.example.com", "example.com")));
    is_good(201, "\"status\":\"pending\"");
    (void)snprintf(order, sizeof(order), "%s",
                   field("Location").ptr + strlen(BASE));
    (void)snprintf(challenge, sizeof(challenge), "/chall/%s/dns-persist-01",
                   path_in("authz") + strlen("/authz/"));
    post(challenge, "{}");
    job = job_of_call(HF_JOB_CHALLENGE);
    found(&job, &bad);
    post(order, "");
    is_good(200, "\"status\":\"invalid\"");
    assert_true(says("no record at example.com"));
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

/* Who can show the name may revoke, however it was shown before. */
static void revoked_by_the_name(void **state)
{
    char order[300];
    struct hf_job job;

    (void)state;
    settings.subdomains = true;
    make_account();
    (void)show_all_of("/new-authz", ALL_OF("www.example.com"));
    post("/new-order", ORDER(WWW));
    is_good(201, "\"status\":\"ready\"");
    (void)snprintf(order, sizeof(order), "%s", path_in("order"));
    ask_for("www.example.com");
    job = wants_caa_of("www.example.com");
    found(&job, &good);
    issue(order);
    new_signer();
    make_account();
    post("/revoke-cert", "{\"certificate\":\"MAswCaADAgECAgISNA\"}");
    is_refused(403, "unauthorized");
    (void)show_all_of("/new-order", ORDER(WWW));
    post("/revoke-cert", "{\"certificate\":\"MAswCaADAgECAgISNA\"}");
    assert_int_equal(reply.status, 200);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(no_subdomains),
        TEST(wrong_ancestors),
        TEST(ancestor),
        TEST(all_below),
        TEST(caa_forbids_one),
        TEST(fails_above),
        TEST(not_below),
        TEST(lapsed_above),
        TEST(revoked_from_above),
        TEST(beside_its_ancestor),
        TEST(revoked_by_the_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
