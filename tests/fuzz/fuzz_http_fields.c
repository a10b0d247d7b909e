/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <event2/http.h>
#include <event2/http_struct.h>
#include <stdint.h>
#include <stdlib.h>

#include "net/http_msg.h"
#include "net/http_read.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define TEXT_MAX 4096

/* "name:value", as evhttp hands it on: no NUL, no end of line inside. */
static void add_field(struct evkeyvalq *fields, struct hf_span line)
{
    char name[TEXT_MAX], value[TEXT_MAX];
    struct hf_span head = hf_span_cut(&line, hf_span_find(line, ':'));

    (void)hf_span_skip(&line, ':');
    if (head.len >= sizeof(name) || line.len >= sizeof(value))
        return;
    memcpy(name, head.ptr, head.len);
    name[head.len] = '\0';
    if (line.len > 0)
        memcpy(value, line.ptr, line.len);
    value[line.len] = '\0';
    (void)evhttp_add_header(fields, name, value);
}

static void check_fields(const struct hf_http_reply *reply)
{
    assert(reply->status >= 200 && reply->status <= 599);
    assert(hf_net_is_clean(reply->content_type, HF_NET_FIELD_MAX, false));
    assert(hf_span_find(reply->content_type, ';') == reply->content_type.len);
    assert(hf_net_is_clean(reply->location, HF_NET_FIELD_MAX, false));
    assert(hf_net_is_clean(reply->replay_nonce, HF_NET_FIELD_MAX, false));
    assert(hf_net_is_clean(reply->retry_after, HF_NET_FIELD_MAX, true));
    assert(reply->link_count <= HF_HTTP_LINKS_MAX);
    for (size_t i = 0; i < reply->link_count; i++) {
        assert(hf_net_is_clean(reply->links[i].url, HF_NET_FIELD_MAX, false));
        assert(hf_net_is_clean(reply->links[i].rel, HF_NET_FIELD_MAX, true));
    }
}

/* What the worker takes its parent reads. */
static void check_message(const struct hf_http_reply *reply)
{
    const struct hf_net_reply sent = {.ticket = 1, .reply = *reply};
    struct hf_net_reply got = {0};
    struct hf_frame frame = {0};
    struct hf_span rest;
    struct hf_buf out;
    bool more = false;

    hf_buf_init_grow(&out, HF_FRAME_HEAD + HF_NET_REPLY_MAX(0));
    hf_net_put_reply(&out, &sent);
    assert(!out.full);
    rest = hf_buf_span(&out);
    assert(hf_frame_cut(&rest, HF_NET_REPLY_MAX(0), &frame, &more, NULL) ==
               HF_OK &&
           more);
    assert(hf_net_read_reply(frame.body, &got, NULL) == HF_OK);
    assert(got.reply.link_count == reply->link_count);
    hf_http_reply_clear(&got.reply);
    hf_buf_clear(&out);
}

/* A status in two octets, then lines: a header that evhttp let through. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct hf_span rest = {(const char *)data, size};
    struct evhttp_request *req = evhttp_request_new(NULL, NULL);
    struct hf_http_reply reply = {0};

    if (req == NULL || size < 2) {
        if (req != NULL)
            evhttp_request_free(req);
        return 0;
    }
    req->major = 1;
    req->minor = 1;
    req->response_code = data[0] << 8 | data[1];
    (void)hf_span_cut(&rest, 2);
    while (rest.len > 0) {
        add_field(evhttp_request_get_input_headers(req),
                  hf_span_cut(&rest, hf_span_find(rest, '\n')));
        (void)hf_span_skip(&rest, '\n');
    }
    (void)hf_http_keeps_open(req);
    if (hf_http_check_header(req, HF_HTTP_GET, 100) == HF_HTTP_REPLIED &&
        hf_http_take_fields(req, &reply) == HF_HTTP_REPLIED) {
        check_fields(&reply);
        check_message(&reply);
    }
    evhttp_request_free(req);
    return 0;
}
