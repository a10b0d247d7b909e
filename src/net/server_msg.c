/* SPDX-License-Identifier: Apache-2.0 */
#include "net/server_msg.h"

#include "base/octets.h"
#include "names/ip.h"
#include "net/field.h"
#include "net/http_msg.h"

#define METHOD_MAX 32

const struct hf_greeting hf_server_greetings[HF_SERVER_STARTS] = {
    [HF_SERVER_STARTED] = {HF_OK, NULL},
    [HF_SERVER_MEMORY] = {HF_ENOMEM, "HTTP server: out of memory"},
    [HF_SERVER_BROKEN] = {HF_ESYNTAX, "HTTP server: broken configuration"},
    [HF_SERVER_NO_TLS] = {HF_ECRYPTO,
                          "HTTP server: OpenSSL cannot be set up with this "
                          "certificate, key and client CA"},
    [HF_SERVER_SYSTEM] = {HF_ESYSTEM,
                          "HTTP server: the kernel does not let it listen, or "
                          "gives it too few descriptors"},
    [HF_SERVER_WALL] = {HF_EPEER,
                        "HTTP server: this kernel cannot wall it in (Landlock "
                        "and seccomp); --sandbox=off goes without"},
};

/* ---- words ---- */

/* A number from 1 to `max`. */
static bool take_size(struct hf_span *rest, size_t max, size_t *out)
{
    uint64_t value;

    if (!hf_take_number(rest, 4, &value) || value == 0 || value > max)
        return false;
    *out = (size_t)value;
    return true;
}

static bool take_ms(struct hf_span *rest, int64_t *out)
{
    size_t value;

    if (!take_size(rest, INT32_MAX, &value))
        return false;
    *out = (int64_t)value;
    return true;
}

void hf_server_put_word(struct hf_buf *out, enum hf_server_frame kind)
{
    size_t at = hf_frame_begin(out, kind);

    hf_frame_end(out, at);
}

/* ---- the configuration ---- */

void hf_server_put_config(struct hf_buf *out,
                          const struct hf_server_config *config)
{
    size_t at = hf_frame_begin(out, HF_FRAME_CONFIG);

    hf_put_number(out, config->no_wall, 1);
    hf_put_number(out, config->client_required, 1);
    hf_put_number(out, config->body_max, 4);
    hf_put_number(out, config->header_max, 4);
    hf_put_number(out, config->connections, 4);
    hf_put_number(out, config->per_address, 4);
    hf_put_number(out, config->window, 4);
    hf_put_number(out, (uint64_t)config->handshake_ms, 4);
    hf_put_number(out, (uint64_t)config->request_ms, 4);
    hf_put_number(out, (uint64_t)config->idle_ms, 4);
    hf_put_number(out, (uint64_t)config->answer_ms, 4);
    hf_put_number(out, config->retry_after_s, 4);
    hf_put_number(out, config->place_count, 4);
    for (size_t i = 0; i < config->place_count; i++)
        hf_put_number(out, config->places[i].plain, 1);
    hf_put_long(out, config->certificate);
    hf_put_long(out, config->key);
    hf_put_long(out, config->client_ca);
    hf_frame_end(out, at);
}

static bool take_limits(struct hf_span *rest, struct hf_server_config *out)
{
    size_t retry_after_s;

    if (!hf_take_flag(rest, &out->no_wall) ||
        !hf_take_flag(rest, &out->client_required) ||
        !take_size(rest, HF_SERVER_BODY_LIMIT, &out->body_max) ||
        !take_size(rest, HF_SERVER_HEADER_LIMIT, &out->header_max) ||
        !take_size(rest, HF_SERVER_CONNECTIONS_MAX, &out->connections) ||
        !take_size(rest, HF_SERVER_CONNECTIONS_MAX, &out->per_address) ||
        !take_size(rest, HF_SERVER_WINDOW_MAX, &out->window) ||
        !take_ms(rest, &out->handshake_ms) ||
        !take_ms(rest, &out->request_ms) || !take_ms(rest, &out->idle_ms) ||
        !take_ms(rest, &out->answer_ms) ||
        !take_size(rest, INT32_MAX, &retry_after_s))
        return false;
    out->retry_after_s = (unsigned)retry_after_s;
    return true;
}

bool hf_server_take_config(struct hf_span body, struct hf_server_place *places,
                           struct hf_server_config *out)
{
    struct hf_server_config config = {.places = places};

    if (!take_limits(&body, &config) ||
        !take_size(&body, HF_SERVER_PLACES_MAX, &config.place_count))
        return false;
    for (size_t i = 0; i < config.place_count; i++) {
        places[i] = (struct hf_server_place){0};
        if (!hf_take_flag(&body, &places[i].plain))
            return false;
    }
    if (!hf_take_long(&body, HF_SERVER_PEM_MAX, &config.certificate) ||
        !hf_take_long(&body, HF_SERVER_PEM_MAX, &config.key) ||
        !hf_take_long(&body, HF_SERVER_PEM_MAX, &config.client_ca) ||
        body.len > 0)
        return false;
    *out = config;
    return true;
}

