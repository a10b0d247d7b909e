/* SPDX-License-Identifier: Apache-2.0 */
#include "net/server_out.h"

#include "base/alloc.h"
#include "net/server_msg.h"

#define INLINE_MAX ((size_t)12 << 10) /* with the header, one TLS record */
#define HEAD_MAX                                                               \
    (HF_SERVER_FIELDS_MAX * (HF_SERVER_FIELD_MAX + 128) + INLINE_MAX + 8192)

struct hf_server_blob *hf_server_blob_new(struct hf_span octets)
{
    struct hf_server_blob *blob = hf_alloc(sizeof(*blob) + octets.len, 1);

    if (blob == NULL)
        return NULL;
    *blob = (struct hf_server_blob){.count = 1, .len = octets.len};
    if (octets.len > 0)
        memcpy(blob->octets, octets.ptr, octets.len);
    return blob;
}

struct hf_server_blob *hf_server_blob_share(struct hf_server_blob *blob)
{
    blob->count++;
    return blob;
}

void hf_server_blob_leave(struct hf_server_blob *blob)
{
    if (blob != NULL && --blob->count == 0)
        hf_free(blob);
}

/* RFC 9110, section 15: those that we send; the rest go without. */
static const char *phrase_of(int status)
{
    static const struct {
        int status;
        const char *phrase;
    } phrases[] = {
        {200, "OK"},
        {201, "Created"},
        {202, "Accepted"},
        {204, "No Content"},
        {301, "Moved Permanently"},
        {302, "Found"},
        {303, "See Other"},
        {304, "Not Modified"},
        {307, "Temporary Redirect"},
        {308, "Permanent Redirect"},
        {400, "Bad Request"},
        {401, "Unauthorized"},
        {403, "Forbidden"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {408, "Request Timeout"},
        {409, "Conflict"},
        {410, "Gone"},
        {411, "Length Required"},
        {413, "Content Too Large"},
        {415, "Unsupported Media Type"},
        {417, "Expectation Failed"},
        {429, "Too Many Requests"},
        {431, "Request Header Fields Too Large"},
        {500, "Internal Server Error"},
        {501, "Not Implemented"},
        {503, "Service Unavailable"},
        {505, "HTTP Version Not Supported"},
    };

    for (size_t i = 0; i < sizeof(phrases) / sizeof(phrases[0]); i++)
        if (phrases[i].status == status)
            return phrases[i].phrase;
    return "";
}

static void put_field(struct hf_buf *out, struct hf_span name,
                      struct hf_span value)
{
    hf_buf_put(out, name);
    hf_buf_put(out, HF_SPAN(": "));
    hf_buf_put(out, value);
    hf_buf_put(out, HF_SPAN("\r\n"));
}

/* RFC 9110 6.4.1 and 8.6: these have no body, and no length of one. */
static bool has_length(int status)
{
    return status != 204 && status != 304;
}

static void put_head(struct hf_buf *out, const struct hf_server_reply *reply,
                     const struct hf_server_manner *manner)
{
    hf_buf_put(out, HF_SPAN("HTTP/1.1 "));
    hf_buf_put_u64(out, (uint64_t)reply->status);
    hf_buf_putc(out, ' ');
    hf_buf_puts(out, phrase_of(reply->status));
    hf_buf_put(out, HF_SPAN("\r\n"));
    put_field(out, HF_SPAN("Date"), manner->date);
    if (reply->content_type.len > 0)
        put_field(out, HF_SPAN("Content-Type"), reply->content_type);
    if (has_length(reply->status)) {
        hf_buf_put(out, HF_SPAN("Content-Length: "));
        hf_buf_put_u64(out, reply->body.len);
        hf_buf_put(out, HF_SPAN("\r\n"));
    }
    for (size_t i = 0; i < reply->field_count; i++)
        put_field(out, reply->fields[i].name, reply->fields[i].value);
    if (manner->closes)
        put_field(out, HF_SPAN("Connection"), HF_SPAN("close"));
    hf_buf_put(out, HF_SPAN("\r\n"));
}

/* The body that goes out, if any. */
static bool put_body(struct hf_server_out *out, struct hf_span body,
                     struct hf_server_blob *owner)
{
    if (body.len <= INLINE_MAX) {
        hf_buf_put(&out->head, body);
        return true;
    }
    if (owner != NULL) {
        out->blob = hf_server_blob_share(owner);
        out->body = body;
        return true;
    }
    out->blob = hf_server_blob_new(body);
    if (out->blob == NULL)
        return false;
    out->body = (struct hf_span){out->blob->octets, body.len};
    return true;
}

bool hf_server_out_begin(struct hf_server_out *out,
                         const struct hf_server_reply *reply,
                         const struct hf_server_manner *manner,
                         struct hf_server_blob *owner)
{
    hf_server_out_reset(out);
    if (out->head.limit == 0)
        hf_buf_init_grow(&out->head, HEAD_MAX);
    put_head(&out->head, reply, manner);
    if (!manner->no_body && has_length(reply->status) &&
        !put_body(out, reply->body, owner))
        return false;
    return !out->head.full;
}

struct hf_span hf_server_out_next(const struct hf_server_out *out)
{
    if (out->head_sent < out->head.len)
        return (struct hf_span){out->head.ptr + out->head_sent,
                                out->head.len - out->head_sent};
    return out->body;
}

void hf_server_out_sent(struct hf_server_out *out, size_t count)
{
    if (out->head_sent < out->head.len)
        out->head_sent += count;
    else
        (void)hf_span_cut(&out->body, count);
}

void hf_server_out_reset(struct hf_server_out *out)
{
    hf_server_blob_leave(out->blob);
    hf_buf_reset(&out->head);
    out->head_sent = 0;
    out->blob = NULL;
    out->body = (struct hf_span){0};
}

void hf_server_out_clear(struct hf_server_out *out)
{
    hf_server_blob_leave(out->blob);
    hf_buf_clear(&out->head);
    *out = (struct hf_server_out){0};
}
