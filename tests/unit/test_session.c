/* SPDX-License-Identifier: Apache-2.0 */
/* Nonces, signatures and trying again: REQ CLI-36. */
#include "acme/session.h"
#include "base/alloc.h"
#include "crypto/private_key.h"
#include "tests/unit/acme_fixture.h"

struct talk {
    struct hf_directory directory;
    struct hf_private_key *key;
    struct hf_signer signer;
    struct hf_session *session;
    struct hf_http_request request;
    uint64_t ticket;
    struct hf_called called;
};

static void set_up(struct talk *talk)
{
    *talk = (struct talk){0};
    assert_int_equal(
        hf_directory_read(hf_span_str(directory_text), &talk->directory, NULL),
        HF_OK);
    assert_int_equal(hf_private_key_generate(HF_KEY_P256, &talk->key, NULL),
                     HF_OK);
    assert_int_equal(hf_private_key_signer(talk->key, &talk->signer, NULL),
                     HF_OK);
    assert_int_equal(hf_session_new(&talk->directory, &talk->signer, 60,
                                    &talk->session, NULL),
                     HF_OK);
    hf_session_set_account(talk->session, HF_SPAN(CA "acct/1"));
}

static void tear_down(struct talk *talk)
{
    hf_session_free(talk->session);
    hf_signer_clear(&talk->signer);
    hf_private_key_free(talk->key);
    hf_directory_clear(&talk->directory);
}

static void submit(struct talk *talk, const struct hf_call *call,
                   uint64_t ticket)
{
    assert_int_equal(hf_session_submit(talk->session, call, ticket, NULL),
                     HF_OK);
}

static void expect(struct talk *talk, int64_t ms, enum hf_http_method method,
                   const char *url)
{
    assert_true(hf_session_next(talk->session, at_ms(ms), &talk->request,
                                &talk->ticket));
    assert_int_equal(talk->request.method, method);
    assert_span_equal(talk->request.url, hf_span_str(url));
}

static void expect_nothing(struct talk *talk, int64_t ms)
{
    assert_false(hf_session_next(talk->session, at_ms(ms), &talk->request,
                                 &talk->ticket));
}

/* True when the call is over. */
static bool reply(struct talk *talk, int64_t ms, struct hf_http_reply reply,
                  const char *nonce)
{
    reply.replay_nonce = hf_span_str(nonce);
    return hf_session_take(talk->session, talk->ticket, &reply, at_ms(ms),
                           &talk->called);
}

static const struct hf_call order = {.kind = HF_CALL_KID,
                                     .url = HF_SPAN_INIT(CA "order"),
                                     .payload = HF_SPAN_INIT("{}")};

/* What was sent, to look into. The header is not JSON we need to read: its
 * base64url is compared. */
static bool body_has(const struct talk *talk, const char *text)
{
    return memmem(talk->request.body.ptr, talk->request.body.len, text,
                  strlen(text)) != NULL;
}

/* The first call asks for a nonce, the second uses that of the first. */
static void nonces_are_fetched_once(void **state)
{
    struct talk talk;

    (void)state;
    set_up(&talk);
    submit(&talk, &order, 41);
    expect(&talk, 0, HF_HTTP_HEAD, CA "nonce");
    expect_nothing(&talk, 0);
    /* Nothing to do but to wait for it: nobody polls in circles. */
    assert_true(hf_session_wake_ms(talk.session) == INT64_MAX);
    assert_false(reply(&talk, 1, reply_of(200, ""), "first"));
    expect(&talk, 1, HF_HTTP_POST, CA "order");
    assert_span_equal(talk.request.content_type,
                      HF_SPAN("application/jose+json"));
    assert_true(body_has(&talk, "\"payload\":\"e30\""));
    assert_true(reply(&talk, 2, reply_of(201, "{}"), "second"));
    assert_int_equal(talk.called.ticket, 41);
    assert_int_equal(talk.called.reply.status, 201);
    submit(&talk, &order, 42);
    expect(&talk, 3, HF_HTTP_POST, CA "order");
    assert_true(reply(&talk, 4, reply_of(201, "{}"), ""));
    submit(&talk, &order, 43); /* none came with the last reply */
    expect(&talk, 5, HF_HTTP_HEAD, CA "nonce");
    tear_down(&talk);
}

/* A nonce is fetched before there is a call, once, and not where there is one
 * already. */