void hf_server_put_reload(struct hf_buf *out, struct hf_span certificate,
                          struct hf_span key)
{
    size_t at = hf_frame_begin(out, HF_SERVER_RELOAD);

    hf_put_long(out, certificate);
    hf_put_long(out, key);
    hf_frame_end(out, at);
}

bool hf_server_take_reload(struct hf_span body, struct hf_span *certificate,
                           struct hf_span *key)
{
    return hf_take_long(&body, HF_SERVER_PEM_MAX, certificate) &&
           hf_take_long(&body, HF_SERVER_PEM_MAX, key) && body.len == 0;
}

/* ---- replies ---- */

static void put_reply(struct hf_buf *out, const struct hf_server_reply *reply)
{
    hf_put_number(out, (uint64_t)reply->status, 2);
    hf_put_text(out, reply->content_type);
    hf_put_number(out, reply->field_count, 1);
    for (size_t i = 0; i < reply->field_count; i++) {
        hf_put_text(out, reply->fields[i].name);
        hf_put_text(out, reply->fields[i].value);
    }
    hf_buf_put(out, reply->body);
}

static bool is_ours(struct hf_span name)
{
    static const struct hf_span ours[] = {
        HF_SPAN_INIT("Date"),         HF_SPAN_INIT("Connection"),
        HF_SPAN_INIT("Content-Type"), HF_SPAN_INIT("Content-Length"),
        HF_SPAN_INIT("Trailer"),      HF_SPAN_INIT("Transfer-Encoding"),
        HF_SPAN_INIT("Keep-Alive"),   HF_SPAN_INIT("Upgrade"),
    };

    return hf_span_among_nocase(name, ours, sizeof(ours) / sizeof(ours[0]));
}

static bool is_field(const struct hf_server_field *field)
{
    return hf_field_is_token(field->name) && !is_ours(field->name) &&
           hf_field_is_value(field->value) && field->name.len <= 64 &&
           field->value.len <= HF_SERVER_FIELD_MAX;
}

bool hf_server_reply_is_good(const struct hf_server_reply *reply)
{
    if (reply->status < 200 || reply->status > 599 ||
        !hf_net_is_clean(reply->content_type, HF_NET_FIELD_MAX, true) ||
        reply->field_count > HF_SERVER_FIELDS_MAX ||
        reply->body.len > HF_SERVER_REPLY_MAX)
        return false;
    for (size_t i = 0; i < reply->field_count; i++)
        if (!is_field(&reply->fields[i]))
            return false;
    return true;
}

static bool take_reply(struct hf_span rest, struct hf_server_reply *out)
{
    struct hf_server_reply reply = {0};
    uint64_t status, count;

    if (!hf_take_number(&rest, 2, &status) ||
        !hf_take_text(&rest, HF_NET_FIELD_MAX, &reply.content_type) ||
        !hf_take_number(&rest, 1, &count) || count > HF_SERVER_FIELDS_MAX)
        return false;
    reply.status = (int)status;
    reply.field_count = (size_t)count;
    for (size_t i = 0; i < reply.field_count; i++)
        if (!hf_take_text(&rest, UINT16_MAX, &reply.fields[i].name) ||
            !hf_take_text(&rest, UINT16_MAX, &reply.fields[i].value))
            return false;
    reply.body = rest;
    if (!hf_server_reply_is_good(&reply))
        return false;
    *out = reply;
    return true;
}

void hf_server_put_answer(struct hf_buf *out, uint64_t id,
                          const struct hf_server_reply *reply)
{
    size_t at = hf_frame_begin(out, HF_SERVER_ANSWER);

    hf_put_number(out, id, 8);
    put_reply(out, reply);
    hf_frame_end(out, at);
}

bool hf_server_take_answer(struct hf_span body, uint64_t *id,
                           struct hf_server_reply *out)
{
    return hf_take_number(&body, 8, id) && *id <= HF_SERVER_ID_MAX &&
           take_reply(body, out);
}

void hf_server_put_fix(struct hf_buf *out, struct hf_span target,
                       const struct hf_server_reply *reply)
{
    size_t at = hf_frame_begin(out, HF_SERVER_FIX);

    hf_put_text(out, target);
    hf_put_number(out, reply != NULL, 1);
    if (reply != NULL)
        put_reply(out, reply);
    hf_frame_end(out, at);
}

bool hf_server_take_fix(struct hf_span body, struct hf_span *target,
                        bool *there, struct hf_server_reply *out)
{
    if (!hf_take_text(&body, HF_NET_FIELD_MAX, target) || target->len == 0 ||
        !hf_take_flag(&body, there))
        return false;
    return *there ? take_reply(body, out) : body.len == 0;
}

/* ---- requests ---- */

