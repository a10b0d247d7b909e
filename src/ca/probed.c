/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/probed.h"

#include "names/ip.h"
#include "net/alpn.h"

/* What can be wrong, behind the objections of eye.h. */
enum {
    STATUS = HF_OBJECTION_REDIRECTS + 1,
    VALUE,
    REFUSED,
    NAMES,
    EXTENSION,
    CONNECTION,
    TLS,
    REPLY,
    OURS,
};

static const struct {
    const char *reason;
    const char *problem;
    const char *sentence; /* NULL: the reply has a reason of its own */
} rows[] = {
    [HF_OBJECTION_NONE] = {"ok", NULL, NULL},
    [HF_OBJECTION_NO_ADDRESS] = {"no-address", "dns",
                                 "the name has no address record"},
    [HF_OBJECTION_PRIVATE] =
        {"private-address", "unauthorized",
         "its addresses are of no public network: this CA does not look there"},
    [HF_OBJECTION_URL] = {"bad-url", "incorrectResponse",
                          "this is no URL that can be followed"},
    [HF_OBJECTION_PORT] =
        {"bad-port", "incorrectResponse",
         "a redirect may lead to the ports of http and https only"},
    [HF_OBJECTION_HOST] = {"bad-host", "incorrectResponse",
                           "its host is no domain name"},
    [HF_OBJECTION_REDIRECT] = {"bad-redirect", "incorrectResponse",
                               "it leads to no http or https URL"},
    [HF_OBJECTION_REDIRECTS] = {"too-many-redirects", "connection",
                                "there are more than ten redirects"},
    [STATUS] = {"http-status", "unauthorized",
                "RFC 8555 8.3: the status of the reply is not 200"},
    [VALUE] = {"wrong-value", "incorrectResponse",
               "the key authorization is not the one that was expected"},
    [REFUSED] = {"alpn-refused", "tls",
                 "RFC 8737 3: the server did not choose \"acme-tls/1\""},
    [NAMES] = {"alpn-names", "incorrectResponse",
               "RFC 8737 3: the certificate is not for this name alone"},
    [EXTENSION] = {"alpn-extension", "incorrectResponse",
                   "RFC 8737 3: the certificate has not one critical "
                   "acmeIdentifier with a SHA-256 digest"},
    [CONNECTION] = {"connection", "connection", NULL},
    [TLS] = {"tls", "tls", NULL},
    [REPLY] = {"bad-reply", "incorrectResponse", NULL},
    [OURS] = {"prober-lost", "serverInternal", NULL},
};

static unsigned row_of(enum hf_http_failure failure)
{
    switch (failure) {
    case HF_HTTP_REPLIED:
        break;
    case HF_HTTP_NO_ADDRESS:
    case HF_HTTP_NO_CONNECT:
    case HF_HTTP_SLOW_CONNECT:
    case HF_HTTP_TIMEOUT:
    case HF_HTTP_SILENT:
    case HF_HTTP_CUT_OFF:
        return CONNECTION;
    case HF_HTTP_NO_TLS:
    case HF_HTTP_UNTRUSTED:
        return TLS;
    case HF_HTTP_LONG_HEADER:
    case HF_HTTP_LONG_BODY:
    case HF_HTTP_NOT_HTTP:
    case HF_HTTP_BAD_LENGTH:
    case HF_HTTP_BAD_FIELD:
    case HF_HTTP_INTERIM:
    case HF_HTTP_ENCODED:
        return REPLY;
    case HF_HTTP_LOST:
        return OURS;
    }
    return HF_OBJECTION_NONE;
}

/* RFC 8555, section 8.3: white space behind the key authorization is ignored.
 */
static struct hf_span trimmed(struct hf_span text)
{
    while (text.len > 0 &&
           (text.ptr[text.len - 1] == ' ' ||
            (text.ptr[text.len - 1] >= '\t' && text.ptr[text.len - 1] <= '\r')))
        text.len--;
    return text;
}

static unsigned judge_http(const struct hf_http_reply *reply,
                           const struct hf_claim *claim)
{
    if (reply->status != 200)
        return STATUS;
    return hf_span_eq(trimmed(reply->body), claim->job.key_authorization)
               ? HF_OBJECTION_NONE
               : VALUE;
}

/* One name, the one that is validated (RFC 8737, section 3; RFC 8738, 6). */
static bool is_for(const struct hf_alpn *seen, const struct hf_claim *claim)
{
    uint8_t octets[16];
    size_t len;

    if (seen->name_count != 1)
        return false;
    if (!claim->job.is_ip)
        return seen->kind == HF_ALPN_DNS &&
               hf_span_eq_nocase(seen->name, claim->job.name);
    return seen->kind == HF_ALPN_IP &&
           hf_ip_parse(claim->job.name, octets, &len) &&
           hf_span_eq(seen->name, (struct hf_span){(const char *)octets, len});
}

static enum hf_err judge_alpn(const struct hf_http_reply *reply,
                              const struct hf_claim *claim, unsigned *row,
                              struct hf_why *why)
{
    unsigned char hash[32];
    struct hf_alpn seen;
    enum hf_err err = hf_claim_hash(claim, hash, why);

    if (err != HF_OK)
        return err;
    if (!hf_alpn_read(reply->body, &seen))
        *row = TLS;
    else if (!seen.negotiated)
        *row = REFUSED;
    else if (!is_for(&seen, claim))
        *row = NAMES;
    else if (seen.extension_count != 1 || !seen.critical || seen.hash.len == 0)
        *row = EXTENSION;
    else if (!hf_span_eq(seen.hash,
                         (struct hf_span){(const char *)hash, sizeof(hash)}))
        *row = VALUE;
    return HF_OK;
}

enum hf_err hf_probed_judge(const struct hf_probed *probed,
                            const struct hf_claim *claim, const char **problem,
                            const char **reason, struct hf_why *why)
{
    const struct hf_http_reply *reply = &probed->reply;
    unsigned row = probed->objection;
    enum hf_err err = HF_OK;

    if (row == HF_OBJECTION_NONE)
        row = row_of(reply->failure);
    if (row == HF_OBJECTION_NONE && claim->job.way == HF_WAY_HTTP)
        row = judge_http(reply, claim);
    else if (row == HF_OBJECTION_NONE)
        err = judge_alpn(reply, claim, &row, why);
    *problem = rows[row].problem;
    *reason = rows[row].reason;
    return err;
}

void hf_probed_put(struct hf_buf *out, const struct hf_probed *probed,
                   const char *reason)
{
    const char *sentence = probed->reply.reason;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (rows[i].sentence != NULL && rows[i].reason == reason)
            sentence = rows[i].sentence;
    hf_buf_put_escaped(out, hf_span_str(probed->url), HF_QUOTED_MAX);
    if (probed->address[0] != '\0') {
        hf_buf_puts(out, " at ");
        hf_buf_puts(out, probed->address);
    }
    hf_buf_puts(out, ": ");
    hf_buf_puts(out, sentence == NULL ? "no certificate came" : sentence);
    if (probed->reply.status != 0 && probed->reply.status != 200) {
        hf_buf_puts(out, ", but ");
        hf_buf_put_i64(out, probed->reply.status);
    }
}
