/* SPDX-License-Identifier: Apache-2.0 */
/* eval_record.c -- kinds about one record: what it says, how it is written. */
#include "base/base64.h"
#include "cli/eval.h"
#include "names/ip.h"

void hf_eval_parse(struct hf_eval *eval)
{
    struct hf_span text = hf_eval_text(eval, eval->request, "value");
    struct hf_json *out = eval->out;
    struct hf_issue_value value;
    struct hf_param param;

    if (eval->wrong != NULL)
        return;
    if (hf_issue_value_parse(text, &value, NULL) != HF_OK) {
        hf_json_key_lit(out, "syntax", "error");
        hf_json_key(out, "issuer");
        hf_json_null(out);
        hf_json_key(out, "params");
        hf_json_null(out);
        return;
    }
    hf_json_key_lit(out, "syntax", "ok");
    hf_json_key(out, "issuer");
    if (value.issuer.len == 0)
        hf_json_null(out);
    else
        hf_json_str(out, value.issuer);
    hf_json_key(out, "params");
    hf_json_open(out, '[');
    while (hf_param_next(&value.params, &param)) {
        hf_json_open(out, '[');
        hf_json_str(out, param.tag);
        hf_json_str(out, param.value);
        hf_json_close(out, ']');
    }
    hf_json_close(out, ']');
}

static bool is_ascii(struct hf_span text)
{
    for (size_t i = 0; i < text.len; i++)
        if ((unsigned char)text.ptr[i] > 0x7f)
            return false;
    return true;
}

/* The domain of a digest: any length, so that its limits can be tested. */
static struct hf_span hash_domain(struct hf_eval *eval)
{
    struct hf_span text = hf_eval_text(eval, eval->request, "domain");
    char *room;

    if (!is_ascii(text))
        return hf_eval_name(eval, text, "domain");
    room = hf_eval_room(eval, text.len, 1);
    if (room == NULL)
        return (struct hf_span){0};
    for (size_t i = 0; i < text.len; i++)
        room[i] = hf_lower(text.ptr[i]);
    if (hf_span_ends(text, HF_SPAN(".")))
        text.len--;
    return (struct hf_span){room, text.len};
}

/* False when the token names no hash of the registry with 256 bits. */
static bool hash_alg(struct hf_eval *eval, enum hf_hash_alg *out)
{
    struct hf_span token =
        hf_eval_text_or(eval, eval->request, "alg", HF_SPAN("sha-256"));

    return hf_hash_alg_find(token, out);
}

void hf_eval_hash(struct hf_eval *eval)
{
    const struct hf_binding binding = {
        .domain = hash_domain(eval),
        .thumbprint = hf_eval_text(eval, eval->request, "thumbprint"),
        .account_url = hf_eval_text(eval, eval->request, "accountUrl"),
    };
    enum hf_hash_alg alg = HF_SHA_256;
    bool known = hash_alg(eval, &alg);
    char digest[HF_HASH_TEXT_MAX];

    if (eval->wrong != NULL)
        return;
    hf_json_key(eval->out, "digest");
    if (known &&
        hf_binding_digest(&binding, alg, eval->digest, digest, NULL) == HF_OK)
        hf_json_str(
            eval->out,
            (struct hf_span){digest, HF_BASE64URL_LEN(hf_hash_alg_size(alg))});
    else
        hf_json_null(eval->out);
}

/* ---- client-record ---- */

static void put_record(struct hf_json *out, struct hf_span owner,
                       struct hf_span value, const char *error)
{
    if (error != NULL) {
        hf_json_key(out, "owner");
        hf_json_null(out);
        hf_json_key(out, "value");
        hf_json_null(out);
        hf_json_key_lit(out, "error", error);
        return;
    }
    hf_json_key_str(out, "owner", owner);
    hf_json_key_str(out, "value", value);
}

static void read_grant(struct hf_eval *eval, struct hf_grant *grant)
{
    const json_t *request = eval->request;
    struct hf_span variant = hf_eval_text(eval, request, "variant");

    if (eval->wrong == NULL && !hf_variant_find(variant, &grant->variant))
        hf_eval_wrong(eval, "variant", "is none of 00, 01, 02");
    grant->domain = hf_eval_text(eval, request, "domain");
    grant->issuer = hf_eval_text(eval, request, "issuer");
    grant->account_url = hf_eval_text(eval, request, "accountUrl");
    grant->prefix = hf_eval_text_or(eval, request, "prefix", HF_SPAN(""));
    grant->thumbprint =
        hf_eval_text_or(eval, request, "thumbprint", HF_SPAN(""));
    grant->star = hf_eval_bool(eval, request, "star", false);
    grant->wildcard = hf_eval_bool(eval, request, "wildcard", false);
    grant->has_until = hf_eval_member(request, "persistUntil") != NULL;
    grant->until_at = hf_eval_int(eval, request, "persistUntil", 0);
}

