/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Judging runs in three passes over the RRset: what each record says by itself
 * (steps 1 to 6 of the verdict), whose digest it carries (steps 7 and 8, each
 * digest computed once and compared with all records), and whether that grant
 * serves this question (steps 9 to 11).
 */
#include "holdfast/judge.h"

#include "holdfast/reuse.h"

const char *hf_rules_word(enum hf_rules rules)
{
    static const char *const words[] = {
        [HF_RULES_DRAFT_00] = "draft-00",
        [HF_RULES_DRAFT_01] = "draft-01",
        [HF_RULES_DRAFT_02] = "draft-02",
        [HF_RULES_DUAL] = "dual",
        [HF_RULES_BR] = "br",
    };

    return words[rules];
}

bool hf_rules_find(struct hf_span word, enum hf_rules *out)
{
    for (int i = HF_RULES_DRAFT_00; i <= HF_RULES_BR; i++) {
        if (hf_span_eq(word, hf_span_str(hf_rules_word((enum hf_rules)i)))) {
            *out = (enum hf_rules)i;
            return true;
        }
    }
    return false;
}

const char *hf_form_word(enum hf_form form)
{
    static const char *const words[] = {
        [HF_FORM_FOREIGN] = "foreign",
        [HF_FORM_RAW] = "raw",
        [HF_FORM_HASHED] = "hashed",
    };

    return words[form];
}

static bool is_raw_only(enum hf_rules rules)
{
    return rules == HF_RULES_DRAFT_00 || rules == HF_RULES_DRAFT_01;
}

static bool is_under_prefix(const struct hf_ca *ca, struct hf_span uri)
{
    for (size_t i = 0; i < ca->prefix_count; i++)
        if (ca->prefixes[i].len > 0 && hf_span_starts(uri, ca->prefixes[i]))
            return true;
    return false;
}

/* REQ VAL-10, VAL-11, ACCT-06: Simple String Comparison, nothing folded. */
static bool is_raw_uri(const struct hf_account *account, struct hf_span uri)
{
    return (account->url.len > 0 && hf_span_eq(uri, account->url)) ||
           hf_span_among(uri, account->other_urls, account->other_url_count) ||
           hf_span_among(uri, account->alternative_uris,
                         account->alternative_uri_count);
}

/* REQ DIR-09 */
enum hf_form hf_account_uri_form(const struct hf_ca *ca,
                                 const struct hf_account *account,
                                 struct hf_span uri)
{
    if (!is_raw_only(ca->rules) && is_under_prefix(ca, uri))
        return HF_FORM_HASHED;
    return is_raw_uri(account, uri) ? HF_FORM_RAW : HF_FORM_FOREIGN;
}

/* REQ RECORD-06, VAL-04, VAL-05, VAL-12 */
static bool is_ours(const struct hf_ca *ca, struct hf_span issuer)
{
    return issuer.len > 0 &&
           hf_span_among_nocase(issuer, ca->issuers, ca->issuer_count);
}

static bool may_be_raw(const struct hf_ca *ca)
{
    return is_raw_only(ca->rules) || ca->rules == HF_RULES_BR ||
           (ca->rules == HF_RULES_DUAL && ca->allows_raw);
}

/* Step 6: is the account URI of a form that this CA reads at all? A value
 * under a prefix that fails here is never read as raw (REQ VAL-23, DIR-09). */
static enum hf_reason read_uri(const struct hf_ca *ca, struct hf_span text,
                               struct hf_judged *judged)
{
    struct hf_span uri = judged->record.account_uri;
    enum hf_reason reason;
    size_t at;

    if (judged->form != HF_FORM_HASHED && may_be_raw(ca))
        return HF_REASON_OK;
    reason = hf_hashed_uri_read(uri, ca->prefixes, ca->prefix_count,
                                ca->hash_algs, &judged->hashed, &at);
    if (reason != HF_REASON_OK)
        judged->at = (size_t)(uri.ptr - text.ptr) + at;
    return reason;
}

/* Steps 1 to 6, and 7 and 8 for raw URLs. A hashed value is left a mismatch
 * until match_digests() finds whose it is. */
static void judge_text(const struct hf_ca *ca, const struct hf_account *account,
                       struct hf_span text, struct hf_judged *judged)
{
    judged->reading = hf_record_read(text, &judged->record, &judged->at);
    judged->form = HF_FORM_FOREIGN;
    judged->star = false;
    judged->key = 0;
    if (!is_ours(ca, judged->record.issuer)) {
        judged->reason = HF_REASON_OTHER_ISSUER;
        judged->at = 0;
        return;
    }
    judged->reason = judged->reading;
    if (judged->reading != HF_REASON_OK)
        return;
    judged->form = hf_account_uri_form(ca, account, judged->record.account_uri);
    judged->reason = read_uri(ca, text, judged);
    if (judged->reason != HF_REASON_OK)
        return;
    if (account->status != HF_ACCOUNT_VALID) /* REQ ACCT-03, ACCT-04 */
        judged->reason = HF_REASON_ACCOUNT_NOT_VALID;
    else if (judged->form != HF_FORM_RAW)
        judged->reason = HF_REASON_ACCOUNT_MISMATCH;
}

