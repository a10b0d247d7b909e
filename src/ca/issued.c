/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/issued.h"

#include "base/base64.h"
#include "base/hex.h"
#include "base/spelt.h"
#include "ca/call.h"
#include "ca/own_tls.h"
#include "crypto/der.h"

/* A member's text, escapes and all; the quote behind it is taken, too. */
static bool take_text(struct hf_span *rest, struct hf_span key,
                      struct hf_span *out)
{
    size_t len = 0;

    if (!hf_take_word(rest, key))
        return false;
    while (len < rest->len && rest->ptr[len] != '"')
        len += rest->ptr[len] == '\\' ? 2 : 1;
    if (len >= rest->len)
        return false;
    *out = hf_span_cut(rest, len);
    return hf_span_skip(rest, '"');
}

#define SERIAL HF_SPAN("{\"serial\":\"")

static bool take_serial(struct hf_span *rest, struct hf_issued *out)
{
    if (!take_text(rest, SERIAL, &out->serial))
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
        !hf_take_word(&body, HF_SPAN(",\"not_before\":")) ||
        !hf_take_moment(&body, &issued.not_before_at) ||
        !hf_take_word(&body, HF_SPAN(",\"not_after\":")) ||
        !hf_take_moment(&body, &issued.not_after_at) ||
        !hf_take_word(&body, HF_SPAN(",\"names\":[")))
        return false;
    issued.is_own = hf_span_eq(order, HF_SPAN(HF_OWN_TLS_ORDER));
    issued.order = id_of(order);
    issued.account = id_of(account);
    *out = issued;
    return true;
}

/* ---- what came of it ---- */

#define ENTRY HF_SPAN("{\"entry\":")
#define DER   HF_SPAN(",\"der\":\"")
#define END   HF_SPAN("\"}")

void hf_issued_put_certificate(struct hf_buf *out, uint64_t entry,
                               struct hf_span der)
{
    size_t len = HF_BASE64URL_LEN(der.len);
    char *text;

    hf_buf_put(out, ENTRY);
    hf_buf_put_u64(out, entry);
    hf_buf_put(out, DER);
    text = hf_buf_reserve(out, len);
    if (text == NULL)
        return;
    hf_base64url(der, text);
    out->len += len;
    hf_buf_put(out, END);
}

bool hf_issued_read_certificate(struct hf_span body, uint64_t *entry,
                                struct hf_span *der)
{
    if (!hf_take_word(&body, ENTRY) || !hf_take_decimal(&body, entry) ||
        !hf_take_word(&body, DER) || !hf_span_ends(body, END))
        return false;
    body.len -= END.len;
    *der = body;
    return body.len > 0 && hf_base64url_is_canonical(body);
}

/* ---- its revocation ---- */

#define REVOKED_AT HF_SPAN(",\"revoked_at\":")
#define REASON     HF_SPAN(",\"reason\":")

void hf_issued_put_revoked(struct hf_buf *out, const struct hf_revoked *revoked)
{
    hf_buf_put(out, SERIAL);
    hf_put_hex(out, (struct hf_span){(const char *)revoked->serial,
                                     revoked->serial_len});
    hf_buf_putc(out, '"');
    hf_buf_put(out, REVOKED_AT);
    hf_buf_put_i64(out, revoked->at);
    hf_buf_put(out, REASON);
    hf_buf_put_u64(out, revoked->reason);
    hf_buf_putc(out, '}');
}

bool hf_issued_read_revoked(struct hf_span body, struct hf_revoked *out)
{
    struct hf_issued issued;
    struct hf_revoked revoked;
    uint64_t reason;

    if (!take_serial(&body, &issued) || !hf_take_word(&body, REVOKED_AT) ||
        !hf_take_moment(&body, &revoked.at) || !hf_take_word(&body, REASON) ||
        !hf_take_decimal(&body, &reason) || reason > UINT8_MAX ||
        !hf_crl_reason_is_good((unsigned)reason) ||
        !hf_span_eq(body, HF_SPAN("}")))
        return false;
    memcpy(revoked.serial, issued.octets, issued.len);
    revoked.serial_len = (uint8_t)issued.len;
    revoked.reason = (uint8_t)reason;
    *out = revoked;
    return true;
}

enum hf_err hf_issued_log_revoked(struct hf_evidence *log, int64_t at,
                                  const struct hf_revoked *revoked,
                                  struct hf_why *why)
{
    char room[128]; /* enough for any serial number */
    struct hf_entry entry = {.at = at, .kind = HF_SPAN("revoke")};
    struct hf_buf body;

    if (!hf_crl_reason_is_good(revoked->reason))
        return hf_fail(why, HF_EINVAL, 0, "a reason that no CA gives");
    hf_buf_init(&body, room, sizeof(room));
    hf_issued_put_revoked(&body, revoked);
    entry.body = hf_buf_span(&body);
    return hf_evidence_append(log, &entry, why);
}

bool hf_issued_hash(const struct hf_digest *digest, struct hf_span der,
                    unsigned char out[HF_HASH_MAX])
{
    struct hf_der_element whole, tbs;

    return hf_der_take(&der, &whole) && hf_der_take(&whole.content, &tbs) &&
           digest->compute(digest->state, HF_SHA_256, tbs.whole, out) == HF_OK;
}
