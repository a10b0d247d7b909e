/* SPDX-License-Identifier: Apache-2.0 */
/*
 * validate_evidence.c -- what was seen and decided, for the log that signing
 * waits for (REQ VAL-07, VAL-54, VAL-55, VAL-58). An order keeps it twice, so
 * what holds unless something else is said is left out: holdfast-ca(1) lists
 * it.
 */
#include "base/hex.h"
#include "base/json.h"
#include "ca/validate_engine.h"
#include "dns/found.h"
#include "dns/wire.h"

/* The rules that were followed: BR 2.2.6. */
#define BR_VERSION "2.2.6"

/* How much of what strangers sent is shown: all that is usual; less, when
 * somebody sends very much; at last only how much it was. */
static const struct detail {
    size_t text;    /* octets of a record */
    size_t records; /* of an answer */
    size_t answers; /* of a view */
} details[] = {{4096, 64, 128}, {512, 16, 16}, {64, 2, 4}, {0, 0, 0}};

static const char *section(const struct hf_trial *trial)
{
    bool is_ip = trial->claim.job.is_ip;

    switch (trial->claim.job.way) {
    case HF_WAY_DNS_PERSIST:
        return is_ip ? "3.2.2.5.8" : "3.2.2.4.22";
    case HF_WAY_DNS:
        return "3.2.2.4.7";
    case HF_WAY_HTTP:
        return is_ip ? "3.2.2.5.6" : "3.2.2.4.19";
    case HF_WAY_TLS_ALPN:
        return is_ip ? "3.2.2.5.7" : "3.2.2.4.20";
    case HF_WAY_CAA:
        break;
    }
    return "3.2.2.8";
}

/* Seconds since 1970, to the millisecond. */
static void put_time(struct hf_json *json, const char *key, struct hf_time at)
{
    uint32_t ms = at.ns / 1000000;

    hf_json_key_int(json, key, at.s);
    hf_buf_putc(json->out, '.');
    hf_buf_putc(json->out, (char)('0' + ms / 100));
    hf_buf_putc(json->out, (char)('0' + ms / 10 % 10));
    hf_buf_putc(json->out, (char)('0' + ms % 10));
}

/* Octets as they are, one character each; of long ones the beginning, and
 * what tells whether it is the same text. */
static void put_octets(struct hf_json *json, const struct hf_trial *trial,
                       struct hf_span text, const struct detail *detail)
{
    const struct hf_digest *digest = trial->claim.ca.digest;
    unsigned char hash[HF_HASH_MAX];
    char spelt[64];

    if (text.len <= detail->text) {
        hf_json_key_str(json, "text", text);
        return;
    }
    hf_json_key_int(json, "octets", (int64_t)text.len);
    hf_json_key_str(json, "begins", (struct hf_span){text.ptr, detail->text});
    if (digest->compute(digest->state, HF_SHA_256, text, hash) != HF_OK)
        return;
    hf_hex(hash, sizeof(spelt) / 2, spelt);
    hf_json_key_str(json, "sha256", (struct hf_span){spelt, sizeof(spelt)});
}

static void put_record_verdict(struct hf_json *json,
                               const struct hf_judged *judged)
{
    hf_json_key_lit(json, "reason", hf_reason_word(judged->reason));
    hf_json_key_lit(json, "form", hf_form_word(judged->form));
}

static void put_records(struct hf_json *json, const struct hf_trial *trial,
                        const struct hf_sending *sending,
                        const struct detail *detail)
{
    const struct hf_testimony *t = &sending->testimony;

    for (size_t i = 0; i < t->count && i < detail->records; i++) {
        hf_json_open(json, '{');
        put_octets(json, trial, t->values[i], detail);
        if (t->judged != NULL)
            put_record_verdict(json, &t->judged[i]);
        hf_json_close(json, '}');
    }
    for (size_t i = 0; i < t->caa_count && i < detail->records; i++) {
        hf_json_open(json, '{');
        hf_json_key_int(json, "flags", t->caa[i].flags);
        hf_json_key_str(json, "tag", t->caa[i].tag);
        put_octets(json, trial, t->caa[i].value, detail);
        if (i == t->caa_which)
            hf_json_key_bool(json, "decided", true);
        hf_json_close(json, '}');
    }
}

