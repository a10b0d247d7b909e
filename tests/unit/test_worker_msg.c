/* SPDX-License-Identifier: Apache-2.0 */
#include "base/alloc.h"
#include "dns/found.h"
#include "dns/worker_msg.h"
#include "tests/unit/unit.h"

#define ROOM 8192

/* One record of three octets. */
#define RECORD "\0\3abc"

static const struct hf_found good = {
    .state = HF_FOUND_DATA,
    .security = HF_SECURE,
    .rcode = 0,
    .synthesised = true,
    .authoritative = true,
    .type = 16,
    .ttl_s = 300,
    .owner = HF_SPAN_INIT("b.example"),
    .server = HF_SPAN_INIT("libunbound"),
    .chain = {{.owner = HF_SPAN_INIT("a.example"),
               .target = HF_SPAN_INIT("b.example"),
               .ttl_s = 60,
               .synthesised = true}},
    .chain_count = 1,
    .records = HF_SPAN_INIT(RECORD RECORD),
    .record_count = 2,
};

static struct hf_span body_of(struct hf_buf *out)
{
    struct hf_span in = hf_buf_span(out);
    struct hf_frame frame = {0};
    bool more = false;

    assert_int_equal(hf_frame_cut(&in, HF_FRAME_MAX, &frame, &more, NULL),
                     HF_OK);
    assert_true(more);
    assert_int_equal(in.len, 0);
    return frame.body;
}

static void answer_comes_back(void **state)
{
    char room[ROOM];
    struct hf_buf out;
    struct hf_found found = {0};
    struct hf_span rest, rdata;
    uint64_t ticket = 0;

    (void)state;
    hf_buf_init(&out, room, sizeof(room));
    hf_msg_put_answer(&out, 0x1122334455667788, &good);
    assert_int_equal(hf_msg_read_answer(body_of(&out), &ticket, &found, NULL),
                     HF_OK);
    assert_true(ticket == 0x1122334455667788);
    assert_int_equal(found.state, HF_FOUND_DATA);
    assert_int_equal(found.security, HF_SECURE);
    assert_int_equal(found.ttl_s, 300);
    assert_true(found.authoritative && !found.no_route);
    assert_true(found.synthesised && found.chain[0].synthesised);
    assert_span_equal(found.owner, HF_SPAN("b.example"));
    assert_span_equal(found.chain[0].target, HF_SPAN("b.example"));
    assert_int_equal(found.chain[0].ttl_s, 60);
    rest = found.records;
    assert_true(hf_found_next(&rest, &rdata));
    assert_span_equal(rdata, HF_SPAN("abc"));
    assert_true(hf_found_next(&rest, &rdata));
    assert_false(hf_found_next(&rest, &rdata));
    hf_found_clear(&found);
}

static void no_memory(void **state)
{
    char room[ROOM];
    struct hf_buf out;
    struct hf_found found = {0};
    uint64_t ticket = 0;

    (void)state;
    hf_buf_init(&out, room, sizeof(room));
    hf_msg_put_answer(&out, 7, &good);
    hf_alloc_fail_after(0, false);
    assert_int_equal(hf_msg_read_answer(body_of(&out), &ticket, &found, NULL),
                     HF_ENOMEM);
    hf_alloc_fail_after(-1, false);
    assert_true(ticket == 0 && found.bytes == NULL);
}

/* A body that is cut anywhere, or goes on, is refused; so is a frame of no
 * octets, of too many, of an unknown kind. */
static void cut_answers_are_refused(void **state)
{
    char room[ROOM];
    struct hf_buf out;
    struct hf_span body;
    struct hf_found found = {0};
    uint64_t ticket = 0;

    (void)state;
    hf_buf_init(&out, room, sizeof(room));
    hf_msg_put_answer(&out, 7, &good);
    hf_buf_putc(&out, 'x'); /* behind the frame: not part of the body */
    out.len--;
    body = body_of(&out);
    for (size_t len = 0; len < body.len; len++)
        assert_int_equal(hf_msg_read_answer((struct hf_span){body.ptr, len},
                                            &ticket, &found, NULL),
                         HF_ESYNTAX);
    body.len++;
    assert_int_equal(hf_msg_read_answer(body, &ticket, &found, NULL),
                     HF_ESYNTAX);
    assert_true(ticket == 0 && found.bytes == NULL);
}

