/* SPDX-License-Identifier: Apache-2.0 */
#include "net/url.h"

#include "base/hex.h"
#include "holdfast/name.h"
#include "names/ip.h"

/* pchar without pct-encoded, "/" and "?" (RFC 3986, appendix A). */
static bool is_target_char(char c)
{
    static const struct hf_span others = HF_SPAN_INIT("-._~!$&'()*+,;=:@/?");

    return hf_is_digit(c) || (hf_lower(c) >= 'a' && hf_lower(c) <= 'z') ||
           hf_span_find(others, c) < others.len;
}

/* The octets of a path and a query, as far as they are well formed. */
static struct hf_span take_target(struct hf_span *rest)
{
    size_t n = 0;

    while (n < rest->len) {
        if (is_target_char(rest->ptr[n]))
            n++;
        else if (rest->len - n > 2 && rest->ptr[n] == '%' &&
                 hf_is_hex(rest->ptr[n + 1]) && hf_is_hex(rest->ptr[n + 2]))
            n += 3;
        else
            break;
    }
    return hf_span_cut(rest, n);
}

static bool take_scheme(struct hf_span *rest, bool *tls)
{
    static const struct {
        struct hf_span text;
        bool tls;
    } schemes[] = {{HF_SPAN_INIT("https://"), true},
                   {HF_SPAN_INIT("http://"), false}};

    for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
        struct hf_span head = {rest->ptr, schemes[i].text.len};

        if (rest->len < head.len || !hf_span_eq_nocase(head, schemes[i].text))
            continue;
        (void)hf_span_cut(rest, head.len);
        *tls = schemes[i].tls;
        return true;
    }
    return false;
}

/* "[" IPv6address "]" */
static bool take_bracketed(struct hf_span *rest, struct hf_span *host)
{
    uint8_t address[16];
    size_t len = 0;

    (void)hf_span_cut(rest, 1);
    *host = hf_span_cut(rest, hf_span_find(*rest, ']'));
    return hf_span_skip(rest, ']') && hf_ip_parse(*host, address, &len) &&
           len == sizeof(address);
}

/* No top level domain begins with a digit, but "127.1" and "0x7f.1" are
 * addresses to inet_aton(). */
static bool looks_numeric(struct hf_span host)
{
    size_t from = host.len;

    while (from > 0 && host.ptr[from - 1] != '.')
        from--;
    return from < host.len && hf_is_digit(host.ptr[from]);
}

/* IPv4address or the name of a host, up to a colon or the target. */
static bool take_plain_host(struct hf_span *rest, struct hf_url *url)
{
    struct hf_name name;
    uint8_t address[16];
    size_t n = 0;
    size_t len = 0;

    while (n < rest->len && rest->ptr[n] != ':' && rest->ptr[n] != '/' &&
           rest->ptr[n] != '?')
        n++;
    url->host = hf_span_cut(rest, n);
    if (hf_ip_parse(url->host, address, &len)) {
        url->kind = HF_URL_IPV4;
        return len == 4;
    }
    url->kind = HF_URL_NAME;
    return hf_name_parse(url->host, &name, NULL) == HF_OK &&
           !hf_span_ends(url->host, HF_SPAN(".")) && !looks_numeric(url->host);
}

static bool take_host(struct hf_span *rest, struct hf_url *url)
{
    if (rest->len == 0 || rest->ptr[0] != '[')
        return take_plain_host(rest, url);
    url->kind = HF_URL_IPV6;
    return take_bracketed(rest, &url->host);
}

/* [ ":" port ], which is not empty, not zero and written in one way. */
static bool take_port(struct hf_span *rest, struct hf_url *url)
{
    uint32_t port = 0;
    size_t digits = 0;

    url->port = url->tls ? 443 : 80;
    if (!hf_span_skip(rest, ':'))
        return true;
    if (rest->len > 0 && rest->ptr[0] == '0')
        return false;
    while (rest->len > 0 && hf_is_digit(rest->ptr[0]) && digits < 5) {
        port = port * 10 + (uint32_t)(hf_span_cut(rest, 1).ptr[0] - '0');
        digits++;
    }
    url->port = (uint16_t)port;
    return port > 0 && port <= UINT16_MAX;
}

enum hf_err hf_url_parse(struct hf_span text, struct hf_url *out,
                         struct hf_why *why)
{
    struct hf_url url = {0};
    struct hf_span rest = text;
    struct hf_span from;

