/* SPDX-License-Identifier: Apache-2.0 */
/* One order, against every way in which servers answer. */
#include <stdio.h>

#include "acme/order_engine.h"
#include "base/alloc.h"
#include "tests/unit/acme_fixture.h"

#define ORDER    CA "order/1"
#define AUTHZ(n) CA "authz/" #n
#define PENDING  "{\"status\":\"pending\",\"finalize\":\"" CA "fin\""

#define CHALLENGES                                                             \
    "\"challenges\":["                                                         \
    "{\"type\":\"from-the-future-01\",\"url\":\"" CA "chall/0\"},"             \
    "{\"type\":\"dns-persist-01\",\"url\":\"" CA "chall/1\","                  \
    "\"status\":\"pending\",\"issuer-domain-names\":[\"ca.example\"]}]"

#define AUTHZ_TEXT(status, name)                                               \
    "{\"status\":\"" status "\",\"identifier\":{\"type\":\"dns\",\"value\":"   \
    "\"" name "\"}," CHALLENGES "}"

struct order {
    struct hf_directory directory;
    struct hf_order_wish wish;
    struct hf_order_engine *engine;
    int64_t now_ms;
    struct hf_order_step step;
};

static const struct hf_span names[] = {HF_SPAN_INIT("a.example"),
                                       HF_SPAN_INIT("*.b.example")};

static void set_up(struct order *order)
{
    *order = (struct order){
        .wish = {.dns = names,
                 .dns_count = 2,
                 .csr_der = HF_SPAN("\x30\x00"),
                 .give_up_at_ms = 100000},
        .now_ms = 1000,
    };
    assert_int_equal(
        hf_directory_read(hf_span_str(directory_text), &order->directory, NULL),
        HF_OK);
}

static void begin(struct order *order)
{
    assert_int_equal(hf_order_engine_new(&order->directory, &order->wish,
                                         &order->engine, NULL),
                     HF_OK);
}

static void tear_down(struct order *order)
{
    hf_order_engine_free(order->engine);
    hf_directory_clear(&order->directory);
}

static void need(struct order *order, enum hf_order_need what)
{
    hf_order_next(order->engine, at_ms(order->now_ms), &order->step);
    assert_int_equal(order->step.need, what);
}

/* The next thing is a call to this URL with this payload. */
static uint64_t expect_call(struct order *order, const char *url,
                            const char *payload)
{
    need(order, HF_ORDER_CALL);
    assert_span_equal(order->step.call.url, hf_span_str(url));
    assert_span_equal(order->step.call.payload, hf_span_str(payload));
    assert_int_equal(order->step.call.kind, HF_CALL_KID);
    assert_int_equal(order->step.call.give_up_at_ms, order->wish.give_up_at_ms);
    return order->step.ticket;
}

static void answer_with(struct order *order, uint64_t ticket,
                        const struct hf_http_reply *reply)
{
    struct hf_called called = {.ticket = ticket, .reply = *reply};

    hf_order_called(order->engine, ticket, &called, at_ms(order->now_ms));
}

static void answer(struct order *order, uint64_t ticket, int status,
                   const char *body)
{
    struct hf_http_reply reply = reply_of(status, body);

    answer_with(order, ticket, &reply);
}

/* Order, and the answer to it. */
static void place(struct order *order, const char *body)
{
    struct hf_http_reply reply = reply_of(201, body);
    uint64_t ticket = expect_call(
        order, CA "order",
        "{\"identifiers\":[{\"type\":\"dns\",\"value\":\"a.example\"},"
        "{\"type\":\"dns\",\"value\":\"*.b.example\"}]}");

    reply.location = HF_SPAN(ORDER);
    answer_with(order, ticket, &reply);
}

/* Wait until the engine wants to be woken, and look again. */
static void sleep_on(struct order *order)
{
    need(order, HF_ORDER_WAIT);
    assert_true(order->step.wake_ms > order->now_ms);
    assert_true(order->step.wake_ms < INT64_MAX);
    order->now_ms = order->step.wake_ms;
}

