/* SPDX-License-Identifier: Apache-2.0 */
#include "net/server_read.h"

#include <stddef.h>

#include "base/hex.h"
#include "net/field.h"
#include "net/http_msg.h"

#define METHOD_MAX 32
#define FIELDS_MAX 100

enum {
    MALFORMED = 400,
    NO_LENGTH = 411,
    LONG_BODY = 413,
    EXPECTATION = 417,
    LONG_HEADER = 431,
    VERSION = 505,
};

struct reading {
    struct hf_server_head head;
    const struct hf_server_bounds *bounds;
    bool is_old; /* HTTP/1.0 */
    unsigned host_count;
    unsigned length_count;
    unsigned coding_count;
    unsigned field_count;
    struct hf_span length;
    struct hf_span authority; /* of a target that is a whole URL */
};

static struct hf_span *text_at(struct hf_server_request *request, size_t offset)
{
    return (struct hf_span *)(void *)((char *)request + offset);
}

/* ---- the request line ---- */

/* A character of a URI (RFC 3986, section 2), but for '#' and '%'. */
static bool is_uri_char(char c)
{
    static const struct hf_span others = HF_SPAN_INIT("/-._~?=&:@!$'()*+,;[]");

    return hf_is_digit(c) || (hf_lower(c) >= 'a' && hf_lower(c) <= 'z') ||
           hf_span_find(others, c) < others.len;
}

static bool is_uri(struct hf_span text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] != '%') {
            if (!is_uri_char(text.ptr[i]))
                return false;
            continue;
        }
        if (text.len - i < 3 || !hf_is_hex(text.ptr[i + 1]) ||
            !hf_is_hex(text.ptr[i + 2]))
            return false;
        i += 2;
    }
    return true;
}

/* RFC 9112 3.2.2: a server must understand the form that is for proxies. */
static void cut_authority(struct reading *r, struct hf_span *target)
{
    static const struct hf_span schemes[] = {HF_SPAN_INIT("https://"),
                                             HF_SPAN_INIT("http://")};

    for (size_t i = 0; i < 2; i++) {
        if (!hf_span_starts(*target, schemes[i]))
            continue;
        (void)hf_span_cut(target, schemes[i].len);
        r->authority = hf_span_cut(target, hf_span_find(*target, '/'));
        if (target->len == 0)
            *target = HF_SPAN("/");
        return;
    }
}

static enum hf_server_method method_of(struct hf_span text)
{
    if (hf_span_eq(text, HF_SPAN("GET")))
        return HF_SERVER_GET;
    if (hf_span_eq(text, HF_SPAN("POST")))
        return HF_SERVER_POST;
    return hf_span_eq(text, HF_SPAN("HEAD")) ? HF_SERVER_HEAD : HF_SERVER_OTHER;
}

/* HTTP-version = "HTTP/" DIGIT "." DIGIT; of 1.x we speak all from 1.1 on. */
static int read_version(struct reading *r, struct hf_span text)
{
    if (text.len != 8 || !hf_span_starts(text, HF_SPAN("HTTP/")) ||
        !hf_is_digit(text.ptr[5]) || text.ptr[6] != '.' ||
        !hf_is_digit(text.ptr[7]))
        return MALFORMED;
    if (text.ptr[5] != '1')
        return VERSION;
    r->is_old = text.ptr[7] == '0';
    r->head.closes = r->is_old;
    return 0;
}

/* method SP request-target SP HTTP-version */
static int read_request_line(struct reading *r, struct hf_span line)
{
    struct hf_server_request *request = &r->head.request;
    struct hf_span target;

    request->method_text = hf_span_cut(&line, hf_span_find(line, ' '));
    request->method = method_of(request->method_text);
    if (request->method_text.len > METHOD_MAX ||
        !hf_field_is_token(request->method_text) || !hf_span_skip(&line, ' '))
        return MALFORMED;
    target = hf_span_cut(&line, hf_span_find(line, ' '));
    if (!hf_span_skip(&line, ' '))
        return MALFORMED;
    if (target.len > 0 && target.ptr[0] != '/')
        cut_authority(r, &target);
    request->target = target;
    if (hf_span_eq(line, HF_SPAN("HTTP/2.0")))
        return VERSION; /* whose target is "*" */
    if (target.len == 0 || target.ptr[0] != '/' || !is_uri(target))
        return MALFORMED;
    return read_version(r, line);
}