static void a_call_is_foreseen(void **state)
{
    struct talk talk;

    (void)state;
    set_up(&talk);
    hf_session_foresee(talk.session);
    expect(&talk, 0, HF_HTTP_HEAD, CA "nonce");
    expect_nothing(&talk, 0);
    hf_session_foresee(talk.session); /* under way */
    submit(&talk, &order, 41);
    expect_nothing(&talk, 0);
    assert_false(reply(&talk, 1, reply_of(200, ""), "first"));
    hf_session_foresee(talk.session); /* there */
    expect(&talk, 1, HF_HTTP_POST, CA "order");
    expect_nothing(&talk, 1);
    tear_down(&talk);
    set_up(&talk);
    hf_session_foresee(talk.session);
    submit(&talk, &order, 41);
    expect(&talk, 0, HF_HTTP_HEAD, CA "nonce"); /* one serves both */
    expect_nothing(&talk, 0);
    tear_down(&talk);
}

static void gets_need_no_nonce(void **state)
{
    const struct hf_call call = {.kind = HF_CALL_GET,
                                 .url = HF_SPAN(CA "ari/x")};
    struct talk talk;

    (void)state;
    set_up(&talk);
    submit(&talk, &call, 1);
    expect(&talk, 0, HF_HTTP_GET, CA "ari/x");
    assert_int_equal(talk.request.body.len, 0);
    assert_true(reply(&talk, 0, reply_of(404, ""), "kept"));
    assert_span_equal(hf_session_spare_nonce(talk.session), HF_SPAN("kept"));
    tear_down(&talk);
}

/* RFC 8555, 6.5: badNonce brings a new nonce; the call is signed again. */
static void bad_nonce(void **state)
{
    const char *problem = "{\"type\":\"urn:ietf:params:acme:error:badNonce\"}";
    struct talk talk;
    int tries = 0;

    (void)state;
    set_up(&talk);
    hf_session_put_nonce(talk.session, HF_SPAN("n0"));
    submit(&talk, &order, 1);
    do {
        expect(&talk, 0, HF_HTTP_POST, CA "order");
        tries++;
    } while (!reply(&talk, 0, reply_of(400, problem), "again"));
    assert_int_equal(tries, 10);
    assert_int_equal(talk.called.reply.status, 400);
    tear_down(&talk);
}

static void waits_as_told(void **state)
{
    struct hf_http_reply later = reply_of(503, "");
    struct talk talk;

    (void)state;
    set_up(&talk);
    hf_session_put_nonce(talk.session, HF_SPAN("n"));
    submit(&talk, &order, 1);
    expect(&talk, 0, HF_HTTP_POST, CA "order");
    later.retry_after = HF_SPAN("30");
    assert_false(reply(&talk, 0, later, "m"));
    expect_nothing(&talk, 29999);
    assert_int_equal(hf_session_wake_ms(talk.session), 30000);
    expect(&talk, 30000, HF_HTTP_POST, CA "order");
    later.status = 429;
    later.retry_after = HF_SPAN("61"); /* more than we wait by ourselves */
    assert_true(reply(&talk, 30000, later, "o"));
    assert_int_equal(talk.called.reply.status, 429);
    tear_down(&talk);
}

/* A reply that never came, or the server's own trouble. */
static void tries_again_only_what_may_arrive_twice(void **state)
{
    struct hf_call once = order;
    struct hf_http_reply lost = {.failure = HF_HTTP_SILENT, .reason = "gone"};
    struct talk talk;

    (void)state;
    once.once = true;
    set_up(&talk);
    for (int i = 0; i < 8; i++)
        hf_session_put_nonce(talk.session, HF_SPAN("n"));
    submit(&talk, &once, 1);
    expect(&talk, 0, HF_HTTP_POST, CA "order");
    assert_true(reply(&talk, 0, lost, ""));
    submit(&talk, &order, 2);
    for (int i = 0; i < 4; i++) {
        int64_t ms = i == 0 ? 0 : hf_session_wake_ms(talk.session);

        expect(&talk, ms, HF_HTTP_POST, CA "order");
        assert_false(reply(&talk, ms, reply_of(500, ""), ""));
        assert_int_equal(hf_session_wake_ms(talk.session),
                         ms + (INT64_C(500) << i));
    }
    expect(&talk, 100000, HF_HTTP_POST, CA "order");
    assert_true(reply(&talk, 100000, lost, ""));
    submit(&talk, &order, 3); /* a certificate that nobody trusts stays so */
    expect(&talk, 100000, HF_HTTP_POST, CA "order");
    lost.failure = HF_HTTP_UNTRUSTED;
    assert_true(reply(&talk, 100000, lost, ""));
    tear_down(&talk);
}

