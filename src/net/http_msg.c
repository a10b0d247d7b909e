/* SPDX-License-Identifier: Apache-2.0 */
#include "net/http_msg.h"

#include <openssl/x509_vfy.h>

#include "base/alloc.h"
#include "base/octets.h"
#include "holdfast/name.h"

#define PATH_TEXT_MAX 4096
#define NUMBER_MAX    INT32_MAX

const struct hf_greeting hf_net_greetings[HF_NET_STARTS] = {
    [HF_NET_STARTED] = {HF_OK, NULL},
    [HF_NET_MEMORY] = {HF_ENOMEM, "HTTP client: out of memory"},
    [HF_NET_BROKEN] = {HF_ESYNTAX, "HTTP client: broken configuration"},
    [HF_NET_CA_FILE] = {HF_ENOTFOUND,
                        "HTTP client: a file of CA certificates cannot be "
                        "read"},
    [HF_NET_CA_EMPTY] = {HF_ESYNTAX,
                         "HTTP client: a file of CA certificates has none in "
                         "PEM form"},
    [HF_NET_TLS] = {HF_ECRYPTO, "HTTP client: OpenSSL cannot be set up"},
    [HF_NET_IDENTITY] = {HF_ESYNTAX,
                         "HTTP client: the certificate and the key of our own "
                         "cannot be read, or do not belong together"},
    [HF_NET_WALL] = {HF_EPEER,
                     "HTTP client: this kernel cannot wall it in (Landlock "
                     "and seccomp); --sandbox=off goes without"},
};

/* What OpenSSL says of a chain that ends where nobody trusts it helps nobody.
 */
static const char *untrusted(int detail)
{
    switch (detail) {
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
        return "the certificate of the server is of no CA that is trusted "
               "here; "
               "--ca-bundle (or --remote-ca) names another";
    default:
        return X509_verify_cert_error_string(detail);
    }
}

const char *hf_net_reason(enum hf_http_failure failure, int detail)
{
    switch (failure) {
    case HF_HTTP_REPLIED:
        return NULL;
    case HF_HTTP_NO_ADDRESS:
        return "the name of the server cannot be resolved";
    case HF_HTTP_NO_CONNECT:
        return "cannot connect to the server";
    case HF_HTTP_SLOW_CONNECT:
        return "cannot connect to the server within the time allowed";
    case HF_HTTP_NO_TLS:
        return "the server does not speak TLS 1.2 or newer with us";
    case HF_HTTP_UNTRUSTED:
        return untrusted(detail);
    case HF_HTTP_TIMEOUT:
        return "no complete reply within the time allowed";
    case HF_HTTP_LONG_HEADER:
        return "the header of the reply is too large";
    case HF_HTTP_LONG_BODY:
        return "the body of the reply is too large";
    case HF_HTTP_SILENT:
        return "the server closed the connection without a reply";
    case HF_HTTP_CUT_OFF:
        return "the server closed the connection in the middle of its reply";
    case HF_HTTP_NOT_HTTP:
        return "the reply is not HTTP, or is broken";
    case HF_HTTP_BAD_LENGTH:
        return "the reply contradicts itself about its length";
    case HF_HTTP_BAD_FIELD:
        return "a header field of the reply has octets that it cannot have, "
               "or too many";
    case HF_HTTP_INTERIM:
        return "the server sent an interim reply (1xx), which nobody wanted";
    case HF_HTTP_ENCODED:
        return "the body of the reply is compressed, which nobody wanted";
    case HF_HTTP_LOST:
        return "the process that speaks HTTP ended; the request may have "
               "reached the server";
    }
    return NULL;
}

static enum hf_err broken(struct hf_why *why)
{
    return hf_fail(why, HF_ESYNTAX, 0, "HTTP client: broken message");
}

/* A number that a count or a duration of ours can be. */
static bool take_size(struct hf_span *rest, size_t *out)
{
    uint64_t value;

    if (!hf_take_number(rest, 4, &value) || value > NUMBER_MAX)
        return false;
    *out = (size_t)value;
    return true;
}