/* ---- fields ---- */

/* host [":" port] of a URI; not checked beyond its characters. */
static bool is_host(struct hf_span text)
{
    static const struct hf_span others = HF_SPAN_INIT("-._~:[]%");

    for (size_t i = 0; i < text.len; i++)
        if (!hf_is_digit(text.ptr[i]) &&
            !(hf_lower(text.ptr[i]) >= 'a' && hf_lower(text.ptr[i]) <= 'z') &&
            hf_span_find(others, text.ptr[i]) == others.len)
            return false;
    return text.len > 0;
}

static int take_host(struct reading *r, struct hf_span value)
{
    r->host_count++;
    r->head.request.host = value;
    return is_host(value) ? 0 : MALFORMED;
}

static int take_length(struct reading *r, struct hf_span value)
{
    r->length_count++;
    r->length = value;
    return 0;
}

static int take_coding(struct reading *r, struct hf_span value)
{
    (void)value;
    r->coding_count++;
    return 0;
}

static int take_connection(struct reading *r, struct hf_span value)
{
    struct hf_span word;

    while (hf_field_next(&value, &word))
        if (hf_span_eq_nocase(word, HF_SPAN("close")))
            r->head.closes = true;
    return 0;
}

static int take_expect(struct reading *r, struct hf_span value)
{
    if (!hf_span_eq_nocase(value, HF_SPAN("100-continue")))
        return EXPECTATION;
    r->head.expects = !r->is_old;
    return 0;
}

/* Fields that mean something to us, or to whom the request is handed to. */
static const struct row {
    struct hf_span name;
    int (*take)(struct reading *r, struct hf_span value); /* or it is text: */
    size_t offset;
    bool once; /* it may not be there twice */
} rows[] = {
    {HF_SPAN_INIT("Host"), take_host, 0, true},
    {HF_SPAN_INIT("Content-Length"), take_length, 0, true},
    {HF_SPAN_INIT("Transfer-Encoding"), take_coding, 0, false},
    {HF_SPAN_INIT("Connection"), take_connection, 0, false},
    {HF_SPAN_INIT("Expect"), take_expect, 0, true},
    {HF_SPAN_INIT("Content-Type"), NULL,
     offsetof(struct hf_server_request, content_type), true},
    {HF_SPAN_INIT("Authorization"), NULL,
     offsetof(struct hf_server_request, authorization), true},
    {HF_SPAN_INIT("Accept"), NULL, offsetof(struct hf_server_request, accept),
     false},
    {HF_SPAN_INIT("Accept-Language"), NULL,
     offsetof(struct hf_server_request, accept_language), false},
    {HF_SPAN_INIT("User-Agent"), NULL,
     offsetof(struct hf_server_request, user_agent), false},
};

#define ROWS (sizeof(rows) / sizeof(rows[0]))

static const struct row *row_of(struct hf_span name)
{
    for (size_t i = 0; i < ROWS; i++)
        if (hf_span_eq_nocase(rows[i].name, name))
            return &rows[i];
    return NULL;
}

/* Of those that may be there twice the first counts. What is too long, or not
 * ASCII, nobody will make sense of: it is as if it were not there. */
static void take_text(struct reading *r, const struct row *row,
                      struct hf_span value)
{
    struct hf_span *text = text_at(&r->head.request, row->offset);

    if (text->len == 0 && hf_net_is_clean(value, HF_NET_FIELD_MAX, true))
        *text = value;
}

