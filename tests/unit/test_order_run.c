/* SPDX-License-Identifier: Apache-2.0 */
/* Many orders at a server that is not there, but that keeps count. */
#include <stdio.h>

#include "base/alloc.h"
#include "client/order_run.h"
#include "crypto/private_key.h"
#include "tests/unit/acme_fixture.h"

#define JOBS  20
#define QUEUE 64

struct request {
    bool used;
    uint64_t ticket;
    char url[64];
};

struct server {
    struct request queue[QUEUE];
    unsigned orders;  /* that were placed; their number is in their URLs */
    unsigned open;    /* of them */
    unsigned refused; /* the number of the order that is, or 0 */
    unsigned replies;
    unsigned breaks_after; /* replies, or 0 */
    char text[256];
};

/* ---- the server ---- */

static enum hf_err submit(void *state, const struct hf_http_request *request,
                          uint64_t ticket, struct hf_why *why)
{
    struct server *server = state;
    bool is_order = hf_span_eq(request->url, HF_SPAN(CA "order"));
    struct request *place = NULL;

    (void)why;
    for (size_t i = 0; i < QUEUE; i++) {
        struct request *queued = &server->queue[i];

        /* Orders are placed one by one. */
        assert_false(is_order && queued->used &&
                     strcmp(queued->url, CA "order") == 0);
        if (!queued->used)
            place = queued;
    }
    assert_non_null(place);
    *place = (struct request){.used = true, .ticket = ticket};
    assert_true(request->url.len < sizeof(place->url));
    memcpy(place->url, request->url.ptr, request->url.len);
    return HF_OK;
}

static struct request *find(struct server *server, const char *prefix)
{
    for (size_t i = 0; i < QUEUE; i++)
        if (server->queue[i].used &&
            strncmp(server->queue[i].url, prefix, strlen(prefix)) == 0)
            return &server->queue[i];
    return NULL;
}

__attribute__((format(printf, 2, 3))) static void put(struct server *server,
                                                      const char *format, ...)
{
    va_list args;
    int n;

    va_start(args, format);
    n = vsnprintf(server->text, sizeof(server->text), format, args);
    va_end(args);
    assert_true(n > 0 && (size_t)n < sizeof(server->text));
}

static void answer_order(struct server *server, struct hf_http_reply *out)
{
    unsigned number = ++server->orders;

    assert_true(++server->open <= HF_ORDERS_AT_ONCE);
    put(server, "{\"status\":\"ready\",\"finalize\":\"" CA "fin/%u\"}", number);
    out->status = 201;
    out->location = HF_SPAN(CA "order/1");
    if (number == server->refused) {
        put(server,
            "{\"type\":\"urn:ietf:params:acme:error:rejectedIdentifier"
            "\",\"detail\":\"no %u\"}",
            number);
        out->status = 403;
        server->open--;
    }
}

/* What there is to be said to the first that is found; orders come first, so
 * that as many as may be are open. */
static void answer(struct server *server, const struct request *request,
                   struct hf_http_reply *out)
{
    unsigned number;

    out->status = 200;
    if (strcmp(request->url, CA "order") == 0) {
        answer_order(server, out);
    } else if (sscanf(request->url, CA "fin/%u", &number) == 1) {
        /* An order that ended was followed by the next at once. */
        assert_true(server->open == HF_ORDERS_AT_ONCE ||
                    server->orders == JOBS || server->breaks_after > 0);
        put(server, "{\"status\":\"valid\",\"certificate\":\"" CA "cert/%u\"}",
            number);
    } else if (sscanf(request->url, CA "cert/%u", &number) == 1) {
        put(server, "CHAIN %u", number);
        server->open--;
    } else {
        assert_string_equal(request->url, CA "nonce");
        server->text[0] = '\0';
    }
    out->replay_nonce = HF_SPAN("nonce");
    out->body = hf_span_str(server->text);
}

static enum hf_err poll_one(void *state, int64_t wait_ms, uint64_t *ticket,
                            struct hf_http_reply *out, bool *got,
                            struct hf_why *why)
{
    struct server *server = state;
    struct request *request = find(server, CA "nonce");
    struct hf_http_reply reply = {0};

    (void)wait_ms;
    if (server->replies++ == server->breaks_after && server->breaks_after > 0)
        return hf_fail(why, HF_ECANCELED, 0, "interrupted");
    if (request == NULL)
        request = find(server, CA "order");
    if (request == NULL)
        request = find(server, CA);
    assert_non_null(request);
    answer(server, request, &reply);
    /* The reply owns its text: many are kept while others are written. */
    reply.bytes = hf_alloc(sizeof(server->text), 1);
    if (reply.bytes == NULL)
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    memcpy(reply.bytes, server->text, sizeof(server->text));
    reply.body.ptr = reply.bytes;
    request->used = false;
    *ticket = request->ticket;
    *out = reply;
    *got = true;
    return HF_OK;
}

/* ---- the jobs ---- */

static const struct hf_span name = HF_SPAN_INIT("a.example");

struct job {
    struct hf_order_job job;
    unsigned ends;
};

struct world {
    struct server server;
    struct hf_http http;
    struct hf_private_key *key;
    struct hf_signer signer;
    struct hf_talk talk;
    struct job jobs[JOBS];
};

static void choose(void *state, const struct hf_authz_object *authz,
                   struct hf_chosen *out)
{
    (void)state;
    (void)authz;
    (void)out;
    fail_msg("there are no authorizations");
}

static void ended(void *state)
{
    struct job *job = state;

    job->ends++;
}