void hf_net_put_config(struct hf_buf *out, const struct hf_http_config *config)
{
    size_t at = hf_frame_begin(out, HF_FRAME_CONFIG);

    hf_put_number(out, config->no_wall, 1);
    hf_put_number(out, config->probes, 1);
    hf_put_number(out, config->window, 4);
    hf_put_number(out, config->connections, 4);
    hf_put_number(out, config->body_max, 4);
    hf_put_number(out, config->header_max, 4);
    hf_put_number(out, (uint64_t)config->connect_ms, 4);
    hf_put_text(out, hf_span_str(config->user_agent));
    hf_put_text(out, hf_span_str(config->own_chain));
    hf_put_text(out, hf_span_str(config->own_key));
    hf_put_number(out, config->ca_file_count, 1);
    for (size_t i = 0; i < config->ca_file_count; i++)
        hf_put_text(out, hf_span_str(config->ca_files[i]));
    hf_frame_end(out, at);
}

/* A copy of the next text with a NUL behind it; NULL when there is one
 * inside. */
static const char *keep_text(struct hf_buf *room, struct hf_span *rest)
{
    const char *kept = room->ptr + room->len;
    struct hf_span text;

    if (!hf_take_text(rest, PATH_TEXT_MAX, &text) ||
        hf_span_find(text, '\0') != text.len)
        return NULL;
    hf_buf_put(room, text);
    hf_buf_putc(room, '\0');
    return room->full ? NULL : kept;
}

enum hf_err hf_net_read_config(struct hf_span body, struct hf_net_room *room,
                               struct hf_http_config *out, struct hf_why *why)
{
    struct hf_http_config config = {0};
    struct hf_buf kept;
    size_t connect_ms = 0;
    unsigned count = 0;

    hf_buf_init(&kept, room->text, sizeof(room->text));
    if (!hf_take_flag(&body, &config.no_wall) ||
        !hf_take_flag(&body, &config.probes) ||
        !take_size(&body, &config.window) ||
        !take_size(&body, &config.connections) ||
        !take_size(&body, &config.body_max) ||
        !take_size(&body, &config.header_max) || !take_size(&body, &connect_ms))
        return broken(why);
    config.connect_ms = (int64_t)connect_ms;
    config.user_agent = keep_text(&kept, &body);
    config.own_chain = keep_text(&kept, &body);
    config.own_key = keep_text(&kept, &body);
    if (config.user_agent == NULL || config.own_chain == NULL ||
        config.own_key == NULL ||
        !hf_take_below(&body, HF_HTTP_FILES_MAX + 1, &count))
        return broken(why);
    config.ca_file_count = count;
    for (size_t i = 0; i < count; i++) {
        config.ca_files[i] = keep_text(&kept, &body);
        if (config.ca_files[i] == NULL)
            return broken(why);
    }
    if (body.len > 0)
        return broken(why);
    *out = config;
    return HF_OK;
}

void hf_net_put_request(struct hf_buf *out,
                        const struct hf_net_request *request)
{
    size_t at = hf_frame_begin(out, HF_NET_REQUEST);

    hf_put_number(out, request->ticket, 8);
    hf_put_number(out, request->timeout_ms, 4);
    hf_put_number(out, request->method, 1);
    hf_put_number(out, request->kind, 1);
    hf_put_number(out, request->tls, 1);
    hf_put_number(out, request->port, 2);
    hf_put_text(out, request->host);
    hf_put_number(out, request->address_count, 1);
    for (size_t i = 0; i < request->address_count; i++)
        hf_put_text(out, request->addresses[i]);
    hf_put_text(out, request->authority);
    hf_put_text(out, request->target);
    hf_put_text(out, request->accept);
    hf_put_text(out, request->content_type);
    hf_buf_put(out, request->body);
    hf_frame_end(out, at);
}

/* Where to: what a connection needs to know. */
static bool take_server(struct hf_span *rest, struct hf_net_request *out)
{
    unsigned kind, count;
    uint64_t port;

    if (!hf_take_below(rest, HF_URL_IPV6 + 1, &kind) ||
        !hf_take_flag(rest, &out->tls) || !hf_take_number(rest, 2, &port) ||
        !hf_take_text(rest, HF_NAME_MAX, &out->host) ||
        !hf_take_below(rest, HF_NET_ADDRESSES_MAX + 1, &count) || count == 0)
        return false;
    out->kind = (enum hf_url_host)kind;
    out->port = (uint16_t)port;
    out->address_count = count;
    for (size_t i = 0; i < count; i++)
        if (!hf_take_text(rest, HF_NET_ADDRESS_MAX, &out->addresses[i]))
            return false;
    return true;
}

enum hf_err hf_net_read_request(struct hf_span body, struct hf_net_request *out,
                                struct hf_why *why)
{
    struct hf_net_request request = {0};
    uint64_t timeout_ms;
    unsigned method;