    if (text.len > HF_URL_MAX)
        return hf_fail(why, HF_ELIMIT, HF_URL_MAX, "URL is too long");
    if (!take_scheme(&rest, &url.tls))
        return hf_fail(why, HF_ESYNTAX, 0,
                       "RFC 3986 3.1: URL does not begin with https:// or "
                       "http://");
    from = rest;
    if (!take_host(&rest, &url))
        return hf_fail(why, HF_ESYNTAX, text.len - from.len,
                       "RFC 3986 3.2.2: host of the URL is neither a name "
                       "nor an address");
    if (!take_port(&rest, &url))
        return hf_fail(why, HF_ESYNTAX, text.len - rest.len,
                       "RFC 3986 3.2.3: port of the URL is not 1 to 65535");
    url.authority = (struct hf_span){from.ptr, from.len - rest.len};
    if (rest.len > 0 && rest.ptr[0] != '/')
        return hf_fail(why, HF_ESYNTAX, text.len - rest.len,
                       "RFC 3986 3.3: path of the URL does not begin with /");
    url.target = take_target(&rest);
    if (rest.len > 0)
        return hf_fail(why, HF_ESYNTAX, text.len - rest.len,
                       "RFC 3986 3.3: octet that a URL cannot have, or a "
                       "fragment");
    if (url.target.len == 0)
        url.target = HF_SPAN("/");
    *out = url;
    return HF_OK;
}

bool hf_url_same_origin(const struct hf_url *a, const struct hf_url *b)
{
    return a->tls == b->tls && a->port == b->port &&
           hf_span_eq_nocase(a->host, b->host);
}

/* RFC 3986, section 3.1: a name before the first of ":/?". */
static bool has_scheme(struct hf_span reference)
{
    for (size_t i = 0; i < reference.len; i++) {
        if (reference.ptr[i] == ':')
            return true;
        if (reference.ptr[i] == '/' || reference.ptr[i] == '?')
            return false;
    }
    return false;
}

static struct hf_span path_of(struct hf_span target)
{
    target.len = hf_span_find(target, '?');
    return target;
}

/* Up to and with the last slash; RFC 3986, section 5.2.3. */
static struct hf_span directory_of(struct hf_span path)
{
    while (path.len > 0 && path.ptr[path.len - 1] != '/')
        path.len--;
    return path;
}

/* Take the last segment off what was written behind `from`, if any. */
static void drop_segment(struct hf_buf *out, size_t from)
{
    while (out->len > from && out->ptr[out->len - 1] != '/')
        out->len--;
    if (out->len > from)
        out->len--;
}

/*
 * RFC 3986, section 5.2.4: `path` begins with a slash. Segment by segment:
 * "." says nothing, ".." takes one back, and both leave a slash at the end.
 */
static void put_without_dots(struct hf_buf *out, struct hf_span path)
{
    size_t from = out->len;

    while (hf_span_skip(&path, '/')) {
        struct hf_span segment = hf_span_cut(&path, hf_span_find(path, '/'));
        bool one = hf_span_eq(segment, HF_SPAN("."));
        bool two = hf_span_eq(segment, HF_SPAN(".."));

        if (two)
            drop_segment(out, from);
        if (one || two) {
            if (path.len == 0)
                hf_buf_putc(out, '/');
            continue;
        }
        hf_buf_putc(out, '/');
        hf_buf_put(out, segment);
    }
}

/* Scheme and authority of `base`, then the merged path, then the query. */
static void put_merged(struct hf_buf *out, struct hf_span base,
                       const struct hf_url *url, struct hf_span reference)
{
    char room[2 * HF_URL_MAX];
    size_t origin_len =
        (size_t)(url->authority.ptr - base.ptr) + url->authority.len;
    struct hf_span query = reference.len > 0 ? reference : url->target;
    struct hf_span path = hf_span_cut(&query, path_of(query).len);
    struct hf_buf merged;

    hf_buf_init(&merged, room, sizeof(room));
    if (path.len == 0)
        path = path_of(url->target);
    else if (path.ptr[0] != '/')
        hf_buf_put(&merged, directory_of(path_of(url->target)));
    hf_buf_put(&merged, path);
    hf_buf_put(out, (struct hf_span){base.ptr, origin_len});
    put_without_dots(out, hf_buf_span(&merged));
    hf_buf_put(out, query);
}

enum hf_err hf_url_resolve(struct hf_span base, struct hf_span reference,
                           struct hf_buf *out, struct hf_why *why)
{
    size_t from = out->len;
    struct hf_url url;
    struct hf_span made;
    enum hf_err err = hf_url_parse(base, &url, why);

    if (err != HF_OK)
        return err;
    if (reference.len > HF_URL_MAX)
        return hf_fail(why, HF_ELIMIT, HF_URL_MAX, "URL is too long");
    if (has_scheme(reference)) {
        hf_buf_put(out, reference);
    } else if (hf_span_starts(reference, HF_SPAN("//"))) {
        hf_buf_puts(out, url.tls ? "https:" : "http:");
        hf_buf_put(out, reference);
    } else {
        put_merged(out, base, &url, reference);
    }
    if (out->full)
        return hf_fail(why, HF_ELIMIT, 0, "URL is too long");
    made = (struct hf_span){out->ptr + from, out->len - from};
    err = hf_url_parse(made, &url, why);
    if (err != HF_OK)
        out->len = from;
    return err;
}