/* The records of the answer that decided; of others how many there were. */
static void put_answer_records(struct hf_json *json,
                               const struct hf_trial *trial,
                               const struct hf_sending *sending, size_t i,
                               const struct detail *detail)
{
    const struct hf_found *found = &sending->view.answers[i];
    bool decided = i == sending->testimony.at;

    if (found->record_count > (decided ? detail->records : 0))
        hf_json_key_int(json, "record_count", (int64_t)found->record_count);
    if (!decided || found->record_count == 0)
        return;
    hf_json_key(json, "records");
    hf_json_open(json, '[');
    put_records(json, trial, sending, detail);
    hf_json_close(json, ']');
}

static void put_answer(struct hf_json *json, const struct hf_trial *trial,
                       const struct hf_sending *sending, size_t i,
                       const struct detail *detail)
{
    const struct hf_found *found = &sending->view.answers[i];

    hf_json_open(json, '{');
    hf_json_key_str(json, "owner", found->owner);
    hf_json_key_int(json, "type", found->type);
    hf_json_key_lit(json, "state", hf_found_state_word(found->state));
    hf_json_key_lit(json, "security", hf_security_word(found->security));
    if (found->rcode != 0)
        hf_json_key_int(json, "rcode", found->rcode);
    if (found->ttl_s != 0)
        hf_json_key_int(json, "ttl", found->ttl_s);
    if (found->synthesised)
        hf_json_key_bool(json, "synthesised", true);
    if (i == 0 || !hf_span_eq(found->server, found[-1].server))
        hf_json_key_str(json, "server", found->server);
    if (found->reason.len > 0)
        hf_json_key_str(json, "why", found->reason);
    if (found->chain_count > 0)
        hf_found_put_chain(json, found);
    put_answer_records(json, trial, sending, i, detail);
    hf_json_close(json, '}');
}

static void put_probe(struct hf_json *json, const struct hf_trial *trial,
                      const struct hf_probed *probed,
                      const struct detail *detail)
{
    hf_json_open(json, '{');
    hf_json_key_str(json, "url", hf_span_str(probed->url));
    hf_json_key_str(json, "address", hf_span_str(probed->address));
    hf_json_key_int(json, "status", probed->reply.status);
    if (probed->reply.reason != NULL)
        hf_json_key_lit(json, "why", probed->reply.reason);
    if (probed->reply.location.len > 0)
        hf_json_key_str(json, "location", probed->reply.location);
    put_octets(json, trial, probed->reply.body, detail);
    hf_json_close(json, '}');
}

static void put_probes(struct hf_json *json, const struct hf_trial *trial,
                       const struct hf_view *view, const struct detail *detail)
{
    if (view->probe_count == 0)
        return;
    hf_json_key(json, "probes");
    hf_json_open(json, '[');
    for (size_t i = 0; i < view->probe_count; i++)
        put_probe(json, trial, &view->probes[i], detail);
    hf_json_close(json, ']');
}

static void put_answers(struct hf_json *json, const struct hf_trial *trial,
                        const struct hf_sending *sending,
                        const struct detail *detail)
{
    const struct hf_view *view = &sending->view;

    if (view->answer_count > detail->answers)
        hf_json_key_int(json, "answer_count", (int64_t)view->answer_count);
    hf_json_key(json, "answers");
    hf_json_open(json, '[');
    for (size_t i = 0; i < view->answer_count && i < detail->answers; i++)
        put_answer(json, trial, sending, i, detail);
    hf_json_close(json, ']');
}

static void put_view(struct hf_json *json, const struct hf_trial *trial,
                     const struct hf_sending *sending,
                     const struct detail *detail)
{
    const struct hf_testimony *t = &sending->testimony;
    const struct hf_eye *eye = trial->config->eyes[sending->eye];
    const struct hf_view *view = &sending->view;

    hf_json_open(json, '{');
    hf_json_key_str(json, "perspective", hf_span_str(eye->label));
    if (eye->rir[0] != '\0')
        hf_json_key_str(json, "rir", hf_span_str(eye->rir));
    if (sending->eye == 0)
        hf_json_key_bool(json, "primary", true);
    if (sending->attempt != 1)
        hf_json_key_int(json, "attempt", sending->attempt);
    hf_json_key_lit(json, "method", hf_way_word(sending->way));
    if (sending->adn.len > 0)
        hf_json_key_str(json, "adn", sending->adn);
    put_time(json, "at", sending->heard_at);
    hf_json_key_int(json, "took_ms", view->took_ms);
    hf_json_key_lit(json, "outcome", t->problem == NULL ? "valid" : t->problem);
    hf_json_key_lit(json, "reason", t->reason);
    if (view->failure != NULL)
        hf_json_key_lit(json, "failure", view->failure);
    put_answers(json, trial, sending, detail);
    put_probes(json, trial, view, detail);
    hf_json_close(json, '}');
}

