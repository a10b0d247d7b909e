/* SPDX-License-Identifier: Apache-2.0 */
/* testimony_put.c -- why a view does not serve, in words. */
#include "ca/probed.h"
#include "ca/testimony.h"
#include "dns/wire.h"

#define NAME_QUOTED_MAX 300

/* Whom the answer is about: the question, whatever aliases it went through. */
static struct hf_span asked_owner(const struct hf_found *found)
{
    return found->chain_count > 0 ? found->chain[0].owner : found->owner;
}

static const char *caa_sentence(const char *reason)
{
    static const struct {
        enum hf_caa_reason reason;
        const char *sentence;
    } rows[] = {
        {HF_CAA_CRITICAL_UNKNOWN,
         "RFC 8659 4.1: a critical property that this CA does not know "
         "forbids issuance"},
        {HF_CAA_NO_MATCHING_ISSUER,
         "RFC 8659 4.2: no issue property names this CA"},
        {HF_CAA_ACCOUNT_MISMATCH,
         "RFC 8657 3: accounturi names another account"},
        {HF_CAA_METHOD,
         "RFC 8657 4: validationmethods does not allow this method"},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (hf_span_eq(hf_span_str(hf_caa_fault_word(rows[i].reason)),
                       hf_span_str(reason)))
            return rows[i].sentence;
    return reason;
}

static void put_failure(struct hf_buf *out, const struct hf_found *found)
{
    hf_buf_puts(out, found->security == HF_BOGUS
                         ? "DNSSEC validation fails (RFC 4035 5.5)"
                         : "the look-up fails");
    if (found->reason.len == 0)
        return;
    hf_buf_puts(out, ": ");
    hf_buf_put_escaped(out, found->reason, HF_QUOTED_MAX);
}

static void put_answer(struct hf_buf *out, const struct hf_inquiry *inquiry,
                       const struct hf_testimony *t,
                       const struct hf_found *found)
{
    if (found->state == HF_FOUND_FAILURE)
        put_failure(out, found);
    else if (inquiry->way == HF_WAY_CAA)
        hf_buf_puts(out, caa_sentence(t->reason));
    else if (inquiry->way == HF_WAY_DNS_PERSIST)
        hf_buf_puts(out, hf_reason_law(t->verdict.reason));
    else if (t->count == 0)
        hf_buf_puts(out, "RFC 8555 8.4: there is no TXT record");
    else
        hf_buf_puts(out, "RFC 8555 8.4: no TXT record is the digest of the "
                         "key authorization");
}

static const char *what_of(enum hf_way way)
{
    static const char *const words[HF_WAY_COUNT] = {
        [HF_WAY_DNS_PERSIST] = "TXT of ", [HF_WAY_DNS] = "TXT of ",
        [HF_WAY_HTTP] = "addresses of ",  [HF_WAY_TLS_ALPN] = "addresses of ",
        [HF_WAY_CAA] = "CAA of ",
    };

    return words[way];
}

void hf_testimony_put(struct hf_buf *out, const struct hf_inquiry *inquiry,
                      const struct hf_testimony *testimony)
{
    const struct hf_view *view = inquiry->view;
    const struct hf_found *found;

    if (view->failure != NULL) {
        hf_buf_puts(out, view->failure);
        return;
    }
    if (view->probe_count > 0) {
        hf_probed_put(out, &view->probes[view->probe_count - 1],
                      testimony->reason);
        return;
    }
    if (view->said != HF_SAID_NOTHING || testimony->at >= view->answer_count) {
        hf_buf_puts(out, "the perspective does not see what it should");
        return;
    }
    found = &view->answers[testimony->at];
    hf_buf_puts(out, what_of(inquiry->way));
    hf_buf_put_escaped(out, asked_owner(found), NAME_QUOTED_MAX);
    hf_buf_puts(out, ": ");
    put_answer(out, inquiry, testimony, found);
}
