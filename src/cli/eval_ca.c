/* SPDX-License-Identifier: Apache-2.0 */
/* eval_ca.c -- kinds about what a CA decides around a validation. */
#include "base/time_text.h"
#include "cli/eval.h"
#include "names/ip.h"

void hf_eval_variant_ca(struct hf_eval *eval)
{
    const json_t *request = eval->request;
    struct hf_span uri = hf_eval_text(eval, request, "accounturi");
    const struct hf_span *urls;
    size_t url_count = hf_eval_texts(eval, request, "accountUrls", &urls);
    struct hf_account account = {0};
    struct hf_ca ca = {
        .rules = HF_RULES_DUAL,
        .hash_algs = HF_HASH_DEFAULT,
        .allows_raw = hf_eval_bool(eval, request, "legacyRawAllowed", false),
        .digest = eval->digest,
    };
    enum hf_form form;
    const char *rules = "rejected";

    ca.prefix_count =
        hf_eval_texts(eval, request, "accountHashPrefixes", &ca.prefixes);
    if (eval->wrong == NULL && url_count == 0)
        hf_eval_wrong(eval, "accountUrls", "has no URL");
    if (eval->wrong != NULL)
        return;
    account.url = urls[0];
    account.other_urls = urls + 1;
    account.other_url_count = url_count - 1;
    form = hf_account_uri_form(&ca, &account, uri);
    if (form == HF_FORM_HASHED)
        rules = hf_rules_word(HF_RULES_DRAFT_02);
    else if (form == HF_FORM_RAW && ca.allows_raw)
        rules = hf_rules_word(HF_RULES_DRAFT_01);
    hf_json_key_lit(eval->out, "form", hf_form_word(form));
    hf_json_key_lit(eval->out, "rules", rules);
}

/* Which form was relied upon; by default the one of the mode's draft, and
 * the stricter one where both are possible. */
static enum hf_form read_form(struct hf_eval *eval, enum hf_rules rules)
{
    enum hf_form usual =
        rules == HF_RULES_DRAFT_02 ? HF_FORM_HASHED : HF_FORM_RAW;
    struct hf_span word = hf_eval_text_or(eval, eval->request, "form",
                                          hf_span_str(hf_form_word(usual)));

    if (hf_span_eq(word, hf_span_str(hf_form_word(HF_FORM_RAW))))
        return HF_FORM_RAW;
    if (!hf_span_eq(word, hf_span_str(hf_form_word(HF_FORM_HASHED))))
        hf_eval_wrong(eval, "form", "is neither raw nor hashed");
    return HF_FORM_HASHED;
}

void hf_eval_reuse(struct hf_eval *eval)
{
    const json_t *request = eval->request;
    enum hf_rules rules = hf_eval_rules(eval);
    enum hf_account_status status =
        hf_eval_status(eval, request, "accountStatus");
    struct hf_time now = hf_eval_time(eval, request, "now");
    int64_t ttl_s = hf_eval_int(eval, request, "ttl", 0);
    struct hf_validation validation = {
        .rules = rules,
        .form = read_form(eval, rules),
        .validated_at = hf_eval_time(eval, request, "validatedAt").s,
        .until_at = hf_eval_int(eval, request, "persistUntil", INT64_MAX),
        .has_ttl = hf_eval_member(request, "ttl") != NULL,
        .reuse_s = hf_eval_int(eval, request, "reuse", HF_REUSE_MAX_S),
    };

    if (eval->wrong == NULL && (ttl_s < 0 || ttl_s > UINT32_MAX))
        hf_eval_wrong(eval, "ttl", "is out of range");
    if (eval->wrong != NULL)
        return;
    validation.ttl_s = (uint32_t)ttl_s; /* checked above */
    hf_json_key_int(eval->out, "expires", hf_reuse_expires(&validation));
    hf_json_key_bool(eval->out, "usable",
                     hf_reuse_is_usable(&validation, status, now));
}

