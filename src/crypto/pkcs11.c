/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/pkcs11.h"

#include "base/hex.h"

/* The value of `name` in the query of the URI (RFC 7512, 2.3). */
static struct hf_span query_value(struct hf_span uri, struct hf_span name)
{
    (void)hf_span_cut(&uri, hf_span_find(uri, '?'));
    (void)hf_span_skip(&uri, '?');
    while (uri.len > 0) {
        struct hf_span part = hf_span_cut(&uri, hf_span_find(uri, '&'));
        struct hf_span key = hf_span_cut(&part, hf_span_find(part, '='));

        (void)hf_span_skip(&uri, '&');
        if (hf_span_skip(&part, '=') && hf_span_eq(key, name))
            return part;
    }
    return (struct hf_span){0};
}

/* RFC 3986, 2.1. No octet of a path is zero. */
static bool put_decoded(struct hf_buf *out, struct hf_span text)
{
    while (text.len > 0) {
        char c = hf_span_cut(&text, 1).ptr[0];

        if (c == '%') {
            int high = text.len < 2 ? -1 : hf_hex_digit(text.ptr[0]);
            int low = text.len < 2 ? -1 : hf_hex_digit(text.ptr[1]);

            if (high < 0 || low < 0)
                return false;
            c = (char)(high << 4 | low);
            (void)hf_span_cut(&text, 2);
        }
        if (c == '\0')
            return false;
        hf_buf_putc(out, c);
    }
    return true;
}

enum hf_err hf_pkcs11_pin_source(struct hf_span uri, struct hf_buf *path,
                                 struct hf_why *why)
{
    struct hf_span value = query_value(uri, HF_SPAN("pin-source"));
    size_t before = path->len;

    if (hf_span_starts(value, HF_SPAN("file:")))
        (void)hf_span_cut(&value, sizeof("file:") - 1);
    if (value.len > 0 &&
        (value.ptr[0] == '|' || hf_span_starts(value, HF_SPAN("%7C")) ||
         hf_span_starts(value, HF_SPAN("%7c"))))
        return hf_fail(why, HF_EINVAL, 0,
                       "RFC 7512 2.4: a pin-source that is a command is not "
                       "run: write the PIN into a file of your own");
    if (!put_decoded(path, value)) {
        path->len = before;
        return hf_fail(why, HF_ESYNTAX, 0,
                       "RFC 7512 2.3: the pin-source of this URI is not "
                       "percent-encoded as it should be");
    }
    if (path->full)
        return hf_fail(why, HF_ELIMIT, 0, "the pin-source is too long");
    return HF_OK;
}