static void call(struct order *order, const char *url, const char *payload,
                 const char *body)
{
    answer(order, expect_call(order, url, payload), 200, body);
}

static void choose(struct order *order, const char *name)
{
    need(order, HF_ORDER_CHOOSE);
    assert_span_equal(order->step.authz->name, hf_span_str(name));
    assert_span_equal(order->step.authz->challenges[1].persist.type,
                      HF_SPAN("dns-persist-01"));
    hf_order_chosen(order->engine, order->step.index, 1);
}

static void finish(struct order *order)
{
    call(order, CA "fin", "{\"csr\":\"MAA\"}",
         "{\"status\":\"valid\",\"certificate\":\"" CA "cert\"}");
    answer(order, expect_call(order, CA "cert", ""), 200, "CHAIN");
    assert_span_equal(order->step.call.accept,
                      HF_SPAN("application/pem-certificate-chain"));
}

static void expect_end(struct order *order, enum hf_order_failure failure,
                       const char *text)
{
    struct hf_order_result result;

    need(order, HF_ORDER_END);
    hf_order_result(order->engine, &result);
    assert_span_equal(result.text, hf_span_str(text));
    assert_int_equal(result.failure, failure);
    if (failure == HF_ORDER_GOOD)
        assert_span_equal(result.chain, HF_SPAN("CHAIN"));
}

#define TWO PENDING ",\"authorizations\":[\"" AUTHZ(1) "\",\"" AUTHZ(2) "\"]}"
#define ONE PENDING ",\"authorizations\":[\"" AUTHZ(1) "\"]}"

/* REQ CHAL-09, CLI-30: `{}`; and both names go side by side. */
static void whole_story(void **state)
{
    struct order order;
    uint64_t one;
    uint64_t two;

    (void)state;
    set_up(&order);
    begin(&order);
    place(&order, TWO);
    one = expect_call(&order, AUTHZ(1), "");
    two = expect_call(&order, AUTHZ(2), "");
    need(&order, HF_ORDER_WAIT);
    answer(&order, two, 200, AUTHZ_TEXT("pending", "b.example"));
    answer(&order, one, 200, AUTHZ_TEXT("pending", "a.example"));
    choose(&order, "a.example");
    one = expect_call(&order, CA "chall/1", "{}");
    choose(&order, "b.example");
    two = expect_call(&order, CA "chall/1", "{}");
    answer(&order, one, 200, "{\"status\":\"processing\"}");
    answer(&order, two, 200, "{\"status\":\"processing\"}");
    sleep_on(&order);
    call(&order, AUTHZ(1), "", AUTHZ_TEXT("pending", "a.example"));
    call(&order, AUTHZ(2), "", AUTHZ_TEXT("valid", "b.example"));
    sleep_on(&order);
    call(&order, AUTHZ(1), "", AUTHZ_TEXT("valid", "a.example"));
    finish(&order);
    expect_end(&order, HF_ORDER_GOOD, "");
    tear_down(&order);
}

/* REQ CLI-31, JIT-07: no POST to a challenge. */
static void valid_at_once(void **state)
{
    struct order order;

    (void)state;
    set_up(&order);
    begin(&order);
    place(&order, ONE);
    call(&order, AUTHZ(1), "", AUTHZ_TEXT("valid", "a.example"));
    finish(&order);
    expect_end(&order, HF_ORDER_GOOD, "");
    tear_down(&order);
}

/* Ready without a single authorization; and the certificate straight away. */
static void short_cuts(void **state)
{
    struct order order;

    (void)state;
    set_up(&order);
    begin(&order);
    place(&order, "{\"status\":\"ready\",\"authorizations\":[],\"finalize\":"
                  "\"" CA "fin\"}");
    finish(&order);
    expect_end(&order, HF_ORDER_GOOD, "");
    hf_order_engine_free(order.engine);

    begin(&order);
    place(&order, "{\"status\":\"valid\",\"certificate\":\"" CA "cert\"}");
    answer(&order, expect_call(&order, CA "cert", ""), 200, "CHAIN");
    expect_end(&order, HF_ORDER_GOOD, "");
    tear_down(&order);
}

