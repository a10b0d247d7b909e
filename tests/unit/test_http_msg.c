/* SPDX-License-Identifier: Apache-2.0 */
#include "base/alloc.h"
#include "base/octets.h"
#include "net/http_msg.h"
#include "tests/unit/unit.h"

#define S    HF_SPAN_INIT
#define ROOM 8192

static const struct hf_net_reply good = {
    .ticket = 0x1122334455667788,
    .reply = {.status = 201,
              .content_type = S("application/json"),
              .location = S("/acct/1"),
              .replay_nonce = S("abc"),
              .retry_after = S("Fri, 31 Dec 1999 23:59:59 GMT"),
              .links = {{S("/dir"), S("index")}, {S("/up"), S("")}},
              .link_count = 2,
              .body = S("{\0}\n")},
};

static struct hf_span body_of(struct hf_buf *out, unsigned kind)
{
    struct hf_span in = hf_buf_span(out);
    struct hf_frame frame = {0};
    bool more = false;

    assert_int_equal(hf_frame_cut(&in, ROOM, &frame, &more, NULL), HF_OK);
    assert_true(more);
    assert_int_equal(frame.kind, kind);
    assert_int_equal(in.len, 0);
    return frame.body;
}

static void reply_comes_back(void **state)
{
    char room[ROOM];
    struct hf_buf out;
    struct hf_net_reply got = {0};

    (void)state;
    hf_buf_init(&out, room, sizeof(room));
    hf_net_put_reply(&out, &good);
    assert_int_equal(hf_net_read_reply(body_of(&out, HF_NET_REPLY), &got, NULL),
                     HF_OK);
    memset(room, 0, sizeof(room)); /* the reply has a copy */
    assert_true(got.ticket == good.ticket);
    assert_int_equal(got.reply.failure, HF_HTTP_REPLIED);
    assert_null(got.reply.reason);
    assert_int_equal(got.reply.status, 201);
    assert_span_equal(got.reply.content_type, good.reply.content_type);
    assert_span_equal(got.reply.location, good.reply.location);
    assert_span_equal(got.reply.replay_nonce, good.reply.replay_nonce);
    assert_span_equal(got.reply.retry_after, good.reply.retry_after);
    assert_int_equal(got.reply.link_count, 2);
    assert_span_equal(got.reply.links[0].url, HF_SPAN("/dir"));
    assert_span_equal(got.reply.links[0].rel, HF_SPAN("index"));
    assert_span_equal(got.reply.links[1].url, HF_SPAN("/up"));
    assert_span_equal(got.reply.body, good.reply.body);
    hf_http_reply_clear(&got.reply);
    hf_http_reply_clear(&got.reply);
}

/* Every failure comes back, and has a sentence. */
static void failures_come_back(void **state)
{
    (void)state;
    for (unsigned i = HF_HTTP_NO_ADDRESS; i <= HF_HTTP_LOST; i++) {
        const struct hf_net_reply sent = {
            .ticket = i,
            .detail = 10, /* X509_V_ERR_CERT_HAS_EXPIRED */
            .reply = {.failure = (enum hf_http_failure)i}};
        struct hf_net_reply got = {0};
        char room[ROOM];
        struct hf_buf out;
        struct hf_span body;

        hf_buf_init(&out, room, sizeof(room));
        hf_net_put_reply(&out, &sent);
        body = body_of(&out, HF_NET_REPLY);
        assert_int_equal(hf_net_read_reply(body, &got, NULL), HF_OK);
        assert_int_equal(got.reply.failure, i);
        assert_int_equal(got.reply.status, 0);
        assert_non_null(got.reply.reason);
        assert_null(got.reply.bytes);
        if (i == HF_HTTP_UNTRUSTED)
            assert_string_equal(got.reply.reason, "certificate has expired");
        /* A failure says no more than that. */
        room[out.len] = 'x';
        body.len++;
        assert_int_equal(hf_net_read_reply(body, &got, NULL), HF_ESYNTAX);
    }
    assert_null(hf_net_reason(HF_HTTP_REPLIED, 0));
}