static void set_up(struct world *w)
{
    *w = (struct world){.http = {.submit = submit,
                                 .poll = poll_one,
                                 .window = QUEUE,
                                 .state = &w->server}};
    assert_int_equal(hf_private_key_generate(HF_KEY_P256, &w->key, NULL),
                     HF_OK);
    assert_int_equal(hf_private_key_signer(w->key, &w->signer, NULL), HF_OK);
    assert_int_equal(hf_talk_open(&w->talk, &w->http, HF_SPAN(CA "directory"),
                                  hf_span_str(directory_text), &w->signer,
                                  NULL),
                     HF_OK);
    hf_session_set_account(w->talk.session, HF_SPAN(CA "acct/1"));
    for (size_t i = 0; i < JOBS; i++)
        w->jobs[i].job =
            (struct hf_order_job){.wish = {.dns = &name,
                                           .dns_count = 1,
                                           .csr_der = HF_SPAN("\x30\x00")},
                                  .patience_ms = 600000,
                                  .choose = choose,
                                  .ended = ended,
                                  .state = &w->jobs[i]};
}

static void run(struct world *w, size_t count)
{
    struct hf_order_job *jobs[JOBS];

    for (size_t i = 0; i < count; i++)
        jobs[i] = &w->jobs[i].job;
    hf_orders_run(&w->talk, jobs, count);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(w->jobs[i].ends, 1);
}

static void tear_down(struct world *w)
{
    for (size_t i = 0; i < JOBS; i++)
        hf_order_engine_free(w->jobs[i].job.engine);
    hf_talk_close(&w->talk);
    hf_signer_clear(&w->signer);
    hf_private_key_free(w->key);
}

/* It ended well, with the chain of this order. */
static void expect_chain(const struct job *job, unsigned number)
{
    struct hf_order_result result;
    char text[32];
    int n = snprintf(text, sizeof(text), "CHAIN %u", number);

    assert_true(n > 0);
    assert_int_equal(job->job.err, HF_OK);
    hf_order_result(job->job.engine, &result);
    assert_int_equal(result.failure, HF_ORDER_GOOD);
    assert_span_equal(result.chain, hf_span_str(text));
}

/* ---- the tests ---- */

/* Eight are open until all are placed, and each gets what is its own. */
static void a_window_that_rolls(void **state)
{
    struct world w;

    (void)state;
    set_up(&w);
    run(&w, JOBS);
    for (unsigned i = 0; i < JOBS; i++)
        expect_chain(&w.jobs[i], i + 1);
    assert_int_equal(w.server.orders, JOBS);
    assert_int_equal(w.server.open, 0);
    tear_down(&w);
}

static void none_at_all(void **state)
{
    struct world w;

    (void)state;
    set_up(&w);
    run(&w, 0);
    assert_int_equal(w.server.replies, 0);
    tear_down(&w);
}

static void what_fails_for_one(void **state)
{
    struct hf_order_result result;
    struct world w;

    (void)state;
    set_up(&w);
    w.server.refused = 3;
    w.jobs[JOBS - 1].job.wish.dns_count = 0; /* there is no such order */
    w.server.orders = 1;                     /* so that all are placed at 20 */
    run(&w, JOBS);
    assert_int_equal(w.jobs[JOBS - 1].job.err, HF_EINVAL);
    assert_null(w.jobs[JOBS - 1].job.engine);
    hf_order_result(w.jobs[1].job.engine, &result);
    assert_int_equal(result.failure, HF_ORDER_REFUSED);
    for (unsigned i = 0; i < JOBS - 1; i++)
        if (i != 1)
            expect_chain(&w.jobs[i], i + 2);
    tear_down(&w);
}

/* Whatever the moment: some have ended, some are open, some wait. */
static void all_stop(void **state)
{
    unsigned good = 0;

    (void)state;
    for (unsigned n = 1; good < JOBS; n++) {
        struct world w;

        set_up(&w);
        w.server.breaks_after = n;
        run(&w, JOBS);
        good = 0;
        for (size_t i = 0; i < JOBS; i++) {
            good += w.jobs[i].job.err == HF_OK;
            assert_true(w.jobs[i].job.err == HF_OK ||
                        w.jobs[i].job.err == HF_ECANCELED);
            assert_int_equal(w.jobs[i].job.engine != NULL,
                             w.jobs[i].job.err == HF_OK);
        }
        tear_down(&w);
    }
}

static void every_allocation_fails(void **state)
{
    bool good = false;

    (void)state;
    for (long n = 0; !good; n++) {
        struct world w;

        set_up(&w);
        w.server.breaks_after = 1000; /* never; the window is not looked at */
        hf_alloc_fail_after(n, true);
        run(&w, 2);
        hf_alloc_fail_after(-1, false);
        good = true;
        for (size_t i = 0; i < 2; i++) {
            struct hf_order_result result = {.failure = HF_ORDER_FAULT};

            if (w.jobs[i].job.engine != NULL)
                hf_order_result(w.jobs[i].job.engine, &result);
            assert_int_equal(w.jobs[i].job.engine != NULL,
                             w.jobs[i].job.err == HF_OK);
            good = good && result.failure == HF_ORDER_GOOD;
        }
        tear_down(&w);
        assert_true(n < 1000);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_window_that_rolls),    cmocka_unit_test(none_at_all),
        cmocka_unit_test(what_fails_for_one),     cmocka_unit_test(all_stop),
        cmocka_unit_test(every_allocation_fails),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
