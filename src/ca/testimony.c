/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/testimony.h"

#include "base/alloc.h"
#include "base/base64.h"
#include "ca/probed.h"
#include "holdfast/txt.h"

const char *hf_caa_fault_word(enum hf_caa_reason reason)
{
    static const char *const words[] = {
        [HF_CAA_OK] = "ok",
        [HF_CAA_CRITICAL_UNKNOWN] = "caa-critical-unknown",
        [HF_CAA_NO_MATCHING_ISSUER] = "caa-no-matching-issuer",
        [HF_CAA_ACCOUNT_MISMATCH] = "caa-account-mismatch",
        [HF_CAA_METHOD] = "caa-method",
    };

    return words[reason];
}

static enum hf_err no_memory(struct hf_why *why)
{
    return hf_fail(why, HF_ENOMEM, 0, "out of memory");
}

static void refuse(struct hf_testimony *t, const char *problem,
                   const char *reason)
{
    t->problem = problem;
    t->reason = reason;
}

/* REQ VAL-30, VAL-53, ERR-04: what could not be looked up serves nobody. False
 * then. */
static bool is_usable(const struct hf_found *found, struct hf_testimony *t)
{
    if (found->state != HF_FOUND_FAILURE)
        return true;
    refuse(t, "dns",
           hf_reason_word(found->security == HF_BOGUS ? HF_REASON_DNSSEC_BOGUS
                                                      : HF_REASON_DNS_FAILURE));
    return false;
}

/* The ways without an account URI agree on themselves. */
static enum hf_err agree(const struct hf_inquiry *inquiry,
                         struct hf_testimony *t, struct hf_why *why)
{
    t->reason = "ok";
    t->room = hf_alloc(1, sizeof(t->account_uris[0]));
    if (t->room == NULL)
        return no_memory(why);
    t->account_uris = t->room;
    t->account_uris[0] = hf_span_str(hf_way_word(inquiry->way));
    t->account_uri_count = 1;
    return HF_OK;
}

/* ---- TXT ---- */

/*
 * The records' values, strings joined (REQ RECORD-01), in t->room, behind
 * `before` octets for other things. Where lengths do not add up it is no TXT
 * record at all.
 */
static enum hf_err join(const struct hf_found *found, size_t before,
                        struct hf_testimony *t, struct hf_why *why)
{
    size_t list = found->record_count * sizeof(t->values[0]);
    struct hf_span rest = found->records;
    struct hf_span rdata;
    char *joined;

    t->room = hf_alloc(1, before + list + rest.len + 1);
    if (t->room == NULL)
        return no_memory(why);
    t->values = (void *)((char *)t->room + before);
    joined = (char *)t->values + list;
    while (hf_found_next(&rest, &rdata)) {
        if (hf_txt_join(rdata, joined, &t->values[t->count], NULL) != HF_OK)
            continue;
        joined += rdata.len;
        t->count++;
    }
    return HF_OK;
}

static struct hf_answer answer_of(const struct hf_found *found,
                                  const struct hf_testimony *t)
{
    struct hf_answer answer = {.state = HF_ANSWER_DATA,
                               .values = t->values,
                               .count = t->count,
                               .ttl_s = found->ttl_s};

    if (found->security == HF_BOGUS)
        answer.state = HF_ANSWER_BOGUS; /* REQ VAL-30 */
    else if (found->state == HF_FOUND_FAILURE)
        answer.state = HF_ANSWER_FAILURE;
    return answer;
}

/* REQ VAL-43: each valid record's, the one relied upon first. */
static void list_uris(struct hf_testimony *t)
{
    size_t relied = t->verdict.relied;

    t->account_uris[t->account_uri_count++] =
        t->judged[relied].record.account_uri;
    for (size_t i = 0; i < t->count; i++)
        if (i != relied && t->judged[i].reason == HF_REASON_OK)
            t->account_uris[t->account_uri_count++] =
                t->judged[i].record.account_uri;
}