void hf_server_put_request(struct hf_buf *out,
                           const struct hf_server_request *request)
{
    size_t at = hf_frame_begin(out, HF_SERVER_REQUEST);

    hf_put_number(out, request->id, 8);
    hf_put_number(out, request->place, 1);
    hf_put_number(out, request->method, 1);
    hf_put_text(out, request->method_text);
    hf_put_text(out, request->target);
    hf_put_text(out, request->host);
    hf_put_text(out, request->content_type);
    hf_put_text(out, request->accept);
    hf_put_text(out, request->accept_language);
    hf_put_text(out, request->user_agent);
    hf_put_text(out, request->authorization);
    hf_put_text(out, request->peer);
    hf_put_number(out, request->user, 4);
    hf_put_number(out, request->process, 4);
    hf_put_text(out, request->client_fingerprint);
    hf_buf_put(out, request->body);
    hf_frame_end(out, at);
}

static bool take_clean(struct hf_span *rest, size_t max, bool blanks,
                       struct hf_span *out)
{
    return hf_take_text(rest, max, out) && hf_net_is_clean(*out, max, blanks);
}

static bool is_peer(struct hf_span text)
{
    uint8_t octets[16];
    size_t len;

    return text.len == 0 || hf_ip_parse(text, octets, &len);
}

static bool is_fingerprint(struct hf_span text)
{
    for (size_t i = 0; i < text.len; i++)
        if (!hf_is_digit(text.ptr[i]) &&
            (text.ptr[i] < 'a' || text.ptr[i] > 'f'))
            return false;
    return text.len == 0 || text.len == HF_SERVER_FINGERPRINT_LEN;
}

static bool is_method(const struct hf_server_request *request)
{
    static const struct hf_span names[] = {
        [HF_SERVER_GET] = HF_SPAN_INIT("GET"),
        [HF_SERVER_HEAD] = HF_SPAN_INIT("HEAD"),
        [HF_SERVER_POST] = HF_SPAN_INIT("POST"),
    };

    if (request->method == HF_SERVER_OTHER)
        return hf_field_is_token(request->method_text) &&
               !hf_span_among(request->method_text, names, 3);
    return hf_span_eq(request->method_text, names[request->method]);
}

static bool take_head(struct hf_span *rest, struct hf_server_request *out)
{
    uint64_t place, method;

    if (!hf_take_number(rest, 8, &out->id) || out->id > HF_SERVER_ID_MAX ||
        !hf_take_number(rest, 1, &place) || place >= HF_SERVER_PLACES_MAX ||
        !hf_take_number(rest, 1, &method) || method > HF_SERVER_OTHER)
        return false;
    out->place = (size_t)place;
    out->method = (enum hf_server_method)method;
    return take_clean(rest, METHOD_MAX, false, &out->method_text) &&
           is_method(out) &&
           take_clean(rest, HF_SERVER_HEADER_LIMIT, false, &out->target) &&
           hf_span_starts(out->target, HF_SPAN("/")) &&
           take_clean(rest, HF_SERVER_HEADER_LIMIT, false, &out->host);
}

static bool take_who(struct hf_span *rest, struct hf_server_request *out)
{
    uint64_t user, process;

    if (!hf_take_number(rest, 4, &user) || !hf_take_number(rest, 4, &process))
        return false;
    out->user = (uint32_t)user;
    out->process = (uint32_t)process;
    return true;
}

bool hf_server_take_request(struct hf_span body, size_t body_max,
                            struct hf_server_request *out)
{
    struct hf_server_request request = {0};

    if (!take_head(&body, &request) ||
        !take_clean(&body, HF_NET_FIELD_MAX, true, &request.content_type) ||
        !take_clean(&body, HF_NET_FIELD_MAX, true, &request.accept) ||
        !take_clean(&body, HF_NET_FIELD_MAX, true, &request.accept_language) ||
        !take_clean(&body, HF_NET_FIELD_MAX, true, &request.user_agent) ||
        !take_clean(&body, HF_NET_FIELD_MAX, true, &request.authorization) ||
        !hf_take_text(&body, HF_NET_ADDRESS_MAX, &request.peer) ||
        !is_peer(request.peer) || !take_who(&body, &request) ||
        !hf_take_text(&body, HF_SERVER_FINGERPRINT_LEN,
                      &request.client_fingerprint) ||
        !is_fingerprint(request.client_fingerprint) || body.len > body_max)
        return false;
    request.body = body;
    *out = request;
    return true;
}

/* ---- counters ---- */

void hf_server_put_counters(struct hf_buf *out, const uint64_t *counters)
{
    size_t at = hf_frame_begin(out, HF_SERVER_COUNTERS);

    for (size_t i = 0; i < HF_SERVER_COUNTS; i++)
        hf_put_number(out, counters[i], 8);
    hf_frame_end(out, at);
}

bool hf_server_take_counters(struct hf_span body, uint64_t *out)
{
    if (body.len != (size_t)8 * HF_SERVER_COUNTS)
        return false;
    for (size_t i = 0; i < HF_SERVER_COUNTS; i++)
        (void)hf_take_number(&body, 8, &out[i]);
    return true;
}
