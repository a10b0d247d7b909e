/* SPDX-License-Identifier: Apache-2.0 */
/* Finalize, what the issuer makes of it, and what becomes of that (RFC 8555,
 * sections 7.4, 7.4.2, 7.6; RFC 9773). */
#include "tests/unit/engine_order_fixture.h"

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
    char authz[200];

    static const char payload[] =
        "{\"identifiers\":[{\"type\":\"dns\",\"value\":\"www.example.com\"}],"
        "\"replaces\":\"" CERT_ID "\"}";

    (void)state;
    make_account();
    issue(ready_order());
    post("/new-order", payload);
    is_good(201, "\"status\":\"ready\"");
    (void)snprintf(authz, sizeof(authz), "%s", path_in("authz"));
    post("/new-order", payload);
    is_refused(409, "alreadyReplaced");
    /* That order fails: it does not count. The next one does. */
    post(authz, "{\"status\":\"deactivated\"}");
    is_good(200, "deactivated");
    post("/new-order", payload);
    is_good(201, "\"status\":\"pending\"");
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
    signer = thief; /* says less first, so that the key stays good */
    post("/revoke-cert",
         "{\"certificate\":\"MAswCaADAgECAgISNA\",\"reason\":4}");
    assert_int_equal(reply.status, 200);
    post("/revoke-cert", REVOKE_COMPROMISED);
    assert_int_equal(reply.status, 200);
    post("/revoke-cert", REVOKE_COMPROMISED);
    is_refused(400, "alreadyRevoked");
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

/* The issuer does not sign what is wrong, by the request or by the name. */
static void refused_by_the_issuer(void **state)
{
    const struct hf_issuer_reply answer = {.kind = HF_ISSUER_REFUSED,
                                           .err = HF_EINVAL,
                                           .said = HF_SPAN("so it says")};
    static const struct {
        struct hf_span permitted;
        const char *error;
    } cases[] = {
        {HF_SPAN_INIT(""),
         "error:badCSR\",\"detail\":\"so it says\",\"status\""},
        {HF_SPAN_INIT("\x30\x0d\x82\x0b"
                      "example.net"),
         "error:rejectedIdentifier\",\"detail\":\"so it says\",\"status\":403,"
         "\"subproblems\":[{"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char csr[4096];
        char order[300];
        struct hf_job job;

        new_signer();
        make_account();
        make_csr(HF_KEY_P256, "www.example.com", csr, sizeof(csr));
        (void)snprintf(order, sizeof(order), "%s", ready_order());
        post(order, csr);
        job = job_of_call(HF_JOB_SIGN);
        settings.constraints.permitted = cases[i].permitted;
        answered(&job, call.signing, &answer);
        settings.constraints.permitted = HF_SPAN("");
        *strrchr(order, '/') = '\0'; /* without "/finalize" */
        post(order, "");
        is_good(200, cases[i].error);
        assert_true(says("\"status\":\"invalid\""));
    }
    assert_true(says("permits nothing but example.net"));
    assert_true(says("\"value\":\"www.example.com\"}}]"));
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

/* Is the order of this job signed after all, when a crash is over? */
static bool is_taken_up(const struct hf_job *job, int64_t at)
{
    const struct hf_issuer_order *asked = NULL;
    struct hf_ca_call own;
    bool wanted;

    hf_engine_begin(engine, at, &own);
    assert_int_equal(hf_store_begin(store, NULL), HF_OK);
    assert_true(hf_outcome_sign(&own, job->id, &asked, &wanted));
    assert_int_equal(hf_store_commit(store, NULL), HF_OK);
    hf_ca_call_clear(&own);
    return wanted;
}

/* An order that is signed when this came of its validation, and its job. */
static struct hf_job sign_after(const struct hf_validation_result *result,
                                const char *method, char order[300])
{
    char target[320];
    char csr[4096];
    struct hf_job job;

    new_signer();
    make_account();
    job = start_challenge(method);
    found(&job, result);
    post(account_path("/orders"), "");
    (void)snprintf(order, 300, "%s", path_in("order"));
    (void)snprintf(target, sizeof(target), "%s/finalize", order);
    make_csr(HF_KEY_P256, "www.example.com", csr, sizeof(csr));
    post(target, csr);
    is_good(200, "\"status\":\"processing\"");
    return job_of_call(HF_JOB_SIGN);
}

/* Ten seconds after a crash it is signed, one more and it is ready again. */
static void crash_while_signing(const struct hf_validation_result *result)
{
    char order[300];
    const struct hf_job job = sign_after(result, "dns-persist-01", order);

    assert_true(is_taken_up(&job, NOW + 10));
    assert_false(is_taken_up(&job, NOW + 11));
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

/* REQ REUSE-09: what a crash left is not signed when its name was given back
 * meanwhile, nor when what no standing record shows again is over. */
static void ended_while_signing(void **state)
{
    struct hf_validation_result result = good;
    char order[300];
    struct hf_job job;

    (void)state;
    job = sign_after(&good, "dns-persist-01", order);
    post(order, "");
    post(path_in("authz"), "{\"status\":\"deactivated\"}");
    is_good(200, "deactivated");
    assert_false(is_taken_up(&job, NOW));
    post(order, "");
    is_good(200, "\"status\":\"invalid\"");

    result.expires_at = NOW + 10;
    job = sign_after(&result, "dns-01", order);
    assert_true(is_taken_up(&job, NOW + 10));
    assert_false(is_taken_up(&job, NOW + 11));
    now_at = NOW + 11;
    post(order, "");
    is_good(200, "\"status\":\"invalid\"");
}

/* More was seen than one order can be signed with: nothing is wrong with us,
 * and the order waits for what its client makes of that. */
static void too_much_evidence(void **state)
{
    static char octets[((size_t)4 << 20) + 1];
    struct hf_validation_result result = good;
    char target[300];
    char csr[4096];
    struct hf_job job;

    (void)state;
    memset(octets, ' ', sizeof(octets));
    octets[0] = '{';
    octets[sizeof(octets) - 1] = '}';
    result.evidence = (struct hf_span){octets, sizeof(octets)};
    make_account();
    job = start_challenge("dns-persist-01");
    found(&job, &result);
    post(account_path("/orders"), "");
    (void)snprintf(target, sizeof(target), "%s/finalize", path_in("order"));
    make_csr(HF_KEY_P256, "www.example.com", csr, sizeof(csr));
    post(target, csr);
    is_refused(403, "rejectedIdentifier");
    *strrchr(target, '/') = '\0';
    post(target, "");
    is_good(200, "\"status\":\"ready\"");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(finalize),
        TEST(replaces),
        TEST(revocation),
        TEST(compromised),
        TEST(revocation_by_names),
        TEST(of_another),
        TEST(deactivated_while_signing),
        TEST(signed_by_another),
        TEST(refused_by_the_issuer),
        TEST(too_old),
        TEST(aged_while_signing),
        TEST(ended_while_signing),
        TEST(too_much_evidence),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