static bool is_pending(const struct hf_judged *judged)
{
    return judged->reason == HF_REASON_ACCOUNT_MISMATCH &&
           judged->form == HF_FORM_HASHED;
}

static uint32_t pending_algs(const struct hf_judged *judged, size_t count)
{
    uint32_t algs = 0;

    for (size_t i = 0; i < count; i++)
        if (is_pending(&judged[i]))
            algs |= HF_HASH_BIT(judged[i].hashed.alg);
    return algs;
}

/* One digest as it would stand in a record. */
struct candidate {
    enum hf_hash_alg alg;
    size_t key;
    bool star;
};

static void match_one(const struct candidate *candidate,
                      const unsigned char *hash, struct hf_judged *judged,
                      size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!is_pending(&judged[i]) || judged[i].hashed.alg != candidate->alg ||
            memcmp(judged[i].hashed.hash, hash,
                   hf_hash_alg_size(candidate->alg)) != 0)
            continue;
        judged[i].reason = HF_REASON_OK;
        judged[i].key = candidate->key;
        judged[i].star = candidate->star;
    }
}

/* What every digest of one request has in common. */
struct matching {
    const struct hf_digest *digest;
    const struct hf_account *account;
    struct hf_span adn;
    struct hf_judged *judged;
    size_t count;
    struct hf_why *why;
};

/* Compute one digest, unless it is the star digest known beforehand. */
static enum hf_err match_binding(const struct matching *m,
                                 struct hf_span account_url,
                                 const struct candidate *candidate)
{
    const struct hf_key *key = &m->account->keys[candidate->key];
    struct hf_binding binding = {
        .domain = candidate->star ? HF_SPAN("*") : m->adn,
        .thumbprint = key->thumbprint,
        .account_url = account_url,
    };
    unsigned char computed[HF_HASH_MAX];
    const unsigned char *hash = computed;
    enum hf_err err = HF_OK;

    if (candidate->star && key->star_known && candidate->alg == HF_SHA_256 &&
        account_url.ptr == m->account->url.ptr)
        hash = key->star;
    else
        err = hf_binding_hash(&binding, candidate->alg, m->digest, computed,
                              m->why);
    if (err == HF_OK)
        match_one(candidate, hash, m->judged, m->count);
    return err;
}

/* Both forms (REQ VAL-21, VAL-22, VAL-24) under every URL of the account. */
static enum hf_err match_key(const struct matching *m, enum hf_hash_alg alg,
                             size_t key)
{
    for (size_t u = 0; u <= m->account->other_url_count; u++) {
        struct hf_span url =
            u == 0 ? m->account->url : m->account->other_urls[u - 1];

        for (int star = 0; star <= 1; star++) {
            struct candidate candidate = {
                .alg = alg, .key = key, .star = star == 1};
            enum hf_err err;

            if ((pending_algs(m->judged, m->count) & HF_HASH_BIT(alg)) == 0)
                return HF_OK;
            err = match_binding(m, url, &candidate);
            if (err != HF_OK)
                return err;
        }
    }
    return HF_OK;
}

/* REQ VAL-20, VAL-24..26, ACCT-01, ACCT-02, ACCT-11: current key first, and
 * every earlier one after it. REQ VAL-29: each digest is computed once for
 * the whole RRset, however many records there are. */
static enum hf_err match_digests(const struct matching *m)
{
    uint32_t algs = pending_algs(m->judged, m->count);

    for (unsigned alg = 0; algs >> alg != 0; alg++) {
        if ((algs & HF_HASH_BIT(alg)) == 0)
            continue;
        for (size_t key = 0; key < m->account->key_count; key++) {
            enum hf_err err = match_key(m, (enum hf_hash_alg)alg, key);

            if (err != HF_OK)
                return err;
        }
    }
    return HF_OK;
}

/* Steps 9 to 11. REQ RECORD-10, REUSE-08, SCOPE-01, SCOPE-04, SCOPE-05,
 * SCOPE-09: the star form of a digest never stands in for policy=wildcard. */
static enum hf_reason serve(const struct hf_ca *ca,
                            const struct hf_question *question,
                            const struct hf_judged *judged)
{
    if (judged->reason != HF_REASON_OK)
        return judged->reason;
    if (hf_time_is_after(question->now, judged->record.until_at))
        return HF_REASON_EXPIRED;
    if (question->scope != HF_SCOPE_EXACT && !judged->record.wildcard &&
        ca->rules != HF_RULES_BR)
        return HF_REASON_POLICY_REQUIRED;
    return HF_REASON_OK;
}

/* REQ VAL-07: the latest end, then the smallest account URI, then the smallest
 * issuer, so that every perspective relies on the same record. */