/* Processing after finalize, with the server's own pace. */
static void polls_at_the_servers_pace(void **state)
{
    struct hf_http_reply reply = reply_of(200, "{\"status\":\"processing\"}");
    struct order order;
    uint64_t ticket;

    (void)state;
    set_up(&order);
    begin(&order);
    place(&order, "{\"status\":\"ready\",\"finalize\":\"" CA "fin\"}");
    ticket = expect_call(&order, CA "fin", "{\"csr\":\"MAA\"}");
    reply.retry_after = HF_SPAN("7");
    answer_with(&order, ticket, &reply);
    need(&order, HF_ORDER_WAIT);
    assert_int_equal(order.step.wake_ms, order.now_ms + 7000);
    order.now_ms += 7000;
    ticket = expect_call(&order, ORDER, "");
    reply.retry_after = HF_SPAN("999999"); /* nobody waits that long */
    answer_with(&order, ticket, &reply);
    need(&order, HF_ORDER_WAIT);
    assert_int_equal(order.step.wake_ms, order.now_ms + 60000);
    order.now_ms += 60000;
    call(&order, ORDER, "",
         "{\"status\":\"valid\",\"certificate\":\"" CA "cert\"}");
    answer(&order, expect_call(&order, CA "cert", ""), 200, "CHAIN");
    expect_end(&order, HF_ORDER_GOOD, "");
    tear_down(&order);
}

/* Without a hint: 1, 2, 4, ... at most 1000 ms. */
static void polls_soon_and_then_later(void **state)
{
    struct order order;
    int64_t wait_ms = 1;

    (void)state;
    set_up(&order);
    begin(&order);
    place(&order, "{\"status\":\"processing\"}");
    for (int i = 0; i < 12; i++) {
        int64_t before = order.now_ms;

        sleep_on(&order);
        assert_int_equal(order.now_ms - before, wait_ms);
        wait_ms = wait_ms * 2 > 1000 ? 1000 : wait_ms * 2;
        call(&order, ORDER, "", "{\"status\":\"processing\"}");
    }
    tear_down(&order);
}

/* One name fails, the other is heard to its end; the text names both. */
static void every_failure_is_told(void **state)
{
    struct order order;

    (void)state;
    set_up(&order);
    begin(&order);
    place(&order, TWO);
    call(&order, AUTHZ(1), "",
         "{\"status\":\"invalid\",\"identifier\":{\"value\":\"a.example\"},"
         "\"challenges\":[{\"type\":\"dns-persist-01\",\"status\":\"invalid\","
         "\"error\":{\"type\":\"urn:ietf:params:acme:error:unauthorized\","
         "\"detail\":\"no \\u001b[31m record\"}}]}");
    call(&order, AUTHZ(2), "", AUTHZ_TEXT("pending", "b.example"));
    need(&order, HF_ORDER_CHOOSE);
    hf_order_declined(order.engine, order.step.index,
                      HF_SPAN("nothing can be done"));
    expect_end(&order, HF_ORDER_UNVALIDATED,
               "a.example: dns-persist-01 failed: unauthorized: no \\027[31m "
               "record\nb.example: nothing can be done");
    tear_down(&order);
}

