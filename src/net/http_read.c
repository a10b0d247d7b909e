/* SPDX-License-Identifier: Apache-2.0 */
#include "net/http_read.h"

#include <event2/http_struct.h>
#include <event2/keyvalq_struct.h>
#include <sys/queue.h>

#include "net/field.h"
#include "net/http_msg.h"
#include "net/link.h"

/* What says how long the body is. */
struct framing {
    unsigned length_count;
    unsigned coding_count;
    struct hf_span length;
    struct hf_span coding;
    struct hf_span encoding;
};

static void note_framing(struct framing *framing, struct hf_span name,
                         struct hf_span value)
{
    if (hf_span_eq_nocase(name, HF_SPAN("Content-Length"))) {
        framing->length_count++;
        framing->length = value;
    } else if (hf_span_eq_nocase(name, HF_SPAN("Transfer-Encoding"))) {
        framing->coding_count++;
        framing->coding = value;
    } else if (hf_span_eq_nocase(name, HF_SPAN("Content-Encoding"))) {
        framing->encoding = value;
    }
}

/* RFC 9112, section 6.3: one length, or chunks, and never both. */
static bool is_framed_once(const struct framing *framing)
{
    if (framing->length_count + framing->coding_count > 1)
        return false;
    if (framing->length_count == 1 && framing->length.len == 0)
        return false;
    for (size_t i = 0; i < framing->length.len; i++)
        if (!hf_is_digit(framing->length.ptr[i]))
            return false;
    return framing->coding_count == 0 ||
           hf_span_eq_nocase(framing->coding, HF_SPAN("chunked"));
}

/* More than `max`? Of digits, of which there may be any number. */
static bool is_above(struct hf_span digits, size_t max)
{
    size_t value = 0;

    for (size_t i = 0; i < digits.len && value <= max; i++)
        value = value * 10 + (size_t)(digits.ptr[i] - '0');
    return value > max;
}

enum hf_http_failure hf_http_check_header(struct evhttp_request *req,
                                          enum hf_http_method method,
                                          size_t body_max)
{
    struct evkeyvalq *fields = evhttp_request_get_input_headers(req);
    int status = evhttp_request_get_response_code(req);
    struct framing framing = {0};
    const struct evkeyval *field;

    if (status < 200)
        return status >= 100 ? HF_HTTP_INTERIM : HF_HTTP_NOT_HTTP;
    if (status > 599)
        return HF_HTTP_NOT_HTTP;
    TAILQ_FOREACH(field, fields, next)
    {
        struct hf_span name = hf_span_str(field->key);
        struct hf_span value = hf_field_trim(hf_span_str(field->value));

        if (!hf_field_is_token(name) || !hf_field_is_value(value))
            return HF_HTTP_BAD_FIELD;
        note_framing(&framing, name, value);
    }
    if (!is_framed_once(&framing))
        return HF_HTTP_BAD_LENGTH;
    if (framing.encoding.len > 0 &&
        !hf_span_eq_nocase(framing.encoding, HF_SPAN("identity")))
        return HF_HTTP_ENCODED;
    if (method != HF_HTTP_HEAD && is_above(framing.length, body_max))
        return HF_HTTP_LONG_BODY;
    return HF_HTTP_REPLIED;
}

static struct hf_span field_of(struct evhttp_request *req, const char *name)
{
    return hf_field_trim(hf_span_str(
        evhttp_find_header(evhttp_request_get_input_headers(req), name)));
}

bool hf_http_keeps_open(struct evhttp_request *req)
{
    struct hf_span rest = field_of(req, "Connection");
    struct hf_span word;

    if (req->major != 1 || req->minor != 1)
        return false;
    while (hf_field_next(&rest, &word))
        if (hf_span_eq_nocase(word, HF_SPAN("close")))
            return false;
    return true;
}

/* "application/json; charset=utf-8": what stands before the semicolon. */
static struct hf_span media_type(struct hf_span value)
{
    value.len = hf_span_find(value, ';');
    return hf_field_trim(value);
}

/* Links of one field that are fit to be handed on; more than we keep are
 * left out: ACME puts "index" and "up" first, and alternates are few. */
static void take_links(struct hf_span value, struct hf_http_reply *out)
{
    struct hf_http_link link;

    while (out->link_count < HF_HTTP_LINKS_MAX && hf_link_next(&value, &link))
        if (hf_net_is_clean(link.url, HF_NET_FIELD_MAX, false) &&
            hf_net_is_clean(link.rel, HF_NET_FIELD_MAX, true))
            out->links[out->link_count++] = link;
}

enum hf_http_failure hf_http_take_fields(struct evhttp_request *req,
                                         struct hf_http_reply *out)
{
    struct evkeyvalq *fields = evhttp_request_get_input_headers(req);
    struct hf_http_reply reply = {.status =
                                      evhttp_request_get_response_code(req)};
    const struct evkeyval *field;

    reply.content_type = media_type(field_of(req, "Content-Type"));
    reply.location = field_of(req, "Location");
    reply.replay_nonce = field_of(req, "Replay-Nonce");
    reply.retry_after = field_of(req, "Retry-After");
    if (!hf_net_is_clean(reply.content_type, HF_NET_FIELD_MAX, false) ||
        !hf_net_is_clean(reply.location, HF_NET_FIELD_MAX, false) ||
        !hf_net_is_clean(reply.replay_nonce, HF_NET_FIELD_MAX, false) ||
        !hf_net_is_clean(reply.retry_after, HF_NET_FIELD_MAX, true))
        return HF_HTTP_BAD_FIELD;
    TAILQ_FOREACH(field, fields, next)
    {
        if (hf_span_eq_nocase(hf_span_str(field->key), HF_SPAN("Link")))
            take_links(hf_span_str(field->value), &reply);
    }
    *out = reply;
    return HF_HTTP_REPLIED;
}