static bool is_better(const struct hf_record *a, const struct hf_record *b)
{
    int order;

    if (a->until_at != b->until_at)
        return a->until_at > b->until_at;
    order = hf_span_cmp(a->account_uri, b->account_uri);
    return order < 0 || (order == 0 && hf_span_cmp(a->issuer, b->issuer) < 0);
}

/* REQ VAL-06, VAL-08, ERR-05, RECORD-30: each record is a grant of its own, one
 * valid one suffices, and nothing combines. */
static void decide(const struct hf_judged *judged, size_t count,
                   struct hf_verdict *out)
{
    *out = (struct hf_verdict){.reason = count == 0
                                             ? HF_REASON_NO_RECORD
                                             : HF_REASON_NO_MATCHING_ISSUER};
    for (size_t i = 0; i < count; i++) {
        enum hf_reason reason = judged[i].reason;

        if (hf_reason_precedes(reason, out->reason) ||
            (reason == HF_REASON_OK && out->reason == HF_REASON_OK &&
             is_better(&judged[i].record, &judged[out->relied].record))) {
            out->reason = reason;
            out->relied = i;
        }
    }
}

static int64_t expires_at(const struct hf_ca *ca,
                          const struct hf_question *question,
                          const struct hf_answer *answer,
                          const struct hf_judged *relied)
{
    const struct hf_validation validation = {
        .rules = ca->rules,
        .form = relied->form,
        .validated_at = question->now.s,
        .until_at = relied->record.until_at,
        .has_ttl = true,
        .ttl_s = answer->ttl_s,
        .reuse_s = ca->reuse_s,
    };

    return hf_reuse_expires(&validation);
}

/* NOLINTNEXTLINE(readability-function-size): four things in, two out, why */
enum hf_err hf_judge(const struct hf_ca *ca, const struct hf_account *account,
                     const struct hf_question *question,
                     const struct hf_answer *answer, struct hf_judged *judged,
                     struct hf_verdict *out, struct hf_why *why)
{
    struct matching matching = {ca->digest, account,       question->adn,
                                judged,     answer->count, why};
    enum hf_err err;

    /* REQ VAL-02, VAL-09, VAL-13, JIT-02: every record of this answer, and
     * nothing that an earlier one said; there is no state to remember it. */
    for (size_t i = 0; i < answer->count; i++)
        judge_text(ca, account, answer->values[i], &judged[i]);
    /* REQ VAL-30, ERR-04: what could not be looked up is not used. */
    if (answer->state != HF_ANSWER_DATA) {
        *out = (struct hf_verdict){.reason = answer->state == HF_ANSWER_BOGUS
                                                 ? HF_REASON_DNSSEC_BOGUS
                                                 : HF_REASON_DNS_FAILURE};
        return HF_OK;
    }

    err = match_digests(&matching);
    if (err != HF_OK)
        return err;
    for (size_t i = 0; i < answer->count; i++)
        judged[i].reason = serve(ca, question, &judged[i]);
    decide(judged, answer->count, out);
    if (out->reason == HF_REASON_OK)
        out->expires_at =
            expires_at(ca, question, answer, &judged[out->relied]);
    return HF_OK;
}

/* REQ VAL-27: what is kept is a function of key and URL alone. An account that
 * is deactivated later fails before any digest is looked at. */
enum hf_err hf_keys_prepare(struct hf_key *keys, size_t count,
                            struct hf_span account_url,
                            const struct hf_digest *digest, struct hf_why *why)
{
    for (size_t i = 0; i < count; i++) {
        struct hf_binding binding = {
            .domain = HF_SPAN("*"),
            .thumbprint = keys[i].thumbprint,
            .account_url = account_url,
        };
        unsigned char hash[HF_HASH_MAX];
        enum hf_err err;

        if (!hf_thumbprint_is_valid(keys[i].thumbprint))
            return hf_fail(why, HF_EINVAL, 0,
                           "draft -02 4.1: the key is the SHA-256 thumbprint "
                           "of RFC 7638, 43 characters of base64url");
        err = hf_binding_hash(&binding, HF_SHA_256, digest, hash, why);
        if (err != HF_OK)
            return err;
        memcpy(keys[i].star, hash, sizeof(keys[i].star));
        keys[i].star_known = true;
    }
    return HF_OK;
}

/* REQ SCOPE-06, SCOPE-07, SCOPE-08, SCOPE-13 */
size_t hf_candidates(struct hf_span name, struct hf_span base, bool prunes,
                     struct hf_span out[HF_CANDIDATES_MAX])
{
    size_t count = 0;

    if (base.len == 0)
        return 0;
    out[count++] = name;
    while (prunes && count < HF_CANDIDATES_MAX &&
           hf_name_is_below(name, base)) {
        name = hf_name_parent(name);
        out[count++] = name;
    }
    return count;
}

enum hf_scope hf_scope_of(struct hf_span name, bool wildcard,
                          struct hf_span adn)
{
    if (!hf_span_eq(name, adn))
        return HF_SCOPE_BELOW;
    return wildcard ? HF_SCOPE_WILDCARD : HF_SCOPE_EXACT;
}