/* An answer got lost, and what it was an answer to was done. */
static void lost_answers(void **state)
{
    struct order order;

    (void)state;
    set_up(&order);
    begin(&order);
    place(&order, ONE);
    call(&order, AUTHZ(1), "", AUTHZ_TEXT("pending", "a.example"));
    choose(&order, "a.example");
    answer(&order, expect_call(&order, CA "chall/1", "{}"), 504, "");
    sleep_on(&order);
    call(&order, AUTHZ(1), "", AUTHZ_TEXT("valid", "a.example"));
    answer(&order, expect_call(&order, CA "fin", "{\"csr\":\"MAA\"}"), 502, "");
    sleep_on(&order);
    call(&order, ORDER, "",
         "{\"status\":\"valid\",\"certificate\":\"" CA "cert\"}");
    call(&order, CA "cert", "", "CHAIN");
    expect_end(&order, HF_ORDER_GOOD, "");
    tear_down(&order);
}

/* Or it was not: then once more, and not for ever. The second one may be
 * refused because the first was on its way. */
static void lost_questions(void **state)
{
    static const struct {
        int last;
        const char *text;
    } ends[] = {{504, "a.example: HTTP status 504"},
                {400, "a.example: HTTP status 400"}};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct order order;

        set_up(&order);
        begin(&order);
        place(&order, ONE);
        for (int n = 0; n < 4; n++) {
            call(&order, AUTHZ(1), "", AUTHZ_TEXT("pending", "a.example"));
            choose(&order, "a.example");
            answer(&order, expect_call(&order, CA "chall/1", "{}"),
                   n == 0 ? 504 : ends[i].last, "");
            if (n < 3)
                sleep_on(&order);
        }
        expect_end(&order, i == 0 ? HF_ORDER_UNANSWERED : HF_ORDER_REFUSED,
                   ends[i].text);
        tear_down(&order);
    }
}

struct refusal {
    int status;
    const char *body;
    enum hf_order_failure failure;
    const char *text;
};

static void refused_orders(void **state)
{
    static const struct refusal rows[] = {
        {400,
         "{\"type\":\"urn:ietf:params:acme:error:rejectedIdentifier\","
         "\"detail\":\"no\",\"subproblems\":[{\"type\":\"urn:ietf:params:"
         "acme:error:caa\",\"detail\":\"forbids\",\"identifier\":{\"value\":"
         "\"a.example\"}}]}",
         HF_ORDER_REFUSED,
         "the CA did not take the order: rejectedIdentifier: no; a.example: "
         "caa: forbids"},
        {429, "{\"type\":\"urn:ietf:params:acme:error:rateLimited\"}",
         HF_ORDER_RATE_LIMITED, "the CA did not take the order: rateLimited"},
        /* RFC 8555, 7.3.3 */
        {403,
         "{\"type\":\"urn:ietf:params:acme:error:userActionRequired\","
         "\"detail\":\"new terms\",\"instance\":\"https://ca/agree\"}",
         HF_ORDER_REFUSED,
         "the CA did not take the order: userActionRequired: new terms; open "
         "this in a browser, and agree there: https://ca/agree"},
        {403, "<html>", HF_ORDER_REFUSED,
         "the CA did not take the order: HTTP status 403"},
        {500, "{}", HF_ORDER_UNANSWERED,
         "the CA did not take the order: no reason given"},
        {301, "", HF_ORDER_UNANSWERED,
         "the CA did not take the order: HTTP status 301"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct hf_http_reply reply = reply_of(rows[i].status, rows[i].body);
        struct hf_order_result result;
        struct order order;

        set_up(&order);
        begin(&order);
        need(&order, HF_ORDER_CALL);
        reply.retry_after = HF_SPAN("120");
        answer_with(&order, order.step.ticket, &reply);
        expect_end(&order, rows[i].failure, rows[i].text);
        hf_order_result(order.engine, &result);
        assert_int_equal(result.retry_after_s, 120);
        tear_down(&order);
    }
}

/* What a server can send in place of an order, an authorization, a chain. */
static void nonsense(void **state)
{
    static const char *const orders[] = {
        "",
        "[]",
        "nonsense",
        "{}",
        "{\"status\":7}",
        "{\"status\":\"deactivated\"}",
        "{\"status\":\"pending\",\"authorizations\":[\"\"]}",
        "{\"status\":\"pending\",\"authorizations\":[7]}",
        "{\"status\":\"pending\",\"status\":\"ready\"}",
    };
    struct hf_order_result result;
    struct order order;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(orders); i++) {
        set_up(&order);
        begin(&order);
        place(&order, orders[i]);
        need(&order, HF_ORDER_END);
        hf_order_result(order.engine, &result);
        assert_int_equal(result.failure, HF_ORDER_UNANSWERED);
        assert_true(result.text.len > 0);
        tear_down(&order);
    }
    set_up(&order);
    begin(&order);
    place(&order, ONE);
    call(&order, AUTHZ(1), "", "nonsense");
    need(&order, HF_ORDER_END);
    tear_down(&order);
}