/* What a worker that was taken over might claim. */
static const struct {
    const char *name;
    struct hf_found found;
} lies[] = {
    {"REQ VAL-30: bogus with data",
     {.state = HF_FOUND_DATA,
      .security = HF_BOGUS,
      .type = 16,
      .owner = HF_SPAN_INIT("a"),
      .records = HF_SPAN_INIT(RECORD),
      .record_count = 1}},
    {"bogus that is no failure",
     {.state = HF_FOUND_NODATA,
      .security = HF_BOGUS,
      .type = 16,
      .owner = HF_SPAN_INIT("a")}},
    {"data without records",
     {.state = HF_FOUND_DATA, .type = 16, .owner = HF_SPAN_INIT("a")}},
    {"no data, but records",
     {.state = HF_FOUND_NODATA,
      .type = 16,
      .owner = HF_SPAN_INIT("a"),
      .records = HF_SPAN_INIT(RECORD),
      .record_count = 1}},
    {"fewer records than it says",
     {.state = HF_FOUND_DATA,
      .type = 16,
      .owner = HF_SPAN_INIT("a"),
      .records = HF_SPAN_INIT(RECORD),
      .record_count = 2}},
    {"more records than it says",
     {.state = HF_FOUND_DATA,
      .type = 16,
      .owner = HF_SPAN_INIT("a"),
      .records = HF_SPAN_INIT(RECORD RECORD),
      .record_count = 1}},
    {"no owner", {.state = HF_FOUND_NODATA, .type = 16}},
    {"an escape sequence for an owner",
     {.state = HF_FOUND_NODATA,
      .type = 16,
      .owner = HF_SPAN_INIT("a\033[31m")}},
    {"a control octet in the reason",
     {.state = HF_FOUND_FAILURE,
      .type = 16,
      .owner = HF_SPAN_INIT("a"),
      .reason = HF_SPAN_INIT("x\ny")}},
    {"a blank in a chain",
     {.state = HF_FOUND_NODATA,
      .type = 16,
      .owner = HF_SPAN_INIT("a"),
      .chain = {{.owner = HF_SPAN_INIT("a b"), .target = HF_SPAN_INIT("c")}},
      .chain_count = 1}},
    {"an answer where there is no way to the server",
     {.state = HF_FOUND_NODATA,
      .no_route = true,
      .type = 16,
      .owner = HF_SPAN_INIT("a")}},
    {"an rcode from where there is no way",
     {.state = HF_FOUND_FAILURE,
      .no_route = true,
      .rcode = 2,
      .type = 16,
      .owner = HF_SPAN_INIT("a")}},
    {"an rcode that does not exist",
     {.state = HF_FOUND_FAILURE,
      .rcode = 24,
      .type = 16,
      .owner = HF_SPAN_INIT("a")}},
};

static void lies_are_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(lies); i++) {
        char room[ROOM];
        struct hf_buf out;
        struct hf_found found = {0};

        hf_buf_init(&out, room, sizeof(room));
        hf_found_put(&out, &lies[i].found);
        if (hf_found_read(hf_buf_span(&out), &found, NULL) != HF_ESYNTAX)
            fail_msg("%s", lies[i].name);
    }
}

static void config_comes_back(void **state)
{
    const struct hf_resolver_config config = {
        .trust_anchors = {"/one", "/two"},
        .trust_anchor_count = 2,
        .stubs = {{HF_SPAN_INIT("."), HF_SPAN_INIT("127.0.0.1@5300")},
                  {HF_SPAN_INIT("example"), HF_SPAN_INIT("::1")}},
        .stub_count = 2,
        .forward = "127.0.0.1",
        .root_hints = "/hints",
        .source = "127.0.0.5",
        .anchor = ". IN DS 1",
        .window = 100,
        .cache_max_s = 60,
        .forgets = true,
        .no_wall = true};
    static struct hf_config_room kept;
    struct hf_resolver_config got;
    struct hf_span body;
    char room[ROOM];
    struct hf_buf out;

    (void)state;
    hf_buf_init(&out, room, sizeof(room));
    hf_msg_put_config(&out, &config);
    body = body_of(&out);
    assert_int_equal(hf_msg_read_config(body, &kept, &got, NULL), HF_OK);
    assert_int_equal(got.trust_anchor_count, 2);
    assert_string_equal(got.trust_anchors[1], "/two");
    assert_int_equal(got.stub_count, 2);
    assert_span_equal(got.stubs[1].zone, HF_SPAN("example"));
    assert_span_equal(got.stubs[1].address, HF_SPAN("::1"));
    assert_string_equal(got.forward, "127.0.0.1");
    assert_string_equal(got.root_hints, "/hints");
    assert_string_equal(got.source, "127.0.0.5");
    assert_string_equal(got.anchor, ". IN DS 1");
    assert_int_equal(got.window, 100);
    assert_int_equal(got.cache_max_s, 60);
    assert_true(got.forgets);
    assert_true(got.no_wall);
    /* Cut in the middle of a part. */
    body.len--;
    assert_int_equal(hf_msg_read_config(body, &kept, &got, NULL), HF_ESYNTAX);
}