static void no_nonce_to_be_had(void **state)
{
    struct talk talk;
    int64_t ms = 0;

    (void)state;
    set_up(&talk);
    submit(&talk, &order, 7);
    for (int i = 0; i < 5; i++) {
        expect(&talk, ms, HF_HTTP_HEAD, CA "nonce");
        assert_false(reply(&talk, ms, reply_of(200, ""), "no nonce!"));
        ms = hf_session_wake_ms(talk.session);
    }
    assert_true(hf_session_ended(talk.session, &talk.called));
    assert_int_equal(talk.called.ticket, 7);
    assert_int_equal(talk.called.err, HF_EPEER);
    assert_false(hf_session_ended(talk.session, &talk.called));
    assert_int_equal(hf_session_room(talk.session), HF_SESSION_WINDOW);
    tear_down(&talk);
}

static enum hf_err refuse(void *state, struct hf_span data, struct hf_buf *out,
                          struct hf_why *why)
{
    (void)state;
    (void)data;
    (void)out;
    return hf_fail(why, HF_ECRYPTO, 0, "the token is gone");
}

static void a_signer_that_fails(void **state)
{
    struct talk talk;
    struct hf_call call = order;
    struct hf_signer broken;

    (void)state;
    set_up(&talk);
    broken = talk.signer;
    broken.sign = refuse;
    call.signer = &broken;
    call.kind = HF_CALL_JWK;
    hf_session_put_nonce(talk.session, HF_SPAN("n"));
    submit(&talk, &call, 7);
    expect_nothing(&talk, 0);
    assert_true(hf_session_ended(talk.session, &talk.called));
    assert_int_equal(talk.called.err, HF_ECRYPTO);
    assert_string_equal(talk.called.why.text, "the token is gone");
    tear_down(&talk);
}

static void the_window_is_a_limit(void **state)
{
    struct talk talk;

    (void)state;
    set_up(&talk);
    for (uint64_t i = 0; i < HF_SESSION_WINDOW; i++)
        submit(&talk, &order, i);
    assert_int_equal(hf_session_room(talk.session), 0);
    assert_int_equal(hf_session_submit(talk.session, &order, 99, NULL),
                     HF_ELIMIT);
    /* As many nonces are asked for as calls wait for one. */
    for (int i = 0; i < HF_SESSION_WINDOW; i++)
        expect(&talk, 0, HF_HTTP_HEAD, CA "nonce");
    expect_nothing(&talk, 0);
    tear_down(&talk);
}

/* What they borrow may be gone: it is neither sent nor sent again. */
static void abandoned_calls_are_nobodys(void **state)
{
    struct talk talk;

    (void)state;
    set_up(&talk);
    hf_session_put_nonce(talk.session, HF_SPAN("kept"));
    submit(&talk, &order, 1);
    submit(&talk, &order, 2);
    expect(&talk, 0, HF_HTTP_POST, CA "order");
    hf_session_abandon(talk.session);
    assert_int_equal(hf_session_room(talk.session), HF_SESSION_WINDOW - 1);
    expect_nothing(&talk, 0);
    assert_true(hf_session_wake_ms(talk.session) == INT64_MAX);
    hf_session_abandon(talk.session);
    assert_false(reply(&talk, 1, reply_of(503, ""), "next"));
    expect_nothing(&talk, 5000);
    assert_int_equal(hf_session_room(talk.session), HF_SESSION_WINDOW);
    assert_span_equal(hf_session_spare_nonce(talk.session), HF_SPAN("next"));
    tear_down(&talk);
}

static void only_nonces_are_kept(void **state)
{
    static const char *const rows[] = {"", "a b", "a=", "\"", "a\nb", "\x80"};
    static char endless[400];
    struct talk talk;

    (void)state;
    memset(endless, 'a', sizeof(endless));
    set_up(&talk);
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        hf_session_put_nonce(talk.session, hf_span_str(rows[i]));
    hf_session_put_nonce(talk.session,
                         (struct hf_span){endless, sizeof(endless)});
    assert_int_equal(hf_session_spare_nonce(talk.session).len, 0);
    for (int i = 0; i < 100; i++)
        hf_session_put_nonce(talk.session, HF_SPAN("azAZ09-_"));
    assert_span_equal(hf_session_spare_nonce(talk.session),
                      HF_SPAN("azAZ09-_"));
    tear_down(&talk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nonces_are_fetched_once),
        cmocka_unit_test(a_call_is_foreseen),
        cmocka_unit_test(gets_need_no_nonce),
        cmocka_unit_test(bad_nonce),
        cmocka_unit_test(waits_as_told),
        cmocka_unit_test(tries_again_only_what_may_arrive_twice),
        cmocka_unit_test(no_nonce_to_be_had),
        cmocka_unit_test(a_signer_that_fails),
        cmocka_unit_test(the_window_is_a_limit),
        cmocka_unit_test(abandoned_calls_are_nobodys),
        cmocka_unit_test(only_nonces_are_kept),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