/* RFC 9773, section 5: an order may go on without "replaces". */
static void goes_on_without_replaces(int status, const char *problem,
                                     enum hf_order_failure failure,
                                     const char *end)
{
    struct hf_http_reply reply = reply_of(status, problem);
    struct order order;
    uint64_t ticket;

    set_up(&order);
    order.wish.dns_count = 1;
    order.wish.replaces = HF_SPAN("aki.serial");
    order.wish.profile = HF_SPAN("short");
    begin(&order);
    ticket = expect_call(
        &order, CA "order",
        "{\"identifiers\":[{\"type\":\"dns\",\"value\":\"a.example\"}],"
        "\"profile\":\"short\",\"replaces\":\"aki.serial\"}");
    assert_true(order.step.call.once);
    answer_with(&order, ticket, &reply);
    ticket = expect_call(
        &order, CA "order",
        "{\"identifiers\":[{\"type\":\"dns\",\"value\":\"a.example\"}],"
        "\"profile\":\"short\"}");
    answer_with(&order, ticket, &reply); /* again: that was it */
    expect_end(&order, failure, end);
    tear_down(&order);
}

static void replaces(void **state)
{
    (void)state;
    goes_on_without_replaces(
        409, "{\"type\":\"urn:ietf:params:acme:error:alreadyReplaced\"}",
        HF_ORDER_REFUSED, "the CA did not take the order: alreadyReplaced");
    /* Pebble, of some serial numbers. */
    goes_on_without_replaces(
        500, "{\"type\":\"urn:ietf:params:acme:error:serverInternal\"}",
        HF_ORDER_UNANSWERED, "the CA did not take the order: serverInternal");
}

/* RFC 9444, section 4.3: an order may go on without ancestors, which only some
 * names have; and then without "replaces", too. */
static void ancestors(void **state)
{
    static const char refusal[] =
        "{\"type\":\"urn:ietf:params:acme:error:malformed\"}";
    static const char alone[] =
        "{\"identifiers\":[{\"type\":\"dns\",\"value\":\"a.example\"},"
        "{\"type\":\"dns\",\"value\":\"*.b.example\"}]";
    const struct hf_span above[] = {{0}, HF_SPAN("example")};
    struct order order;
    char payload[300];

    (void)state;
    set_up(&order);
    order.wish.ancestors = above;
    order.wish.replaces = HF_SPAN("aki.serial");
    begin(&order);
    answer(&order,
           expect_call(
               &order, CA "order",
               "{\"identifiers\":[{\"type\":\"dns\",\"value\":\"a.example\"},"
               "{\"type\":\"dns\",\"value\":\"*.b.example\","
               "\"ancestorDomain\":\"example\"}],"
               "\"replaces\":\"aki.serial\"}"),
           400, refusal);
    (void)snprintf(payload, sizeof(payload), "%s,\"replaces\":\"aki.serial\"}",
                   alone);
    answer(&order, expect_call(&order, CA "order", payload), 400, refusal);
    (void)snprintf(payload, sizeof(payload), "%s}", alone);
    answer(&order, expect_call(&order, CA "order", payload), 400, refusal);
    expect_end(&order, HF_ORDER_REFUSED,
               "the CA did not take the order: malformed");
    tear_down(&order);
}