void hf_eval_client_record(struct hf_eval *eval)
{
    struct hf_grant grant = {0};
    struct hf_time now = {0};
    struct hf_name domain;
    struct hf_name issuer;
    struct hf_name owner;
    struct hf_why why = {0};
    char text[HF_NAME_MAX + 1];
    char *room = hf_eval_room(eval, HF_TXT_VALUE_MAX, 1);
    struct hf_buf value;

    read_grant(eval, &grant);
    if (hf_eval_member(eval->request, "now") != NULL)
        now = hf_eval_time(eval, eval->request, "now");
    if (eval->wrong != NULL)
        return;

    /* REQ CLI-12: the owner name of `*.name` is that of `name`. */
    if (hf_name_take_star(&grant.domain))
        grant.wildcard = true;
    hf_buf_init(&value, room, HF_TXT_VALUE_MAX);
    if (!hash_alg(eval, &grant.alg)) {
        put_record(eval->out, HF_SPAN(""), HF_SPAN(""),
                   "draft -02 4.1: no registered hash of 256 bits or more");
        return;
    }
    if (hf_idna_canonical(grant.domain, &domain, &why) != HF_OK ||
        hf_idna_canonical(grant.issuer, &issuer, &why) != HF_OK ||
        hf_owner_of_name(hf_name_span(&domain), &owner, &why) != HF_OK) {
        put_record(eval->out, HF_SPAN(""), HF_SPAN(""), why.text);
        return;
    }
    grant.domain = hf_name_span(&domain);
    grant.issuer = hf_name_span(&issuer);
    if (hf_grant_build(&grant, now, eval->digest, &value, &why) != HF_OK) {
        put_record(eval->out, HF_SPAN(""), HF_SPAN(""), why.text);
        return;
    }
    memcpy(text, owner.text, owner.len);
    text[owner.len] = '.';
    put_record(eval->out, (struct hf_span){text, (size_t)owner.len + 1},
               hf_buf_span(&value), NULL);
}

/* ---- names and strings ---- */

static void put_lengths(struct hf_json *out, struct hf_span rdata)
{
    hf_json_key(out, "lengths");
    hf_json_open(out, '[');
    while (rdata.len > 0) {
        size_t len = (unsigned char)rdata.ptr[0];

        hf_json_int(out, (int64_t)len);
        (void)hf_span_cut(&rdata, len + 1);
    }
    hf_json_close(out, ']');
}

void hf_eval_txt_encode(struct hf_eval *eval)
{
    struct hf_span value = hf_eval_text(eval, eval->request, "value");
    size_t count = hf_txt_string_count(value.len);
    struct hf_buf text;

    if (eval->wrong == NULL && value.len > HF_TXT_VALUE_MAX)
        hf_eval_wrong(eval, "value", "is over 65279 octets");
    if (eval->wrong != NULL)
        return;

    /* An octet becomes at most four, a string has two quotes and a blank. */
    hf_buf_init_grow(&text, value.len * 4 + count * 3);
    hf_txt_put_rdata(&text, value);
    if (!text.full)
        put_lengths(eval->out, hf_buf_span(&text));
    text.len = 0;
    hf_txt_put_presentation(&text, value);
    hf_json_key_str(eval->out, "presentation", hf_buf_span(&text));
    if (text.full)
        hf_eval_wrong(eval, NULL, "out of memory");
    hf_buf_clear(&text);
}

static bool owner_of_ip(struct hf_span text, struct hf_name *owner)
{
    uint8_t address[16];
    size_t len;

    if (!hf_ip_parse(text, address, &len))
        return false;
    hf_owner_of_ip(address, len, owner);
    return true;
}

static bool owner_of_name(struct hf_span text, struct hf_name *owner)
{
    struct hf_name name;

    (void)hf_name_take_star(&text);
    return hf_idna_canonical(text, &name, NULL) == HF_OK &&
           hf_owner_of_name(hf_name_span(&name), owner, NULL) == HF_OK;
}

void hf_eval_owner(struct hf_eval *eval)
{
    struct hf_span type =
        hf_eval_text_or(eval, eval->request, "type", HF_SPAN("dns"));
    struct hf_span text = hf_eval_text(eval, eval->request, "value");
    bool is_ip = hf_span_eq(type, HF_SPAN("ip"));
    struct hf_name owner;

    if (eval->wrong == NULL && !is_ip && !hf_span_eq(type, HF_SPAN("dns")))
        hf_eval_wrong(eval, "type", "is neither dns nor ip");
    if (eval->wrong != NULL)
        return;
    hf_json_key(eval->out, "owner");
    if (is_ip ? owner_of_ip(text, &owner) : owner_of_name(text, &owner))
        hf_json_str(eval->out, hf_name_span(&owner));
    else
        hf_json_null(eval->out);
}

void hf_eval_normalize(struct hf_eval *eval)
{
    struct hf_span text = hf_eval_text(eval, eval->request, "name");
    struct hf_name name;

    if (eval->wrong != NULL)
        return;
    hf_json_key(eval->out, "out");
    if (hf_idna_canonical(text, &name, NULL) == HF_OK)
        hf_json_str(eval->out, hf_name_span(&name));
    else
        hf_json_null(eval->out);
}

void hf_eval_monitor(struct hf_eval *eval)
{
    const struct hf_span *before;
    const struct hf_span *after;
    size_t before_count =
        hf_eval_records(eval, eval->request, "baseline", &before);
    size_t after_count =
        hf_eval_records(eval, eval->request, "observed", &after);
    size_t total = before_count + after_count;
    unsigned char *marks = hf_eval_room(eval, total, 1);
    struct hf_event *events = hf_eval_room(eval, total, sizeof(*events));
    size_t count;

    if (eval->wrong != NULL)
        return;
    count = hf_diff(before, before_count, after, after_count, marks, events);
    hf_json_key(eval->out, "events");
    hf_json_open(eval->out, '[');
    for (size_t i = 0; i < count; i++)
        hf_json_str(eval->out, hf_span_str(hf_change_word(events[i].change)));
    hf_json_close(eval->out, ']');
}