static void query_comes_back(void **state)
{
    const struct hf_worker_query query = {.ticket = 9,
                                          .timeout_ms = 1500,
                                          .type = 257,
                                          .owner = HF_SPAN_INIT("a.example")};
    struct hf_worker_query got = {0};
    struct hf_span body;
    char room[ROOM];
    struct hf_buf out;

    (void)state;
    hf_buf_init(&out, room, sizeof(room));
    hf_msg_put_query(&out, &query);
    body = body_of(&out);
    assert_int_equal(hf_msg_read_query(body, &got, NULL), HF_OK);
    assert_true(got.ticket == 9 && got.timeout_ms == 1500 && got.type == 257);
    assert_span_equal(got.owner, query.owner);
    body.len--;
    assert_int_equal(hf_msg_read_query(body, &got, NULL), HF_ESYNTAX);
}

/* Every way a start can fail has a code and a sentence. */
static void greetings(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(hf_worker_greetings); i++) {
        const struct hf_greeting *greeting = &hf_worker_greetings[i];

        assert_int_equal(greeting->err == HF_OK, i == HF_WORKER_READY);
        assert_int_equal(greeting->text == NULL, i == HF_WORKER_READY);
    }
}

static struct hf_found found_of(struct hf_span records, size_t count)
{
    return (struct hf_found){.state =
                                 count > 0 ? HF_FOUND_DATA : HF_FOUND_NXDOMAIN,
                             .owner = HF_SPAN("a"),
                             .records = records,
                             .record_count = count};
}

/* REQ MON-16: what counts as the same answer. */
static void agreement(void **state)
{
    struct hf_found ab = found_of(HF_SPAN("\0\1a\0\1b"), 2);
    struct hf_found ba = found_of(HF_SPAN("\0\1b\0\1a"), 2);
    struct hf_found ac = found_of(HF_SPAN("\0\1a\0\1c"), 2);
    struct hf_found a = found_of(HF_SPAN("\0\1a"), 1);
    struct hf_found none = found_of(HF_SPAN(""), 0);
    struct hf_found nodata = none;
    struct hf_found alias = none;
    struct hf_found other = none;
    struct hf_found failure = none;

    (void)state;
    nodata.state = HF_FOUND_NODATA;
    failure.state = HF_FOUND_FAILURE;
    alias.chain_count = other.chain_count = 1;
    alias.chain[0].target = HF_SPAN("x");
    other.chain[0].target = HF_SPAN("y");
    assert_true(hf_found_agrees(&ab, &ba));
    assert_false(hf_found_agrees(&ab, &ac));
    assert_false(hf_found_agrees(&ab, &a));
    assert_false(hf_found_agrees(&a, &ab));
    assert_false(hf_found_agrees(&a, &none));
    ac.owner = HF_SPAN("b");
    assert_false(hf_found_agrees(&ab, &ac));
    ba.owner = HF_SPAN("b");
    assert_true(hf_found_agrees(&ab, &ba));
    assert_true(hf_found_agrees(&none, &nodata));
    assert_false(hf_found_agrees(&none, &failure));
    assert_false(hf_found_agrees(&alias, &none));
    assert_false(hf_found_agrees(&alias, &other));
    assert_true(hf_found_agrees(&alias, &alias));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answer_comes_back),
        cmocka_unit_test(no_memory),
        cmocka_unit_test(cut_answers_are_refused),
        cmocka_unit_test(lies_are_refused),
        cmocka_unit_test(config_comes_back),
        cmocka_unit_test(query_comes_back),
        cmocka_unit_test(greetings),
        cmocka_unit_test(agreement),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