/* What has nothing to do with ancestors is said at once. */
static void ancestors_are_not_to_blame(void **state)
{
    const struct hf_span above[] = {HF_SPAN("example"), HF_SPAN("example")};
    struct order order;

    (void)state;
    set_up(&order);
    order.wish.ancestors = above;
    begin(&order);
    need(&order, HF_ORDER_CALL);
    answer(&order, order.step.ticket, 403,
           "{\"type\":\"urn:ietf:params:acme:error:userActionRequired\"}");
    expect_end(&order, HF_ORDER_REFUSED,
               "the CA did not take the order: userActionRequired");
    tear_down(&order);
    set_up(&order);
    begin(&order); /* and without any, nothing is tried twice */
    need(&order, HF_ORDER_CALL);
    answer(&order, order.step.ticket, 400,
           "{\"type\":\"urn:ietf:params:acme:error:malformed\"}");
    expect_end(&order, HF_ORDER_REFUSED,
               "the CA did not take the order: malformed");
    tear_down(&order);
}

/* The order lags behind its authorizations. */
static void not_ready(void **state)
{
    struct order order;

    (void)state;
    set_up(&order);
    begin(&order);
    place(&order, ONE);
    call(&order, AUTHZ(1), "", AUTHZ_TEXT("valid", "a.example"));
    answer(&order, expect_call(&order, CA "fin", "{\"csr\":\"MAA\"}"), 403,
           "{\"type\":\"urn:ietf:params:acme:error:orderNotReady\"}");
    sleep_on(&order);
    call(&order, ORDER, "", PENDING "}");
    sleep_on(&order);
    call(&order, ORDER, "",
         "{\"status\":\"ready\",\"finalize\":\"" CA "fin\"}");
    finish(&order);
    expect_end(&order, HF_ORDER_GOOD, "");
    tear_down(&order);
}

/* And not for ever. */
static void never_ready(void **state)
{
    struct order order;

    (void)state;
    set_up(&order);
    begin(&order);
    place(&order, ONE);
    call(&order, AUTHZ(1), "", AUTHZ_TEXT("valid", "a.example"));
    for (int tries = 1; tries <= 5; tries++) {
        answer(&order, expect_call(&order, CA "fin", "{\"csr\":\"MAA\"}"), 403,
               "{\"type\":\"urn:ietf:params:acme:error:orderNotReady\"}");
        if (tries == 5)
            break;
        sleep_on(&order);
        call(&order, ORDER, "",
             "{\"status\":\"ready\",\"finalize\":\"" CA "fin\"}");
    }
    expect_end(&order, HF_ORDER_REFUSED,
               "the CA did not finalize the order: orderNotReady");
    tear_down(&order);
}

/* An order that is nowhere cannot be looked at. */
static void nowhere(void **state)
{
    struct order order;

    (void)state;
    set_up(&order);
    begin(&order);
    need(&order, HF_ORDER_CALL);
    answer(&order, order.step.ticket, 201, ONE);
    expect_end(&order, HF_ORDER_UNANSWERED,
               "RFC 8555 7.4: the server did not say where the order is");
    tear_down(&order);
}

/* Time is up while a call is under way: its end is waited for, for it still
 * borrows from the engine; what it says counts no more. */
static void time_is_up(void **state)
{
    struct order order;
    uint64_t ticket;

    (void)state;
    set_up(&order);
    begin(&order);
    place(&order, ONE);
    ticket = expect_call(&order, AUTHZ(1), "");
    order.now_ms = order.wish.give_up_at_ms;
    need(&order, HF_ORDER_WAIT);
    assert_true(order.step.wake_ms == INT64_MAX);
    answer(&order, ticket, 200, AUTHZ_TEXT("valid", "a.example"));
    expect_end(&order, HF_ORDER_TIMED_OUT,
               "the CA did not finish the order in time");
    tear_down(&order);
}

