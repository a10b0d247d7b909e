/* SPDX-License-Identifier: Apache-2.0 */
/* eval_client.c -- kinds about what a client does with what a CA says. */
#include <stdlib.h>

#include "cli/eval.h"

/* JSON of a server goes to the law as it is, with its wrong types. */
static struct hf_text read_text(const json_t *object, const char *key)
{
    const json_t *value = hf_eval_member(object, key);
    struct hf_text text = {.field = HF_FIELD_ABSENT};

    if (value == NULL)
        return text;
    text.field = json_is_string(value) ? HF_FIELD_PRESENT : HF_FIELD_WRONG_TYPE;
    text.text.ptr = json_string_value(value);
    text.text.len = json_string_length(value);
    return text;
}

static struct hf_names read_names(struct hf_eval *eval, const json_t *object,
                                  const char *key)
{
    const json_t *value = hf_eval_member(object, key);
    struct hf_names names = {.field = HF_FIELD_ABSENT};
    struct hf_span *list;

    if (value == NULL)
        return names;
    names.field = HF_FIELD_WRONG_TYPE;
    list = hf_eval_room(eval, json_array_size(value), sizeof(*list));
    if (!json_is_array(value) || list == NULL)
        return names;
    for (size_t i = 0; i < json_array_size(value); i++) {
        const json_t *entry = json_array_get(value, i);

        list[i].ptr = json_string_value(entry); /* NULL: no string */
        list[i].len = json_string_length(entry);
    }
    names.field = HF_FIELD_PRESENT;
    names.list = list;
    names.count = json_array_size(value);
    return names;
}

/* caaIdentities are compared after normalisation; a list with an entry that
 * cannot be normalised is as good as none (REQ DIR-05). */
static struct hf_names read_identities(struct hf_eval *eval, const json_t *meta)
{
    struct hf_names raw = read_names(eval, meta, "caaIdentities");
    struct hf_names none = {.field = HF_FIELD_ABSENT};
    struct hf_span *list = hf_eval_room(eval, raw.count, sizeof(*list));
    struct hf_name *names = hf_eval_room(eval, raw.count, sizeof(*names));

    if (raw.count == 0 || list == NULL || names == NULL)
        return none;
    for (size_t i = 0; i < raw.count; i++) {
        if (raw.list[i].ptr == NULL ||
            hf_idna_canonical(raw.list[i], &names[i], NULL) != HF_OK)
            return none;
        list[i] = hf_name_span(&names[i]);
    }
    raw.list = list;
    return raw;
}

static struct hf_meta read_meta(struct hf_eval *eval)
{
    const json_t *meta = hf_eval_object(eval, eval->request, "meta");

    return (struct hf_meta){
        .prefix = read_text(meta, "accountHashPrefix"),
        .issuers = read_names(eval, meta, "issuerDomainNames"),
        .caa_identities = read_identities(eval, meta),
    };
}

static struct hf_challenge read_challenge(struct hf_eval *eval)
{
    const json_t *object = hf_eval_object(eval, eval->request, "challenge");
    struct hf_text type = read_text(object, "type");

    if (object == NULL)
        hf_eval_wrong(eval, "challenge", "is missing");
    return (struct hf_challenge){
        .type = type.text,
        .kebab = read_names(eval, object, "issuer-domain-names"),
        .camel = read_names(eval, object, "issuerDomainNames"),
        .account_uri = read_text(object, "accounturi"),
    };
}

static int compare_spans(const void *a, const void *b)
{
    return hf_span_cmp(*(const struct hf_span *)a, *(const struct hf_span *)b);
}

static void put_names(struct hf_eval *eval, const struct hf_names *names)
{
    struct hf_span *sorted = hf_eval_room(eval, names->count, sizeof(*sorted));

    if (sorted == NULL)
        return;
    memcpy(sorted, names->list, names->count * sizeof(*sorted));
    qsort(sorted, names->count, sizeof(*sorted), compare_spans);
    hf_json_open(eval->out, '[');
    for (size_t i = 0; i < names->count; i++)
        hf_json_str(eval->out, sorted[i]);
    hf_json_close(eval->out, ']');
}