static void read_perspective(struct hf_eval *eval, const json_t *object,
                             struct hf_perspective *out)
{
    struct hf_span result = hf_eval_text(eval, object, "result");

    out->rir = hf_eval_text_or(eval, object, "rir", HF_SPAN(""));
    out->valid =
        hf_span_eq(result, hf_span_str(hf_outcome_word(HF_OUTCOME_VALID)));
    out->account_uri_count =
        hf_eval_texts(eval, object, "accounturi", &out->account_uris);
}

static void put_quorum(struct hf_json *out, const struct hf_mpic *got)
{
    char room[48];
    struct hf_buf text;

    hf_buf_init(&text, room, sizeof(room));
    hf_buf_put_u64(&text, got->corroborating);
    hf_buf_putc(&text, '/');
    hf_buf_put_u64(&text, got->remotes);
    hf_json_key_str(out, "quorum", hf_buf_span(&text));
}

void hf_eval_mpic(struct hf_eval *eval)
{
    struct hf_time at = hf_eval_time(eval, eval->request, "date");
    const json_t *list = hf_eval_array(eval, eval->request, "remotes");
    size_t count = json_array_size(list);
    struct hf_perspective *remotes =
        hf_eval_room(eval, count, sizeof(*remotes));
    struct hf_perspective primary = {0};
    struct hf_mpic got;

    hf_eval_need(eval, eval->request, "remotes");
    read_perspective(eval, hf_eval_object(eval, eval->request, "primary"),
                     &primary);
    for (size_t i = 0; i < count && eval->wrong == NULL; i++)
        read_perspective(eval, json_array_get(list, i), &remotes[i]);
    if (eval->wrong != NULL)
        return;
    got = hf_mpic_decide(at.s, &primary, remotes, count);
    hf_json_key_bool(eval->out, "proceed", got.reason == HF_MPIC_OK);
    put_quorum(eval->out, &got);
    hf_json_key_lit(eval->out, "reason", hf_mpic_reason_word(got.reason));
}

/* ---- CAA ---- */

static size_t read_rrset(struct hf_eval *eval, struct hf_caa **out)
{
    const json_t *list = hf_eval_array(eval, eval->request, "rrset");
    size_t count = json_array_size(list);
    struct hf_caa *rrset = hf_eval_room(eval, count, sizeof(*rrset));

    *out = rrset;
    for (size_t i = 0; i < count && eval->wrong == NULL; i++) {
        const json_t *object = json_array_get(list, i);
        int64_t flags = hf_eval_int(eval, object, "flags", 0);

        if (flags < 0 || flags > UINT8_MAX)
            hf_eval_wrong(eval, "flags", "is no octet");
        rrset[i].flags = (uint8_t)(flags & UINT8_MAX);
        rrset[i].tag = hf_eval_text(eval, object, "tag");
        rrset[i].value = hf_eval_text(eval, object, "value");
    }
    return count;
}

/* Issuers in the form that the law compares. */
static size_t read_issuers(struct hf_eval *eval, const struct hf_span **out)
{
    const struct hf_span *raw;
    size_t count = hf_eval_texts(eval, eval->request, "issuers", &raw);
    struct hf_span *list = hf_eval_room(eval, count, sizeof(*list));

    *out = list;
    for (size_t i = 0; i < count && eval->wrong == NULL; i++)
        list[i] = hf_eval_name(eval, raw[i], "issuers");
    return count;
}

/* The law judges by this method only; its two labels (REQ VAL-51). */
static void check_method(struct hf_eval *eval)
{
    struct hf_span method = hf_eval_text_or(eval, eval->request, "method",
                                            HF_SPAN("dns-persist-01"));

    if (eval->wrong == NULL &&
        !hf_span_eq_nocase(method, HF_SPAN("dns-persist-01")) &&
        !hf_span_eq_nocase(method, HF_SPAN("ca-tbr-22")))
        hf_eval_wrong(eval, "method", "is not dns-persist-01");
}