static void alternates(void **state)
{
    struct hf_http_reply reply = reply_of(200, "CHAIN");
    struct hf_order_result result;
    struct order order;
    uint64_t ticket;

    (void)state;
    set_up(&order);
    order.wish.alternates = true;
    begin(&order);
    place(&order, "{\"status\":\"valid\",\"certificate\":\"" CA "cert\"}");
    ticket = expect_call(&order, CA "cert", "");
    reply.links[0] = (struct hf_http_link){HF_SPAN(CA "dir"), HF_SPAN("index")};
    reply.links[1] =
        (struct hf_http_link){HF_SPAN(CA "cert/1"), HF_SPAN("alternate")};
    reply.links[2] =
        (struct hf_http_link){HF_SPAN(CA "cert/2"), HF_SPAN("alternate")};
    reply.link_count = 3;
    answer_with(&order, ticket, &reply);
    answer(&order, expect_call(&order, CA "cert/1", ""), 404, "");
    answer(&order, expect_call(&order, CA "cert/2", ""), 200, "OTHER");
    expect_end(&order, HF_ORDER_GOOD, "");
    hf_order_result(order.engine, &result);
    assert_int_equal(result.alternate_count, 1);
    assert_span_equal(result.alternates[0], HF_SPAN("OTHER"));
    tear_down(&order);
}

/* A hundred names: as many calls at once as the window allows, none serial. */
static void place_hundred(struct order *order)
{
    static char text[100 * 40];
    struct hf_buf body;

    hf_buf_init(&body, text, sizeof(text) - 1);
    hf_buf_puts(&body, PENDING ",\"authorizations\":[");
    for (uint64_t i = 0; i < 100; i++) {
        hf_buf_puts(&body, i == 0 ? "\"" CA "authz/" : ",\"" CA "authz/");
        hf_buf_put_u64(&body, i);
        hf_buf_putc(&body, '"');
    }
    hf_buf_puts(&body, "]}");
    text[body.len] = '\0';
    set_up(order);
    begin(order);
    place(order, text);
}

/* How many it wants at once. */
static size_t count_calls(struct order *order)
{
    size_t calls = 0;

    for (hf_order_next(order->engine, at_ms(1000), &order->step);
         order->step.need == HF_ORDER_CALL;
         hf_order_next(order->engine, at_ms(1000), &order->step))
        calls++;
    return calls;
}

/* Whoever chooses may take their time, and then choose for all at once. */
static void chosen_at_once(void **state)
{
    struct order order;
    size_t chosen = 0;

    (void)state;
    place_hundred(&order);
    for (hf_order_next(order.engine, at_ms(1000), &order.step);
         order.step.need != HF_ORDER_WAIT;
         hf_order_next(order.engine, at_ms(1000), &order.step))
        if (order.step.need == HF_ORDER_CALL)
            answer(&order, order.step.ticket, 200,
                   AUTHZ_TEXT("pending", "a.example"));
        else
            chosen++;
    assert_int_equal(chosen, 100);
    for (size_t i = 0; i < chosen; i++)
        hf_order_chosen(order.engine, i, 1);
    assert_int_equal(count_calls(&order), 16);
    tear_down(&order);
}

static void many_names(void **state)
{
    struct order order;

    (void)state;
    place_hundred(&order);
    assert_int_equal(count_calls(&order), 16);
    /* Nothing but an answer, or the end, is worth waking up for. */
    assert_int_equal(order.step.need, HF_ORDER_WAIT);
    assert_int_equal(order.step.wake_ms, order.wish.give_up_at_ms);
    /* Each end makes room for the next. */
    answer(&order, 0, 200, AUTHZ_TEXT("valid", "a.example"));
    need(&order, HF_ORDER_CALL);
    assert_span_equal(order.step.call.url, HF_SPAN(CA "authz/16"));
    tear_down(&order);
}