/*
 * REQ VAL-33, VAL-34: an alias may lead to the record; what is validated is
 * the name that was asked, never the alias's target.
 */
static enum hf_err hear_persist(const struct hf_inquiry *inquiry,
                                struct hf_testimony *t, struct hf_why *why)
{
    const struct hf_claim *claim = inquiry->claim;
    const struct hf_found *found = &inquiry->view->answers[0];
    size_t judged = found->record_count * sizeof(t->judged[0]);
    size_t uris = found->record_count * sizeof(t->account_uris[0]);
    const struct hf_validation_job *job = &claim->job;
    struct hf_question question = {.adn = inquiry->adn, .now = inquiry->now};
    struct hf_answer answer;
    enum hf_err err = join(found, judged + uris, t, why);

    if (err != HF_OK)
        return err;
    t->adn = inquiry->adn;
    t->judged = t->room;
    t->account_uris = (void *)((char *)t->room + judged);
    answer = answer_of(found, t);
    /* REQ SCOPE-01, SCOPE-04: all names below want what the wildcard wants. */
    if (!job->is_ip)
        question.scope = hf_scope_of(
            job->name, job->wildcard || job->subdomains, inquiry->adn);
    err = hf_judge(&claim->ca, &claim->account, &question, &answer, t->judged,
                   &t->verdict, why);
    if (err != HF_OK)
        return err;
    t->reason = hf_reason_word(t->verdict.reason);
    if (t->verdict.reason == HF_REASON_OK)
        list_uris(t);
    else
        t->problem = hf_outcome_word(hf_reason_outcome(t->verdict.reason));
    return HF_OK;
}

/* RFC 8555, section 8.4: base64url of the SHA-256 of the key authorization. */
static enum hf_err hear_dns(const struct hf_inquiry *inquiry,
                            struct hf_testimony *t, struct hf_why *why)
{
    const struct hf_found *found = &inquiry->view->answers[0];
    char expected[HF_BASE64URL_LEN(32)];
    struct hf_span wanted = {expected, sizeof(expected)};
    unsigned char hash[32];
    enum hf_err err;

    if (!is_usable(found, t))
        return HF_OK;
    err = hf_claim_hash(inquiry->claim, hash, why);
    if (err == HF_OK)
        err = join(found, 0, t, why);
    if (err != HF_OK)
        return err;
    hf_base64url((struct hf_span){(const char *)hash, sizeof(hash)}, expected);
    if (t->count == 0) {
        refuse(t, "unauthorized", hf_reason_word(HF_REASON_NO_RECORD));
        return HF_OK;
    }
    if (!hf_span_among(wanted, t->values, t->count)) {
        refuse(t, "incorrectResponse", "wrong-value");
        return HF_OK;
    }
    hf_free(t->room);
    t->values = NULL;
    t->count = 0;
    return agree(inquiry, t, why);
}

/* ---- CAA ---- */

/* What cannot be read must not be ignored: it is taken as critical and
 * unknown. */
static enum hf_err read_caa(const struct hf_found *found,
                            struct hf_testimony *t, struct hf_why *why)
{
    struct hf_span rest = found->records;
    struct hf_span rdata;

    t->caa = hf_alloc(found->record_count + 1, sizeof(t->caa[0]));
    if (t->caa == NULL)
        return no_memory(why);
    while (hf_found_next(&rest, &rdata)) {
        struct hf_caa *property = &t->caa[t->caa_count++];

        if (!hf_caa_read(rdata, property))
            *property = (struct hf_caa){.flags = HF_CAA_CRITICAL};
    }
    return HF_OK;
}

static enum hf_caa_reason decide_caa(const struct hf_claim *claim,
                                     struct hf_testimony *t)
{
    enum hf_way way =
        claim->job.way == HF_WAY_CAA ? claim->job.for_way : claim->job.way;
    struct hf_caa_request request = {.issuers = claim->ca.issuers,
                                     .issuer_count = claim->ca.issuer_count,
                                     .account_urls = claim->urls,
                                     .account_url_count = claim->url_count,
                                     .wildcard = claim->job.wildcard};