static void no_memory(void **state)
{
    char room[ROOM];
    struct hf_buf out;
    struct hf_net_reply got = {0};

    (void)state;
    hf_buf_init(&out, room, sizeof(room));
    hf_net_put_reply(&out, &good);
    hf_alloc_fail_after(0, false);
    assert_int_equal(hf_net_read_reply(body_of(&out, HF_NET_REPLY), &got, NULL),
                     HF_ENOMEM);
    hf_alloc_fail_after(-1, false);
    assert_true(got.ticket == 0 && got.reply.bytes == NULL);
}

/* Cut anywhere before the body of the reply, it is refused. */
static void cut_replies_are_refused(void **state)
{
    char room[ROOM];
    struct hf_buf out;
    struct hf_span body;
    struct hf_net_reply got = {0};

    (void)state;
    hf_buf_init(&out, room, sizeof(room));
    hf_net_put_reply(&out, &good);
    body = body_of(&out, HF_NET_REPLY);
    for (size_t len = 0; len < body.len - good.reply.body.len; len++)
        assert_int_equal(
            hf_net_read_reply((struct hf_span){body.ptr, len}, &got, NULL),
            HF_ESYNTAX);
    assert_true(got.ticket == 0 && got.reply.bytes == NULL);
}

/* What a worker that was taken over might claim. */
static const struct {
    const char *name;
    struct hf_http_reply reply;
} lies[] = {
    {"no status", {.status = 0}},
    {"an interim status", {.status = 199}},
    {"a status that does not exist", {.status = 600}},
    {"a type with a blank", {.status = 200, .content_type = S("a b")}},
    {"a line feed in Location", {.status = 200, .location = S("/a\n")}},
    {"an escape sequence in a nonce",
     {.status = 200, .replay_nonce = S("\033")}},
    {"a NUL in Retry-After", {.status = 200, .retry_after = S("1\0")}},
    {"DEL in a link",
     {.status = 200, .links = {{S("\x7f"), S("")}}, .link_count = 1}},
    {"a high octet in a relation",
     {.status = 200, .links = {{S("a"), S("\xff")}}, .link_count = 1}},
};

static void lies_are_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(lies); i++) {
        const struct hf_net_reply lie = {.reply = lies[i].reply};
        struct hf_net_reply got = {0};
        char room[ROOM];
        struct hf_buf out;

        hf_buf_init(&out, room, sizeof(room));
        hf_net_put_reply(&out, &lie);
        if (hf_net_read_reply(body_of(&out, HF_NET_REPLY), &got, NULL) !=
            HF_ESYNTAX)
            fail_msg("%s", lies[i].name);
    }
}

/* Numbers that no encoder of ours writes: ticket, failure, and so on. */
static void odd_numbers_are_refused(void **state)
{
    static const struct hf_span bodies[] = {
        S("\0\0\0\0\0\0\0\1\x63\0\0\0\0"),       /* unknown failure */
        S("\0\0\0\0\0\0\0\1\1\xff\xff\xff\xff"), /* detail is negative */
        S("\0\0\0\0\0\0\0\1\0\0\xc8\0\0\0\0\0\0\0\0\x11"), /* 17 links */
        S("\0\0\0\0\0\0\0\1\0\0\xc8\x8\1"), /* a field of 2049 octets */
    };
    struct hf_net_reply got;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(bodies); i++)
        assert_int_equal(hf_net_read_reply(bodies[i], &got, NULL), HF_ESYNTAX);
}

static const struct hf_net_request request = {
    .ticket = 9,
    .timeout_ms = 1500,
    .method = HF_HTTP_POST,
    .kind = HF_URL_NAME,
    .tls = true,
    .port = 14000,
    .host = S("ca.example"),
    .addresses = {S("2001:db8::1"), S("192.0.2.1")},
    .address_count = 2,
    .authority = S("ca.example:14000"),
    .target = S("/a?b"),
    .accept = S("application/json"),
    .content_type = S("application/jose+json"),
    .body = S("{}"),
};