void hf_eval_challenge(struct hf_eval *eval)
{
    const json_t *request = eval->request;
    struct hf_meta meta = read_meta(eval);
    struct hf_challenge challenge = read_challenge(eval);
    struct hf_client_view view = {
        .account_url =
            hf_eval_text_or(eval, request, "accountUrl", HF_SPAN("")),
        .hashed_seen = hf_eval_bool(eval, request, "hashedSeenBefore", false),
        .forced = hf_eval_bool(eval, request, "force", false),
    };
    struct hf_recognised got;
    bool known;

    if (eval->wrong != NULL)
        return;
    got = hf_challenge_recognise(&meta, &challenge, &view);
    known = got.outcome == HF_RECOGNISED_ACCEPT ||
            got.outcome == HF_RECOGNISED_CONFIRM;
    hf_json_key_lit(eval->out, "outcome", hf_recognition_word(got.outcome));
    hf_json_key(eval->out, "variant");
    if (known)
        hf_json_str(eval->out, hf_span_str(hf_variant_word(got.variant)));
    else
        hf_json_null(eval->out);
    hf_json_key(eval->out, "names");
    if (known && got.names != NULL)
        put_names(eval, got.names);
    else
        hf_json_null(eval->out);
    hf_json_key_lit(eval->out, "reason", hf_challenge_reason_word(got.reason));
}

void hf_eval_directory(struct hf_eval *eval)
{
    struct hf_meta meta = read_meta(eval);
    enum hf_prefix_state prefix = hf_meta_prefix(&meta);
    bool names = hf_names_check(&meta.issuers) == HF_CHALLENGE_OK;
    bool usable =
        prefix == HF_PREFIX_USABLE || prefix == HF_PREFIX_USABLE_NO_SLASH;

    if (eval->wrong != NULL)
        return;
    hf_json_key_lit(eval->out, "accountHashPrefix",
                    hf_prefix_state_word(prefix));
    hf_json_key_lit(eval->out, "D", names ? "usable" : "unavailable");
    hf_json_key_bool(eval->out, "preprovision", usable && names);
}

void hf_eval_preflight(struct hf_eval *eval)
{
    struct hf_time now = hf_eval_time(eval, eval->request, "now");
    int64_t margin_s = hf_eval_int(eval, eval->request, "marginSeconds", 0);
    int64_t until_at =
        hf_eval_int(eval, eval->request, "persistUntil", INT64_MAX);

    if (eval->wrong != NULL)
        return;
    hf_json_key_lit(eval->out, "action",
                    hf_preflight_word(hf_preflight(now, margin_s, until_at)));
}

void hf_eval_account_proof(struct hf_eval *eval)
{
    const json_t *request = eval->request;
    int64_t status = hf_eval_int(eval, request, "httpStatus", 0);
    struct hf_account_proof proof = {
        /* The account of the published cases, which do not repeat it. */
        .account_url = hf_eval_text_or(eval, request, "accountUrl",
                                       HF_SPAN("https://ca.example/acct/123")),
        .request_url = hf_eval_text(eval, request, "requestUrl"),
        .payload = hf_eval_text_or(eval, request, "payload", HF_SPAN("")),
        .account_status =
            hf_eval_text_or(eval, request, "accountStatus", HF_SPAN("")),
    };
    enum hf_proof got;

    if (eval->wrong == NULL && (status < 100 || status > 599))
        hf_eval_wrong(eval, "httpStatus", "is no HTTP status");
    if (eval->wrong != NULL)
        return;
    proof.http_status = (int)status; /* checked above */
    got = hf_account_proof_check(&proof);
    hf_json_key_bool(eval->out, "proved", got == HF_PROOF_OK);
    hf_json_key_lit(eval->out, "reason", hf_proof_word(got));
}