/* A server may not ask for more than we can remember. */
static void too_many_authorizations(void **state)
{
    static char text[1001 * 8 + 128];
    struct hf_buf body;
    struct order order;

    (void)state;
    hf_buf_init(&body, text, sizeof(text) - 1);
    hf_buf_puts(&body, PENDING ",\"authorizations\":[\"u\"");
    for (int i = 0; i < 1000; i++)
        hf_buf_puts(&body, ",\"u\"");
    hf_buf_puts(&body, "]}");
    text[body.len] = '\0';
    set_up(&order);
    begin(&order);
    place(&order, text);
    expect_end(&order, HF_ORDER_UNANSWERED,
               "the CA's order cannot be read: the server wants more than "
               "1000 authorizations");
    tear_down(&order);
}

/* Fail the Nth allocation of a whole order, until one gets through. */
static void out_of_memory(void **state)
{
    struct hf_order_result result = {.failure = HF_ORDER_FAULT};

    (void)state;
    for (long n = 0; result.failure != HF_ORDER_GOOD; n++) {
        struct order order;

        assert_true(n < 100);
        set_up(&order);
        hf_alloc_fail_after(n, false);
        if (hf_order_engine_new(&order.directory, &order.wish, &order.engine,
                                NULL) != HF_OK) {
            hf_alloc_fail_after(-1, false);
            hf_directory_clear(&order.directory);
            continue;
        }
        for (int turn = 0; turn < 20; turn++) {
            static const char *const bodies[] = {
                ONE, AUTHZ_TEXT("valid", "a.example"),
                "{\"status\":\"valid\",\"certificate\":\"" CA "cert\"}",
                "CHAIN"};
            struct hf_http_reply reply = reply_of(200, bodies[turn % 4]);

            hf_order_next(order.engine, at_ms(order.now_ms), &order.step);
            if (order.step.need == HF_ORDER_END)
                break;
            assert_int_equal(order.step.need, HF_ORDER_CALL);
            reply.location = HF_SPAN(ORDER);
            answer_with(&order, order.step.ticket, &reply);
        }
        hf_alloc_fail_after(-1, false);
        hf_order_result(order.engine, &result);
        assert_int_equal(order.step.need, HF_ORDER_END);
        tear_down(&order);
    }
}

static void wishes(void **state)
{
    struct hf_order_engine *engine;
    struct order order;

    (void)state;
    set_up(&order);
    order.wish.dns_count = 0;
    assert_int_equal(
        hf_order_engine_new(&order.directory, &order.wish, &engine, NULL),
        HF_EINVAL);
    order.wish.ip_count = HF_AUTHZ_MAX + 1;
    assert_int_equal(
        hf_order_engine_new(&order.directory, &order.wish, &engine, NULL),
        HF_EINVAL);
    hf_order_engine_free(NULL);
    hf_directory_clear(&order.directory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_story),
        cmocka_unit_test(valid_at_once),
        cmocka_unit_test(short_cuts),
        cmocka_unit_test(polls_at_the_servers_pace),
        cmocka_unit_test(polls_soon_and_then_later),
        cmocka_unit_test(every_failure_is_told),
        cmocka_unit_test(lost_answers),
        cmocka_unit_test(lost_questions),
        cmocka_unit_test(refused_orders),
        cmocka_unit_test(nonsense),
        cmocka_unit_test(replaces),
        cmocka_unit_test(ancestors),
        cmocka_unit_test(ancestors_are_not_to_blame),
        cmocka_unit_test(not_ready),
        cmocka_unit_test(never_ready),
        cmocka_unit_test(nowhere),
        cmocka_unit_test(time_is_up),
        cmocka_unit_test(alternates),
        cmocka_unit_test(many_names),
        cmocka_unit_test(chosen_at_once),
        cmocka_unit_test(too_many_authorizations),
        cmocka_unit_test(out_of_memory),
        cmocka_unit_test(wishes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
