/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/issued.h"

#include "base/hex.h"
#include "ca/call.h"
#include "ca/own_tls.h"

static bool take(struct hf_span *rest, struct hf_span word)
{
    if (!hf_span_starts(*rest, word))
        return false;
    (void)hf_span_cut(rest, word.len);
    return true;
}

/* A member's text, escapes and all; the quote behind it is taken, too. */
static bool take_text(struct hf_span *rest, struct hf_span key,
                      struct hf_span *out)
{
    size_t len = 0;

    if (!take(rest, key))
        return false;
    while (len < rest->len && rest->ptr[len] != '"')
        len += rest->ptr[len] == '\\' ? 2 : 1;
    if (len >= rest->len)
        return false;
    *out = hf_span_cut(rest, len);
    return hf_span_skip(rest, '"');
}

static bool take_moment(struct hf_span *rest, struct hf_span key, int64_t *out)
{
    struct hf_span digits;
    bool before;
    size_t len = 0;

    if (!take(rest, key))
        return false;
    before = hf_span_skip(rest, '-');
    while (len < rest->len && hf_is_digit(rest->ptr[len]))
        len++;
    digits = hf_span_cut(rest, len);
    if (!before && hf_span_eq(digits, HF_SPAN("0"))) {
        *out = 0;
        return true;
    }
    if (!hf_ca_call_take_id(digits, out))
        return false;
    *out = before ? -*out : *out;
    return true;
}

static bool take_serial(struct hf_span *rest, struct hf_issued *out)
{
    if (!take_text(rest, HF_SPAN("{\"serial\":\""), &out->serial))
        return false;
    out->len = out->serial.len / 2;
    return out->len > 0 && out->len <= sizeof(out->octets) &&
           hf_hex_read(out->serial, out->octets, out->len);
}

/* What is behind the last slash of a URL. */
static int64_t id_of(struct hf_span url)
{
    size_t at = url.len;
    int64_t id = 0;

    while (at > 0 && url.ptr[at - 1] != '/')
        at--;
    if (at > 0)
        (void)hf_ca_call_take_id((struct hf_span){url.ptr + at, url.len - at},
                                 &id);
    return id;
}

bool hf_issued_read(struct hf_span body, struct hf_issued *out)
{
    struct hf_issued issued = {0};
    struct hf_span hash, order, account, profile;

    if (!take_serial(&body, &issued) ||
        !take_text(&body, HF_SPAN(",\"tbs_sha256\":\""), &hash) ||
        !hf_hex_read(hash, issued.tbs_hash, sizeof(issued.tbs_hash)) ||
        !take_text(&body, HF_SPAN(",\"order\":\""), &order) ||
        !take_text(&body, HF_SPAN(",\"account\":\""), &account) ||
        !take_text(&body, HF_SPAN(",\"profile\":\""), &profile) ||
        !take_moment(&body, HF_SPAN(",\"not_before\":"),
                     &issued.not_before_at) ||
        !take_moment(&body, HF_SPAN(",\"not_after\":"), &issued.not_after_at) ||
        !take(&body, HF_SPAN(",\"names\":[")))
        return false;
    issued.is_own = hf_span_eq(order, HF_SPAN(HF_OWN_TLS_ORDER));
    issued.order = id_of(order);
    issued.account = id_of(account);
    *out = issued;
    return true;
}
