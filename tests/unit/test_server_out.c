/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>

#include "net/server_fixed.h"
#include "net/server_msg.h"
#include "net/server_out.h"
#include "tests/unit/unit.h"

static const struct hf_server_manner plain = {.date = HF_SPAN_INIT("D")};

/* All that is to be sent, in steps of at most `step` octets. */
static void collect(struct hf_server_out *out, size_t step, struct hf_buf *all)
{
    struct hf_span next = hf_server_out_next(out);

    while (next.len > 0) {
        if (next.len > step)
            next.len = step;
        hf_buf_put(all, next);
        hf_server_out_sent(out, next.len);
        next = hf_server_out_next(out);
    }
}

static const struct {
    struct hf_server_reply reply;
    bool closes;
    bool no_body;
    struct hf_span text;
} cases[] = {
    {{.status = 200, .body = HF_SPAN_INIT("b")},
     false,
     false,
     HF_SPAN_INIT("HTTP/1.1 200 OK\r\nDate: D\r\nContent-Length: 1\r\n\r\nb")},
    {{.status = 404, .content_type = HF_SPAN_INIT("a/b")},
     true,
     false,
     HF_SPAN_INIT("HTTP/1.1 404 Not Found\r\nDate: D\r\nContent-Type: a/b\r\n"
                  "Content-Length: 0\r\nConnection: close\r\n\r\n")},
    {{.status = 299,
      .fields = {{HF_SPAN_INIT("A"), HF_SPAN_INIT("b")},
                 {HF_SPAN_INIT("C"), HF_SPAN_INIT("")}},
      .field_count = 2,
      .body = HF_SPAN_INIT("left out")},
     false,
     true,
     HF_SPAN_INIT("HTTP/1.1 299 \r\nDate: D\r\nContent-Length: 8\r\nA: b\r\n"
                  "C: \r\n\r\n")},
    {{.status = 204, .body = HF_SPAN_INIT("left out")},
     false,
     false,
     HF_SPAN_INIT("HTTP/1.1 204 No Content\r\nDate: D\r\n\r\n")},
    {{.status = 304},
     false,
     false,
     HF_SPAN_INIT("HTTP/1.1 304 Not Modified\r\nDate: D\r\n\r\n")},
};

static void texts(void **state)
{
    struct hf_server_out out = {0};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct hf_server_manner manner = plain;
        char room[512];
        struct hf_buf all;

        manner.closes = cases[i].closes;
        manner.no_body = cases[i].no_body;
        hf_buf_init(&all, room, sizeof(room));
        assert_true(hf_server_out_begin(&out, &cases[i].reply, &manner, NULL));
        collect(&out, 3, &all);
        assert_span_equal(hf_buf_span(&all), cases[i].text);
    }
    hf_server_out_clear(&out);
}

/* A large body is shared by those who send it, and outlives its resource. */
static void shared(void **state)
{
    static char body[100000];
    struct hf_server_fixed_table *table = calloc(1, sizeof(*table));
    struct hf_server_reply reply = {.status = 200,
                                    .body = {body, sizeof(body)}};
    const struct hf_server_fixed *row;
    struct hf_server_out out[2] = {0};
    struct hf_buf frame, all;
    struct hf_span text;

    (void)state;
    memset(body, 'x', sizeof(body));
    hf_buf_init_grow(&frame, 200000);
    hf_buf_init_grow(&all, 200000);
    hf_server_put_fix(&frame, HF_SPAN("/a"), &reply);
    text = hf_buf_span(&frame);
    (void)hf_span_cut(&text, HF_FRAME_HEAD + 1);
    assert_int_equal(hf_server_fixed_obey(table, text, NULL), HF_OK);
    row = hf_server_fixed_find(table, HF_SPAN("/a"));
    assert_non_null(row);
    for (int i = 0; i < 2; i++)
        assert_true(
            hf_server_out_begin(&out[i], &row->reply, &plain, row->blob));
    assert_int_equal(row->blob->count, 3);
    hf_server_fixed_clear(table);
    memset(body, 'y', sizeof(body));
    for (int i = 0; i < 2; i++) {
        hf_buf_reset(&all);
        collect(&out[i], 5000, &all);
        assert_true(all.len > sizeof(body) && all.ptr[all.len - 1] == 'x');
        hf_server_out_clear(&out[i]);
    }
    /* One that nobody owns is copied. */
    assert_true(hf_server_out_begin(&out[0], &reply, &plain, NULL));
    memset(body, 'z', sizeof(body));
    hf_buf_reset(&all);
    collect(&out[0], SIZE_MAX, &all);
    assert_int_equal(all.ptr[all.len - 1], 'y');
    hf_server_out_clear(&out[0]);
    hf_buf_clear(&all);
    hf_buf_clear(&frame);
    free(table);
}

static enum hf_err fix(struct hf_server_fixed_table *table, struct hf_span name,
                       const struct hf_server_reply *reply)
{
    struct hf_buf frame;
    struct hf_span body;
    enum hf_err err;

    hf_buf_init_grow(&frame, (size_t)32 << 20);
    hf_server_put_fix(&frame, name, reply);
    body = hf_buf_span(&frame);
    (void)hf_span_cut(&body, HF_FRAME_HEAD + 1);
    err = hf_server_fixed_obey(table, body, NULL);
    hf_buf_clear(&frame);
    return err;
}

/* Its limits, and that it gives back what it took. */
static void table_limits(void **state)
{
    struct hf_server_fixed_table *table = calloc(1, sizeof(*table));
    struct hf_server_reply reply = {.status = 200};
    char *large = calloc(1, HF_SERVER_REPLY_MAX);
    char name[16] = "/";

    (void)state;
    for (int i = 0; i < HF_SERVER_FIXED_MAX; i++) {
        (void)snprintf(name, sizeof(name), "/%d", i);
        assert_int_equal(fix(table, hf_span_str(name), &reply), HF_OK);
    }
    assert_int_equal(fix(table, HF_SPAN("/more"), &reply), HF_ELIMIT);
    assert_int_equal(fix(table, HF_SPAN("/0"), &reply), HF_OK);
    assert_int_equal(fix(table, HF_SPAN("/0"), NULL), HF_OK);
    assert_int_equal(fix(table, HF_SPAN("/0"), NULL), HF_OK);
    assert_null(hf_server_fixed_find(table, HF_SPAN("/0")));
    assert_non_null(hf_server_fixed_find(table, HF_SPAN("/255")));
    assert_int_equal(fix(table, HF_SPAN("/more"), &reply), HF_OK);
    reply.body = (struct hf_span){large, HF_SERVER_REPLY_MAX};
    for (int i = 1; i < 4; i++) {
        (void)snprintf(name, sizeof(name), "/%d", i);
        assert_int_equal(fix(table, hf_span_str(name), &reply), HF_OK);
    }
    assert_int_equal(fix(table, HF_SPAN("/4"), &reply), HF_ELIMIT);
    assert_int_equal(fix(table, HF_SPAN("/3"), &reply), HF_OK);
    hf_server_fixed_clear(table);
    assert_int_equal(table->octets, 0);
    free(large);
    free(table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts),
        cmocka_unit_test(shared),
        cmocka_unit_test(table_limits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