    if (!hf_take_number(&body, 8, &request.ticket) ||
        !hf_take_number(&body, 4, &timeout_ms) ||
        !hf_take_below(&body, HF_HTTP_HANDSHAKE + 1, &method) ||
        !take_server(&body, &request) ||
        !hf_take_text(&body, HF_URL_MAX, &request.authority) ||
        !hf_take_text(&body, HF_URL_MAX, &request.target) ||
        !hf_take_text(&body, HF_NET_FIELD_MAX, &request.accept) ||
        !hf_take_text(&body, HF_NET_FIELD_MAX, &request.content_type) ||
        body.len > HF_HTTP_SEND_MAX)
        return broken(why);
    request.timeout_ms = (uint32_t)timeout_ms;
    request.method = (enum hf_http_method)method;
    request.body = body;
    *out = request;
    return HF_OK;
}

void hf_net_put_reply(struct hf_buf *out, const struct hf_net_reply *reply)
{
    const struct hf_http_reply *r = &reply->reply;
    size_t at = hf_frame_begin(out, HF_NET_REPLY);

    hf_put_number(out, reply->ticket, 8);
    hf_put_number(out, r->address, 1);
    hf_put_number(out, r->failure, 1);
    if (r->failure != HF_HTTP_REPLIED) {
        hf_put_number(out, (uint64_t)reply->detail, 4);
        hf_frame_end(out, at);
        return;
    }
    hf_put_number(out, (uint64_t)r->status, 2);
    hf_put_text(out, r->content_type);
    hf_put_text(out, r->location);
    hf_put_text(out, r->replay_nonce);
    hf_put_text(out, r->retry_after);
    hf_put_number(out, r->link_count, 1);
    for (size_t i = 0; i < r->link_count; i++) {
        hf_put_text(out, r->links[i].url);
        hf_put_text(out, r->links[i].rel);
    }
    hf_buf_put(out, r->body);
    hf_frame_end(out, at);
}

bool hf_net_is_clean(struct hf_span text, size_t max, bool blanks)
{
    char least = blanks ? ' ' : '!';

    if (text.len > max)
        return false;
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] < least || text.ptr[i] > '~')
            return false;
    return true;
}

static bool take_field(struct hf_span *rest, bool blanks, struct hf_span *out)
{
    return hf_take_text(rest, HF_NET_FIELD_MAX, out) &&
           hf_net_is_clean(*out, HF_NET_FIELD_MAX, blanks);
}

static bool take_reply(struct hf_span rest, struct hf_http_reply *out)
{
    uint64_t status;
    unsigned count;

    if (!hf_take_number(&rest, 2, &status) || status < 200 || status > 599 ||
        !take_field(&rest, false, &out->content_type) ||
        !take_field(&rest, false, &out->location) ||
        !take_field(&rest, false, &out->replay_nonce) ||
        !take_field(&rest, true, &out->retry_after) ||
        !hf_take_below(&rest, HF_HTTP_LINKS_MAX + 1, &count))
        return false;
    for (size_t i = 0; i < count; i++)
        if (!take_field(&rest, false, &out->links[i].url) ||
            !take_field(&rest, true, &out->links[i].rel))
            return false;
    out->status = (int)status;
    out->link_count = count;
    out->body = rest;
    return true;
}

enum hf_err hf_net_read_reply(struct hf_span body, struct hf_net_reply *out,
                              struct hf_why *why)
{
    struct hf_net_reply read = {0};
    unsigned address;
    unsigned failure;
    size_t detail = 0;

    if (!hf_take_number(&body, 8, &read.ticket) ||
        !hf_take_below(&body, HF_NET_ADDRESSES_MAX, &address) ||
        !hf_take_below(&body, HF_HTTP_LOST + 1, &failure))
        return broken(why);
    read.reply.address = address;
    read.reply.failure = (enum hf_http_failure)failure;
    if (failure != HF_HTTP_REPLIED) {
        if (!take_size(&body, &detail) || body.len > 0)
            return broken(why);
        read.detail = (int)detail;
        read.reply.reason = hf_net_reason(read.reply.failure, read.detail);
        *out = read;
        return HF_OK;
    }
    read.reply.bytes = hf_alloc(body.len + 1, 1);
    if (read.reply.bytes == NULL)
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    if (body.len > 0)
        memcpy(read.reply.bytes, body.ptr, body.len);
    body.ptr = read.reply.bytes;
    if (!take_reply(body, &read.reply)) {
        hf_http_reply_clear(&read.reply);
        return broken(why);
    }
    *out = read;
    return HF_OK;
}
