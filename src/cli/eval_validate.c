/* SPDX-License-Identifier: Apache-2.0 */
/* eval_validate.c -- kind validate: a CA's look-up and judgement of a name. */
#include "cli/eval.h"
#include "holdfast/reuse.h"

/* One look-up, judged. */
struct sight {
    struct hf_span adn;
    struct hf_answer answer;
    struct hf_judged *judged;
    struct hf_verdict verdict;
};

/* ---- the request ---- */

/* REQ RECORD-18, ACCT-12: a token that names no hash of the registry with 256
 * bits makes nothing accepted. */
static uint32_t read_algs(struct hf_eval *eval)
{
    const struct hf_span *tokens;
    size_t count = hf_eval_texts(eval, eval->request, "hashAlgs", &tokens);
    uint32_t algs = 0;
    enum hf_hash_alg alg;

    if (hf_eval_member(eval->request, "hashAlgs") == NULL)
        return HF_HASH_DEFAULT;
    for (size_t i = 0; i < count; i++)
        if (hf_hash_alg_find(tokens[i], &alg))
            algs |= HF_HASH_BIT(alg);
    return algs;
}

static void read_ca(struct hf_eval *eval, struct hf_ca *ca)
{
    const json_t *request = eval->request;
    const struct hf_span *raw;
    struct hf_span *issuers;

    hf_eval_need(eval, request, "issuerDomainNames");
    ca->rules = hf_eval_rules(eval);
    ca->issuer_count = hf_eval_texts(eval, request, "issuerDomainNames", &raw);
    issuers = hf_eval_room(eval, ca->issuer_count, sizeof(*issuers));
    for (size_t i = 0; i < ca->issuer_count && eval->wrong == NULL; i++)
        issuers[i] = hf_eval_name(eval, raw[i], "issuerDomainNames");
    ca->issuers = issuers;
    ca->prefix_count =
        hf_eval_texts(eval, request, "accountHashPrefixes", &ca->prefixes);
    ca->hash_algs = read_algs(eval);
    ca->allows_raw = hf_eval_bool(eval, request, "legacyRawAllowed", false);
    ca->prunes = hf_eval_bool(eval, request, "prune", false);
    ca->reuse_s = hf_eval_int(eval, request, "reuse", HF_REUSE_MAX_S);
    ca->digest = eval->digest;
}

static void read_account(struct hf_eval *eval, struct hf_account *account)
{
    const json_t *object = hf_eval_object(eval, eval->request, "account");
    const struct hf_span *thumbprints;
    struct hf_key *keys;

    account->url = hf_eval_text(eval, object, "url");
    account->other_url_count =
        hf_eval_texts(eval, object, "otherUrls", &account->other_urls);
    account->alternative_uri_count = hf_eval_texts(
        eval, object, "alternativeUris", &account->alternative_uris);
    account->status = hf_eval_status(eval, object, "status");
    account->key_count =
        hf_eval_texts(eval, object, "thumbprints", &thumbprints);
    keys = hf_eval_room(eval, account->key_count, sizeof(*keys));
    for (size_t i = 0; i < account->key_count && eval->wrong == NULL; i++)
        keys[i].thumbprint = thumbprints[i];
    account->keys = keys;
}

/* ---- DNS ---- */

static bool is_owner(const char *key, struct hf_span owner)
{
    struct hf_span text = hf_span_str(key);

    if (hf_span_ends(text, HF_SPAN(".")))
        text.len--;
    return hf_span_eq_nocase(text, owner);
}

static const json_t *find_answer(json_t *dns, struct hf_span owner)
{
    void *at;

    for (at = json_object_iter(dns); at != NULL;
         at = json_object_iter_next(dns, at))
        if (is_owner(json_object_iter_key(at), owner))
            return json_object_iter_value(at);
    return NULL;
}

/* An alias chain that comes back to a name never ends (REQ VAL-33). */
static bool has_loop(struct hf_span owner, const struct hf_span *chain,
                     size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (hf_span_eq_nocase(chain[i], owner))
            return true;
        for (size_t k = 0; k < i; k++)
            if (hf_span_eq_nocase(chain[i], chain[k]))
                return true;
    }
    return false;
}

#define CHAIN_MAX 64 /* names of an alias chain that are looked at */

static enum hf_answer_state
read_state(struct hf_eval *eval, const json_t *found, struct hf_span owner)
{
    struct hf_span rcode =
        hf_eval_text_or(eval, found, "rcode", HF_SPAN("NOERROR"));
    struct hf_span security =
        hf_eval_text_or(eval, found, "security", HF_SPAN("insecure"));
    const struct hf_span *chain;
    size_t count = hf_eval_texts(eval, found, "cname", &chain);

    if (hf_span_eq(security, HF_SPAN("bogus")))
        return HF_ANSWER_BOGUS;
    if (!hf_span_eq(security, HF_SPAN("secure")) &&
        !hf_span_eq(security, HF_SPAN("insecure")) &&
        !hf_span_eq(security, HF_SPAN("indeterminate")))
        hf_eval_wrong(eval, "security", "is unknown");
    if (count > CHAIN_MAX || has_loop(owner, chain, count))
        return HF_ANSWER_FAILURE;
    if (hf_span_eq(rcode, HF_SPAN("NOERROR")) ||
        hf_span_eq(rcode, HF_SPAN("NXDOMAIN")))
        return HF_ANSWER_DATA;
    return HF_ANSWER_FAILURE;
}

static void look_up(struct hf_eval *eval, struct hf_span owner,
                    struct hf_answer *out)
{
    const json_t *found = find_answer(eval->dns, owner);
    int64_t ttl_s;