    if (way != HF_WAY_DNS_PERSIST)
        request.method = hf_span_str(hf_way_word(way));
    return hf_caa_decide(t->caa, t->caa_count, &request, &t->caa_which);
}

/*
 * REQ VAL-50..53: the nearest name with CAA records decides. A failure on the
 * way there leaves the question open, and an open question is no permission.
 */
static enum hf_err hear_caa(const struct hf_inquiry *inquiry,
                            struct hf_testimony *t, struct hf_why *why)
{
    const struct hf_view *view = inquiry->view;
    enum hf_caa_reason reason;
    enum hf_err err = HF_OK;

    while (t->at < view->answer_count &&
           view->answers[t->at].state != HF_FOUND_DATA &&
           view->answers[t->at].state != HF_FOUND_FAILURE)
        t->at++;
    if (t->at == view->answer_count)
        return agree(inquiry, t, why);
    if (!is_usable(&view->answers[t->at], t))
        return HF_OK;
    err = read_caa(&view->answers[t->at], t, why);
    if (err != HF_OK)
        return err;
    reason = decide_caa(inquiry->claim, t);
    if (reason == HF_CAA_OK)
        return agree(inquiry, t, why);
    refuse(t, "caa", hf_caa_fault_word(reason));
    return HF_OK;
}

/* ---- http-01, tls-alpn-01 ---- */

/* The last probe counts. Without one a look-up failed. */
static enum hf_err hear_probe(const struct hf_inquiry *inquiry,
                              struct hf_testimony *t, struct hf_why *why)
{
    const struct hf_view *view = inquiry->view;
    enum hf_err err;

    if (view->probe_count == 0) {
        while (t->at + 1 < view->answer_count &&
               view->answers[t->at].state != HF_FOUND_FAILURE)
            t->at++;
        refuse(t, "dns", hf_reason_word(HF_REASON_DNS_FAILURE));
        (void)is_usable(&view->answers[t->at], t);
        return HF_OK;
    }
    err = hf_probed_judge(&view->probes[view->probe_count - 1], inquiry->claim,
                          &t->problem, &t->reason, why);
    return err == HF_OK && t->problem == NULL ? agree(inquiry, t, why) : err;
}

/* ---- all ---- */

/* Silence must not be taken for the absence of records. */
static bool is_empty(const struct hf_view *view)
{
    return view->answer_count == 0 && view->probe_count == 0;
}

static enum hf_err hear(const struct hf_inquiry *inquiry,
                        struct hf_testimony *t, struct hf_why *why)
{
    const struct hf_view *view = inquiry->view;

    if (view->failure != NULL ||
        (view->said == HF_SAID_NOTHING && is_empty(view))) {
        refuse(t, "serverInternal", "perspective-failed");
        return HF_OK;
    }
    if (view->said == HF_SAID_YES)
        return agree(inquiry, t, why);
    if (view->said == HF_SAID_NO) {
        refuse(t, "unauthorized", "perspective-refused");
        return HF_OK;
    }
    switch (inquiry->way) {
    case HF_WAY_DNS_PERSIST:
        return hear_persist(inquiry, t, why);
    case HF_WAY_DNS:
        return hear_dns(inquiry, t, why);
    case HF_WAY_CAA:
        return hear_caa(inquiry, t, why);
    case HF_WAY_HTTP:
    case HF_WAY_TLS_ALPN:
        break;
    }
    return hear_probe(inquiry, t, why);
}

enum hf_err hf_testimony_hear(const struct hf_inquiry *inquiry,
                              struct hf_testimony *out, struct hf_why *why)
{
    struct hf_testimony t = {0};
    enum hf_err err = hear(inquiry, &t, why);

    if (err != HF_OK) {
        hf_testimony_clear(&t);
        return err;
    }
    *out = t;
    return HF_OK;
}

void hf_testimony_clear(struct hf_testimony *testimony)
{
    hf_free(testimony->room);
    hf_free(testimony->caa);
    *testimony = (struct hf_testimony){0};
}
