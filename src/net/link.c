/* SPDX-License-Identifier: Apache-2.0 */
#include "net/link.h"

#include "net/field.h"

static void skip_blanks(struct hf_span *rest)
{
    while (rest->len > 0 && (rest->ptr[0] == ' ' || rest->ptr[0] == '\t'))
        (void)hf_span_cut(rest, 1);
}

/* token of RFC 9110, section 5.6.2; perhaps empty. */
static struct hf_span take_token(struct hf_span *rest)
{
    size_t n = 0;

    while (n < rest->len && hf_field_is_token_char(rest->ptr[n]))
        n++;
    return hf_span_cut(rest, n);
}

/* A quoted-string. Relations have nothing to escape: a value with a
 * backslash is stepped over and given without its quotes, as it is. */
static bool take_quoted(struct hf_span *rest, struct hf_span *out)
{
    size_t n = 1;

    while (n < rest->len && rest->ptr[n] != '"')
        n += rest->ptr[n] == '\\' ? 2 : 1;
    if (n >= rest->len)
        return false;
    *out = (struct hf_span){rest->ptr + 1, n - 1};
    (void)hf_span_cut(rest, n + 1);
    return true;
}

/* link-param = token BWS [ "=" BWS ( token / quoted-string ) ] */
static bool take_param(struct hf_span *rest, struct hf_span *name,
                       struct hf_span *value)
{
    skip_blanks(rest);
    *name = take_token(rest);
    *value = HF_SPAN("");
    skip_blanks(rest);
    if (name->len == 0)
        return false;
    if (!hf_span_skip(rest, '='))
        return true;
    skip_blanks(rest);
    if (rest->len > 0 && rest->ptr[0] == '"')
        return take_quoted(rest, value);
    *value = take_token(rest);
    return true;
}

bool hf_link_next(struct hf_span *rest, struct hf_http_link *out)
{
    struct hf_http_link link = {0};
    struct hf_span name, value;

    /* A list may have empty elements (RFC 9110, section 5.6.1). */
    skip_blanks(rest);
    while (hf_span_skip(rest, ','))
        skip_blanks(rest);
    if (!hf_span_skip(rest, '<'))
        return false;
    link.url = hf_span_cut(rest, hf_span_find(*rest, '>'));
    if (!hf_span_skip(rest, '>'))
        return false;
    skip_blanks(rest);
    while (hf_span_skip(rest, ';')) {
        if (!take_param(rest, &name, &value))
            return false;
        /* RFC 8288 3.3: the first one counts. */
        if (link.rel.len == 0 && hf_span_eq_nocase(name, HF_SPAN("rel")))
            link.rel = value;
        skip_blanks(rest);
    }
    if (rest->len > 0 && rest->ptr[0] != ',')
        return false;
    *out = link;
    return true;
}