    *out = (struct hf_answer){.state = HF_ANSWER_DATA};
    if (found == NULL)
        return;
    if (!json_is_object(found))
        hf_eval_wrong(eval, "dns", "has an answer that is no object");
    ttl_s = hf_eval_int(eval, found, "ttl", UINT32_MAX);
    if (ttl_s < 0 || ttl_s > UINT32_MAX)
        hf_eval_wrong(eval, "ttl", "is out of range");
    out->ttl_s = (uint32_t)(ttl_s & UINT32_MAX);
    out->state = read_state(eval, found, owner);
    out->count = hf_eval_records(eval, found, "txt", &out->values);
}

/* A name that is too long for the label in front is never asked (REQ VAL-03):
 * out->adn is empty then. */
static bool judge(struct hf_eval *eval, const struct hf_ca *ca,
                  const struct hf_account *account,
                  const struct hf_question *question, struct sight *out)
{
    struct hf_name owner;
    struct hf_why why = {0};

    *out = (struct sight){.verdict.reason = HF_REASON_NO_RECORD};
    if (hf_owner_of_name(question->adn, &owner, NULL) != HF_OK)
        return true;
    out->adn = question->adn;
    look_up(eval, hf_name_span(&owner), &out->answer);
    out->judged = hf_eval_room(eval, out->answer.count, sizeof(*out->judged));
    if (eval->wrong != NULL)
        return false;
    if (hf_judge(ca, account, question, &out->answer, out->judged,
                 &out->verdict, &why) != HF_OK) {
        hf_eval_wrong(eval, NULL, why.text);
        return false;
    }
    return true;
}

/* The name and then its parents; the first that is valid, else the failure
 * to report. */
static bool judge_all(struct hf_eval *eval, const struct hf_ca *ca,
                      const struct hf_account *account, struct sight *best)
{
    struct hf_span text = hf_eval_text(eval, eval->request, "fqdn");
    bool wildcard = hf_eval_bool(eval, eval->request, "wildcard", false);
    struct hf_time now = hf_eval_time(eval, eval->request, "now");
    bool wildcard_too = hf_name_take_star(&text);
    struct hf_span name = hf_eval_name(eval, text, "fqdn");
    struct hf_span adns[HF_CANDIDATES_MAX];
    struct hf_suffixes *suffixes = NULL;
    struct hf_span base = name;
    size_t count;

    hf_eval_suffixes(eval, &suffixes);
    if (eval->wrong != NULL)
        return false;
    if (suffixes != NULL)
        base = hf_suffixes_base(suffixes, name);
    count = hf_candidates(name, base, ca->prunes, adns);
    hf_suffixes_free(suffixes);

    *best = (struct sight){.verdict.reason = HF_REASON_NO_RECORD};
    for (size_t i = 0; i < count; i++) {
        struct hf_question question = {
            .adn = adns[i],
            .scope = hf_scope_of(name, wildcard || wildcard_too, adns[i]),
            .now = now,
        };
        struct sight sight;

        if (!judge(eval, ca, account, &question, &sight))
            return false;
        if (best->adn.len == 0 ||
            hf_reason_precedes(sight.verdict.reason, best->verdict.reason))
            *best = sight;
        if (best->verdict.reason == HF_REASON_OK)
            break;
    }
    return true;
}

/* ---- the result ---- */

static void put_judged(struct hf_json *out, enum hf_reason reason)
{
    enum hf_outcome outcome = hf_reason_outcome(reason);
    char room[64];
    struct hf_buf word;

    hf_buf_init(&word, room, sizeof(room));
    hf_buf_puts(&word, hf_outcome_word(outcome));
    if (outcome != HF_OUTCOME_VALID) {
        hf_buf_putc(&word, ':');
        hf_buf_puts(&word, hf_reason_word(reason));
    }
    hf_json_str(out, hf_buf_span(&word));
}

static void put_result(struct hf_json *out, const struct sight *sight)
{
    enum hf_reason reason = sight->verdict.reason;
    bool judged = sight->answer.state == HF_ANSWER_DATA;

    hf_json_key_lit(out, "outcome", hf_outcome_word(hf_reason_outcome(reason)));
    hf_json_key_lit(out, "reason", hf_reason_word(reason));
    hf_json_key(out, "adn");
    if (sight->adn.len > 0)
        hf_json_str(out, sight->adn);
    else
        hf_json_null(out);
    hf_json_key(out, "accounturi");
    if (reason == HF_REASON_OK)
        hf_json_str(out,
                    sight->judged[sight->verdict.relied].record.account_uri);
    else
        hf_json_null(out);
    hf_json_key(out, "maxExpires");
    if (reason == HF_REASON_OK)
        hf_json_int(out, sight->verdict.expires_at);
    else
        hf_json_null(out);
    hf_json_key(out, "records");
    hf_json_open(out, '[');
    for (size_t i = 0; judged && i < sight->answer.count; i++)
        put_judged(out, sight->judged[i].reason);
    hf_json_close(out, ']');
}

void hf_eval_validate(struct hf_eval *eval)
{
    struct hf_ca ca = {0};
    struct hf_account account = {0};
    struct sight best;

    if (eval->dns != NULL && !json_is_null(eval->dns) &&
        !json_is_object(eval->dns))
        hf_eval_wrong(eval, "dns", "is no object");
    read_ca(eval, &ca);
    read_account(eval, &account);
    if (judge_all(eval, &ca, &account, &best))
        put_result(eval->out, &best);
}