void hf_eval_caa(struct hf_eval *eval)
{
    const json_t *request = eval->request;
    struct hf_caa_request asked = {
        .wildcard = hf_eval_bool(eval, request, "wildcard", false),
    };
    struct hf_caa *rrset;
    size_t count = read_rrset(eval, &rrset);
    enum hf_caa_reason reason;
    size_t which;

    hf_eval_need(eval, request, "rrset");
    hf_eval_need(eval, request, "issuers");
    asked.issuer_count = read_issuers(eval, &asked.issuers);
    asked.account_url_count =
        hf_eval_texts(eval, request, "accountUrls", &asked.account_urls);
    check_method(eval);
    if (eval->wrong != NULL)
        return;
    reason = hf_caa_decide(rrset, count, &asked, &which);
    hf_json_key_bool(eval->out, "permit", reason == HF_CAA_OK);
    hf_json_key_lit(eval->out, "reason", hf_caa_reason_word(reason));
}

/* ---- the rest ---- */

void hf_eval_jit(struct hf_eval *eval)
{
    const json_t *request = eval->request;
    const struct hf_jit jit = {
        .enabled = hf_eval_bool(eval, request, "enabled", false),
        .rate_ok = hf_eval_bool(eval, request, "rateOk", true),
        .prior_success = hf_eval_bool(eval, request, "priorSuccess", false),
    };
    struct hf_span verdict =
        hf_eval_text_or(eval, request, "verdict", HF_SPAN(""));
    bool queried = hf_jit_may_query(&jit);
    bool valid =
        queried &&
        hf_span_eq(verdict, hf_span_str(hf_outcome_word(HF_OUTCOME_VALID)));

    if (eval->wrong != NULL)
        return;
    hf_json_key_lit(eval->out, "authz", valid ? "valid" : "pending");
    hf_json_key_bool(eval->out, "queried", queried);
}

static enum hf_decision decide_name(struct hf_eval *eval, struct hf_span text,
                                    bool wildcard)
{
    struct hf_suffixes *suffixes = NULL;
    struct hf_span base;
    struct hf_name name;
    enum hf_decision decision;

    if (hf_name_take_star(&text))
        wildcard = true;
    if (hf_idna_canonical(text, &name, NULL) != HF_OK)
        return HF_REFUSE;
    hf_eval_suffixes(eval, &suffixes);
    if (eval->wrong != NULL)
        return HF_REFUSE;
    if (suffixes == NULL)
        return hf_identifier_decide(hf_name_span(&name), wildcard,
                                    hf_name_span(&name), true);
    base = hf_suffixes_base(suffixes, hf_name_span(&name));
    decision =
        hf_identifier_decide(hf_name_span(&name), wildcard, base,
                             hf_suffixes_knows(suffixes, hf_name_span(&name)));
    hf_suffixes_free(suffixes);
    return decision;
}

static enum hf_decision decide_ip(struct hf_span text)
{
    uint8_t address[16];
    size_t len;

    if (!hf_ip_parse(text, address, &len))
        return HF_REFUSE;
    return hf_identifier_decide_ip(address, len);
}

void hf_eval_identifier(struct hf_eval *eval)
{
    const json_t *request = eval->request;
    struct hf_span type =
        hf_eval_text_or(eval, request, "type", HF_SPAN("dns"));
    struct hf_span value = hf_eval_text(eval, request, "value");
    bool wildcard = hf_eval_bool(eval, request, "wildcard", false);
    enum hf_decision decision;

    if (eval->wrong != NULL)
        return;
    if (hf_span_eq(type, HF_SPAN("dns")))
        decision = decide_name(eval, value, wildcard);
    else if (hf_span_eq(type, HF_SPAN("ip")))
        decision = decide_ip(value);
    else
        decision = HF_REFUSE;
    hf_json_key_lit(eval->out, "decision", hf_decision_word(decision));
}