/* field-name ":" OWS field-value OWS; `*had` has a bit for each row. */
static int read_field(struct reading *r, struct hf_span line, unsigned *had)
{
    struct hf_span name = hf_span_cut(&line, hf_span_find(line, ':'));
    const struct row *row;
    unsigned bit;

    if (!hf_field_is_token(name) || !hf_span_skip(&line, ':') ||
        !hf_field_is_value(line))
        return MALFORMED;
    if (++r->field_count > FIELDS_MAX)
        return LONG_HEADER;
    row = row_of(name);
    if (row == NULL)
        return 0;
    bit = 1U << (row - rows);
    if (row->once && (*had & bit) != 0)
        return MALFORMED;
    *had |= bit;
    line = hf_field_trim(line);
    if (row->take != NULL)
        return row->take(r, line);
    take_text(r, row, line);
    return 0;
}

/* ---- what they say together ---- */

/* Content-Length = 1*DIGIT, and no list of them. */
static int read_length(struct reading *r)
{
    size_t value = 0;

    if (r->length.len == 0)
        return MALFORMED;
    for (size_t i = 0; i < r->length.len; i++) {
        if (!hf_is_digit(r->length.ptr[i]))
            return MALFORMED;
        if (value <= r->bounds->body_max)
            value = value * 10 + (size_t)(r->length.ptr[i] - '0');
    }
    r->head.body_len = value;
    return value > r->bounds->body_max ? LONG_BODY : 0;
}

/* RFC 9112, section 3.2: exactly one Host, and the same as in the target. */
static bool is_host_settled(const struct reading *r)
{
    if (r->authority.len > 0)
        return r->host_count == 1 &&
               hf_span_eq_nocase(r->authority, r->head.request.host);
    return r->host_count == 1 || r->is_old;
}

static int settle(struct reading *r)
{
    if (!is_host_settled(r))
        return MALFORMED;
    if (r->coding_count > 0)
        return r->length_count > 0 || r->is_old ? MALFORMED : NO_LENGTH;
    return r->length_count > 0 ? read_length(r) : 0;
}

/* ---- lines ---- */

/* The next line of a header whose lines all end in CR LF. */
static struct hf_span take_line(struct hf_span *rest)
{
    struct hf_span line = hf_span_cut(rest, hf_span_find(*rest, '\n'));

    (void)hf_span_cut(rest, 1);
    line.len--;
    return line;
}

/* From the request line to the empty line. */
static int read_lines(struct reading *r, struct hf_span text)
{
    unsigned had = 0;
    int status = read_request_line(r, take_line(&text));
    struct hf_span line = take_line(&text);

    while (status == 0 && line.len > 0) {
        status = read_field(r, line, &had);
        line = take_line(&text);
    }
    return status == 0 ? settle(r) : status;
}

/* RFC 9112, section 2.2: one empty line before the request is overlooked. */
static size_t begin_of(struct hf_span text)
{
    return hf_span_starts(text, HF_SPAN("\r\n")) ? 2 : 0;
}

/* Go on looking for the empty line; `*len` is 0 while it is not there. */
static int find_end(struct hf_span text, size_t *seen, size_t *len)
{
    size_t begin = begin_of(text);

    *len = 0;
    if (*seen < begin)
        *seen = begin;
    while (*seen < text.len) {
        struct hf_span rest = {text.ptr + *seen, text.len - *seen};
        size_t at = *seen + hf_span_find(rest, '\n');

        if (at == text.len)
            break;
        if (at <= begin + 1 || text.ptr[at - 1] != '\r')
            return MALFORMED; /* LF alone, or another empty line */
        if (text.ptr[at - 2] == '\n') {
            *len = at + 1;
            return 0; /* and is found again where it was */
        }
        *seen = at + 1;
    }
    return 0;
}

int hf_server_read_head(struct hf_span text, size_t *seen,
                        const struct hf_server_bounds *bounds,
                        struct hf_server_head *out)
{
    struct reading r = {.bounds = bounds};
    size_t begin = begin_of(text);
    size_t len;
    int status = find_end(text, seen, &len);

    out->len = 0;
    if (status != 0)
        return status;
    if ((len == 0 ? text.len : len) > bounds->header_max)
        return LONG_HEADER;
    if (len == 0)
        return 0;
    status = read_lines(&r, (struct hf_span){text.ptr + begin, len - begin});
    if (status != 0)
        return status;
    r.head.len = len;
    *out = r.head;
    return 0;
}