static void request_comes_back(void **state)
{
    struct hf_net_request got = {0};
    char room[ROOM];
    struct hf_buf out;
    struct hf_span body;

    (void)state;
    hf_buf_init(&out, room, sizeof(room));
    hf_net_put_request(&out, &request);
    body = body_of(&out, HF_NET_REQUEST);
    assert_int_equal(hf_net_read_request(body, &got, NULL), HF_OK);
    assert_true(got.ticket == 9 && got.timeout_ms == 1500 && got.tls);
    assert_int_equal(got.method, HF_HTTP_POST);
    assert_int_equal(got.kind, HF_URL_NAME);
    assert_int_equal(got.port, 14000);
    assert_span_equal(got.host, request.host);
    assert_int_equal(got.address_count, 2);
    assert_span_equal(got.addresses[0], request.addresses[0]);
    assert_span_equal(got.addresses[1], request.addresses[1]);
    assert_span_equal(got.authority, request.authority);
    assert_span_equal(got.target, request.target);
    assert_span_equal(got.accept, request.accept);
    assert_span_equal(got.content_type, request.content_type);
    assert_span_equal(got.body, request.body);
    for (size_t len = 0; len < body.len - request.body.len; len++)
        assert_int_equal(
            hf_net_read_request((struct hf_span){body.ptr, len}, &got, NULL),
            HF_ESYNTAX);
}

static void request_without_address(void **state)
{
    struct hf_net_request none = request;
    struct hf_net_request got = {0};
    char room[ROOM];
    struct hf_buf out;

    (void)state;
    none.address_count = 0;
    hf_buf_init(&out, room, sizeof(room));
    hf_net_put_request(&out, &none);
    assert_int_equal(
        hf_net_read_request(body_of(&out, HF_NET_REQUEST), &got, NULL),
        HF_ESYNTAX);
}

static void config_comes_back(void **state)
{
    const struct hf_http_config config = {.ca_files = {"/one", "/two"},
                                          .ca_file_count = 2,
                                          .user_agent = "holdfast/1",
                                          .window = 7,
                                          .connections = 3,
                                          .body_max = 1000,
                                          .header_max = 2000,
                                          .connect_ms = 3000,
                                          .own_chain = "/chain",
                                          .own_key = "/key",
                                          .probes = true,
                                          .no_wall = true};
    static struct hf_net_room kept;
    struct hf_http_config got = {0};
    char room[ROOM];
    struct hf_buf out;
    struct hf_span body;

    (void)state;
    hf_buf_init(&out, room, sizeof(room));
    hf_net_put_config(&out, &config);
    body = body_of(&out, HF_FRAME_CONFIG);
    assert_int_equal(hf_net_read_config(body, &kept, &got, NULL), HF_OK);
    assert_int_equal(got.ca_file_count, 2);
    assert_string_equal(got.ca_files[0], "/one");
    assert_string_equal(got.ca_files[1], "/two");
    assert_string_equal(got.user_agent, "holdfast/1");
    assert_string_equal(got.own_chain, "/chain");
    assert_string_equal(got.own_key, "/key");
    assert_true(got.probes);
    assert_true(got.window == 7 && got.connections == 3);
    assert_true(got.body_max == 1000 && got.header_max == 2000);
    assert_true(got.connect_ms == 3000 && got.no_wall);
    for (size_t len = 0; len < body.len; len++)
        assert_int_equal(hf_net_read_config((struct hf_span){body.ptr, len},
                                            &kept, &got, NULL),
                         HF_ESYNTAX);
    room[out.len] = 'x';
    body.len++;
    assert_int_equal(hf_net_read_config(body, &kept, &got, NULL), HF_ESYNTAX);
}

/* Every way a start can fail has a code and a sentence. */
static void greetings(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(hf_net_greetings); i++) {
        const struct hf_greeting *greeting = &hf_net_greetings[i];

        assert_int_equal(greeting->err == HF_OK, i == HF_NET_STARTED);
        assert_int_equal(greeting->text == NULL, i == HF_NET_STARTED);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reply_comes_back),
        cmocka_unit_test(failures_come_back),
        cmocka_unit_test(no_memory),
        cmocka_unit_test(cut_replies_are_refused),
        cmocka_unit_test(lies_are_refused),
        cmocka_unit_test(odd_numbers_are_refused),
        cmocka_unit_test(request_comes_back),
        cmocka_unit_test(request_without_address),
        cmocka_unit_test(config_comes_back),
        cmocka_unit_test(greetings),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