static void put_question(struct hf_json *json, const struct hf_trial *trial)
{
    const struct hf_claim *claim = &trial->claim;

    hf_json_key_lit(json, "method", hf_way_word(claim->job.way));
    hf_json_key_lit(json, "section", section(trial));
    hf_json_key_lit(json, "br", BR_VERSION);
    hf_json_key_lit(json, "rules", hf_rules_word(claim->ca.rules));
    hf_json_key(json, "identifier");
    hf_json_open(json, '{');
    hf_json_key_lit(json, "type", claim->job.is_ip ? "ip" : "dns");
    hf_json_key_str(json, "value", claim->job.name);
    if (claim->job.wildcard)
        hf_json_key_bool(json, "wildcard", true);
    if (claim->job.subdomains)
        hf_json_key_bool(json, "subdomains", true);
    hf_json_close(json, '}');
    if (claim->policy->skips_caa)
        hf_json_key_lit(json, "caa", "skipped");
    hf_json_key_str(json, "account", claim->account.url);
    put_time(json, "began", claim->job.now);
    put_time(json, "ended", trial->ended_at);
}

static void put_relied(struct hf_json *json, const struct hf_trial *trial,
                       const struct hf_validation_result *result)
{
    hf_json_key_int(json, "expires", result->expires_at);
    if (result->account_uri.len == 0)
        return;
    hf_json_key(json, "relied");
    hf_json_open(json, '{');
    hf_json_key_str(json, "adn", result->adn);
    if (!hf_span_eq(result->account_uri, trial->claim.account.url))
        hf_json_key_str(json, "accounturi", result->account_uri);
    hf_json_key_lit(json, "form", hf_form_word(result->form));
    hf_json_key_int(json, "ttl", result->ttl_s);
    if (result->until_at != INT64_MAX)
        hf_json_key_int(json, "persistUntil", result->until_at);
    hf_json_close(json, '}');
}

static void put_verdict(struct hf_json *json, const struct hf_trial *trial,
                        const struct hf_validation_result *result)
{
    char room[48];
    struct hf_buf quorum;

    hf_json_key_lit(json, "outcome", result->valid ? "valid" : result->problem);
    hf_json_key_lit(json, "reason", result->reason);
    if (result->valid)
        put_relied(json, trial, result);
    if (!trial->counted)
        return;
    hf_buf_init(&quorum, room, sizeof(room));
    hf_buf_put_u64(&quorum, trial->quorum.corroborating);
    hf_buf_putc(&quorum, '/');
    hf_buf_put_u64(&quorum, trial->quorum.remotes);
    hf_json_key_str(json, "quorum", hf_buf_span(&quorum));
    hf_json_key_lit(json, "quorum_reason",
                    hf_mpic_reason_word(trial->quorum.reason));
}

static void put_evidence(const struct hf_trial *trial,
                         const struct hf_validation_result *result,
                         const struct detail *detail, struct hf_buf *out)
{
    struct hf_json json = hf_json_to(out);

    hf_json_open(&json, '{');
    put_question(&json, trial);
    put_verdict(&json, trial, result);
    hf_json_key(&json, "views");
    hf_json_open(&json, '[');
    for (size_t i = 0; i < trial->sending_count; i++)
        put_view(&json, trial, &trial->sendings[i], detail);
    hf_json_close(&json, ']');
    hf_json_close(&json, '}');
}

void hf_trial_evidence(const struct hf_trial *trial,
                       const struct hf_validation_result *result,
                       struct hf_buf *out)
{
    for (size_t i = 0; i < sizeof(details) / sizeof(details[0]); i++) {
        hf_buf_reset(out);
        put_evidence(trial, result, &details[i], out);
        if (!out->full)
            return;
    }
}
