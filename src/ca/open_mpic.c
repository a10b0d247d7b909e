/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/open_mpic.h"

#include "acme/document.h"
#include "base/base64.h"
#include "base/hex.h"
#include "base/json.h"
#include "base/octets.h"
#include "ca/region.h"
#include "dns/found.h"
#include "dns/wire.h"
#include "holdfast/name.h"
#include "holdfast/txt.h"

#define SERVER   HF_SPAN("open-mpic")
#define HASH_LEN 32

const char *hf_open_mpic_path(enum hf_way way)
{
    return way == HF_WAY_CAA ? "/caa" : "/dcv";
}

/* ---- requests ---- */

static void put_caa(struct hf_json *json, const struct hf_errand *errand)
{
    hf_json_key(json, "caa_check_parameters");
    hf_json_open(json, '{');
    hf_json_key_lit(json, "certificate_type", "tls-server");
    hf_json_key_list(json, "caa_domains", errand->issuers,
                     errand->issuer_count);
    hf_json_key_str(json, "account_uri", errand->account_url);
    hf_json_key_list(json, "validation_methods",
                     &(struct hf_span){hf_way_word(errand->for_way),
                                       strlen(hf_way_word(errand->for_way))},
                     1);
    hf_json_close(json, '}');
}

static void put_persist(struct hf_json *json, const struct hf_errand *errand)
{
    hf_json_key_lit(json, "validation_method", "dns-persistent");
    hf_json_key_list(json, "issuer_domain_names", errand->issuers,
                     errand->issuer_count);
    hf_json_key_str(json, "expected_account_uri", errand->account_uri);
    /* The API has no addresses here; our own perspectives do. */
    hf_json_key_lit(json, "dns_name_prefix",
                    errand->is_ip ? HF_IP_LABEL : HF_DNS_LABEL);
    hf_json_key_lit(json, "dns_record_type", "TXT");
    hf_json_key_bool(json, "require_exact_case", false);
}

static void put_http(struct hf_json *json, const struct hf_errand *errand)
{
    hf_json_key_lit(json, "validation_method", "acme-http-01");
    hf_json_key_str(json, "token", errand->token);
    hf_json_key_str(json, "key_authorization", errand->key_authorization);
}

static void put_dns(struct hf_json *json, struct hf_span hash)
{
    char text[HF_BASE64URL_LEN(HASH_LEN)];

    hf_base64url(hash, text);
    hf_json_key_lit(json, "validation_method", "acme-dns-01");
    hf_json_key_str(json, "key_authorization_hash",
                    (struct hf_span){text, sizeof(text)});
    hf_json_key_lit(json, "dns_name_prefix", "_acme-challenge");
    hf_json_key_lit(json, "dns_record_type", "TXT");
}

/* Of this method the API wants the digest in hexadecimal. */
static void put_tls(struct hf_json *json, struct hf_span hash)
{
    char text[2 * HASH_LEN];

    hf_hex(hash.ptr, HASH_LEN, text);
    hf_json_key_lit(json, "validation_method", "acme-tls-alpn-01");
    hf_json_key_str(json, "key_authorization_hash",
                    (struct hf_span){text, sizeof(text)});
}

static void put_dcv(struct hf_json *json, const struct hf_errand *errand,
                    struct hf_span hash)
{
    hf_json_key(json, "dcv_check_parameters");
    hf_json_open(json, '{');
    switch (errand->way) {
    case HF_WAY_DNS_PERSIST:
        put_persist(json, errand);
        break;
    case HF_WAY_DNS:
        put_dns(json, hash);
        break;
    case HF_WAY_HTTP:
        put_http(json, errand);
        break;
    case HF_WAY_TLS_ALPN:
        put_tls(json, hash);
        break;
    case HF_WAY_CAA:
        break;
    }
    hf_json_close(json, '}');
}

enum hf_err hf_open_mpic_ask(const struct hf_errand *errand,
                             const struct hf_digest *digest, struct hf_buf *out,
                             struct hf_why *why)
{
    struct hf_json json = hf_json_to(out);
    unsigned char hash[HF_HASH_MAX] = {0};
    char target[HF_NAME_MAX + 2];
    struct hf_buf name;

    if (errand->key_hash.len == HASH_LEN)
        memcpy(hash, errand->key_hash.ptr, HASH_LEN);
    else if (errand->key_authorization.len > 0 &&
             digest->compute(digest->state, HF_SHA_256,
                             errand->key_authorization, hash) != HF_OK)
        return hf_fail(why, HF_ECRYPTO, 0, "SHA-256 is not to be had");
    hf_buf_init(&name, target, sizeof(target));
    hf_buf_puts(&name, errand->wildcard ? "*." : "");
    hf_buf_put(&name, errand->name);
    hf_json_open(&json, '{');
    hf_json_key_str(&json, "domain_or_ip_target", hf_buf_span(&name));
    if (errand->way == HF_WAY_CAA)
        put_caa(&json, errand);
    else
        put_dcv(&json, errand, (struct hf_span){(char *)hash, HASH_LEN});
    hf_json_close(&json, '}');
    return out->full ? hf_fail(why, HF_EINVAL, 0, "the request is too long")
                     : HF_OK;
}

/* ---- replies ---- */

/* A reply on its way into a view. */
struct reading {
    const struct hf_open_mpic_asked *asked;
    const json_t *check;
    const json_t *details;
    struct hf_buf records; /* RDATA with their lengths */
    size_t record_count;
};

static void put_txt(struct reading *reading, struct hf_span value)
{
    hf_put_number(&reading->records, value.len + hf_txt_string_count(value.len),
                  2);
    hf_txt_put_rdata(&reading->records, value);
}

/* A character-string of a zone file, its quotes and escapes taken off. */
static void unescape(struct hf_span text, struct hf_buf *out)
{
    if (text.len >= 2 && text.ptr[0] == '"' && text.ptr[text.len - 1] == '"')
        text = (struct hf_span){text.ptr + 1, text.len - 2};
    while (text.len > 0) {
        struct hf_span at = hf_span_cut(&text, 1);
        unsigned value = 0;

        if (at.ptr[0] != '\\' || text.len == 0) {
            hf_buf_put(out, at);
            continue;
        }
        if (text.len < 3 || !hf_is_digit(text.ptr[0])) {
            hf_buf_put(out, hf_span_cut(&text, 1));
            continue;
        }
        at = hf_span_cut(&text, 3);
        for (size_t i = 0; i < 3; i++)
            value = value * 10 + (unsigned)(at.ptr[i] - '0');
        hf_buf_putc(out, (char)(unsigned char)value);
    }
}

/* `128 issue "ca.example; x=y"`. What cannot be read is put as a record that
 * nobody can read, and which forbids therefore. */
static void put_caa_text(struct reading *reading, struct hf_span text)
{
    struct hf_span flags = hf_span_cut(&text, hf_span_find(text, ' '));
    struct hf_buf rdata;
    struct hf_span tag;
    unsigned value = 0;

    (void)hf_span_skip(&text, ' ');
    tag = hf_span_cut(&text, hf_span_find(text, ' '));
    (void)hf_span_skip(&text, ' ');
    for (size_t i = 0; i < flags.len && i < 4; i++)
        value = hf_is_digit(flags.ptr[i])
                    ? value * 10 + (unsigned)(flags.ptr[i] - '0')
                    : 256;
    hf_buf_init_grow(&rdata, UINT16_MAX);
    if (flags.len > 0 && value < 256 && tag.len > 0 && tag.len < 256) {
        hf_put_number(&rdata, value, 1);
        hf_put_number(&rdata, tag.len, 1);
        hf_buf_put(&rdata, tag);
        unescape(text, &rdata);
    }
    hf_put_text(&reading->records, hf_buf_span(&rdata));
    hf_buf_clear(&rdata);
}

/* Octets as our own perspectives send them beside the text, which cannot say
 * what is not UTF-8. */
static bool put_octets(struct reading *reading, const json_t *value)
{
    struct hf_span text = {json_string_value(value), json_string_length(value)};
    char *room;

    if (text.ptr == NULL || !hf_base64url_is_canonical(text))
        return false;
    hf_put_number(&reading->records, text.len * 3 / 4, 2);
    room = hf_buf_reserve(&reading->records, text.len * 3 / 4);
    if (room == NULL || !hf_base64url_decode(text, (unsigned char *)room))
        return false;
    reading->records.len += text.len * 3 / 4;
    return true;
}

static bool put_text(struct reading *reading, const json_t *value)
{
    struct hf_span text = {json_string_value(value), json_string_length(value)};

    if (text.ptr == NULL || text.len > HF_TXT_VALUE_MAX)
        return false;
    if (reading->asked->way == HF_WAY_CAA)
        put_caa_text(reading, text);
    else
        put_txt(reading, text);
    return true;
}

/* False when there is something that is no record. */
static bool put_records(struct reading *reading)
{
    const json_t *octets =
        hf_document_member(reading->details, "records_octets");
    const json_t *seen = hf_document_member(reading->details, "records_seen");
    const json_t *list = json_is_array(octets) ? octets : seen;

    if (list != NULL && !json_is_array(list))
        return false;
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *value = json_array_get(list, i);

        if (!(list == octets ? put_octets(reading, value)
                             : put_text(reading, value)))
            return false;
        reading->record_count++;
    }
    return !reading->records.full && reading->record_count <= UINT16_MAX;
}

static bool is_name(struct hf_span text)
{
    if (text.len == 0 || text.len > HF_OWNER_TEXT_MAX)
        return false;
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] < '!' || text.ptr[i] > '~')
            return false;
    return true;
}

/* Names on the way, each an alias of the one before. */
static void put_chain(const struct reading *reading, struct hf_found *found)
{
    const json_t *chain = hf_document_member(reading->details, "cname_chain");
    struct hf_span owner = found->owner;

    for (size_t i = 0; i < json_array_size(chain) && i < HF_CHAIN_MAX; i++) {
        const json_t *value = json_array_get(chain, i);
        struct hf_span target = {json_string_value(value),
                                 json_string_length(value)};

        if (!is_name(target))
            return;
        found->chain[found->chain_count++] =
            (struct hf_link){.owner = owner, .target = target};
        owner = target;
    }
    found->owner = owner;
}

static struct hf_found found_of(const struct reading *reading)
{
    struct hf_span at = hf_document_string(reading->details, "found_at");
    bool caa = reading->asked->way == HF_WAY_CAA;
    struct hf_found found = {
        .state = reading->record_count > 0 ? HF_FOUND_DATA : HF_FOUND_NODATA,
        .security = HF_INDETERMINATE,
        .type = caa ? HF_RR_CAA : HF_RR_TXT,
        .owner = caa && is_name(at) ? at : reading->asked->name,
        .server = SERVER,
        .records = hf_buf_span(&reading->records),
        .record_count = reading->record_count};

    if (!caa)
        put_chain(reading, &found);
    return found;
}

static enum hf_err keep(const struct reading *reading, struct hf_view *out,
                        struct hf_why *why)
{
    const struct hf_found found = found_of(reading);
    struct hf_found kept = {0};
    struct hf_buf octets;
    enum hf_err err;

    hf_buf_init_grow(&octets, HF_FOUND_MAX);
    hf_found_put(&octets, &found);
    err = octets.full ? HF_ESYNTAX
                      : hf_found_read(hf_buf_span(&octets), &kept, why);
    hf_buf_clear(&octets);
    if (err == HF_ESYNTAX) {
        out->failure = "the perspective saw more than can be, or nonsense";
        return HF_OK;
    }
    if (err == HF_OK)
        err = hf_view_add(out, &kept, why);
    hf_found_clear(&kept);
    return err;
}

/* REQ VAL-43, VAL-53: of DNS what was seen; of the web what it says. */
static enum hf_err hear_check(struct reading *reading, struct hf_view *out,
                              struct hf_why *why)
{
    enum hf_way way = reading->asked->way;
    const json_t *present =
        hf_document_member(reading->details, "caa_record_present");
    bool passed =
        json_is_true(hf_document_member(reading->check, "check_passed"));
    enum hf_err err;

    if (way == HF_WAY_HTTP || way == HF_WAY_TLS_ALPN) {
        out->said = passed ? HF_SAID_YES : HF_SAID_NO;
        return HF_OK;
    }
    hf_buf_init_grow(&reading->records, HF_FOUND_MAX);
    if (!put_records(reading))
        out->failure = "the perspective shows records that cannot be read";
    else if (way == HF_WAY_CAA && !json_is_boolean(present))
        out->failure = "the perspective could not look up CAA records";
    else if (way == HF_WAY_CAA &&
             json_is_true(present) != (reading->record_count > 0))
        out->failure = "the perspective does not show the CAA records it saw";
    err = out->failure == NULL ? keep(reading, out, why) : HF_OK;
    hf_buf_clear(&reading->records);
    return err;
}

/* What Lambda puts around it: a body that is text. */
static void unwrap(json_t **root)
{
    struct hf_span body = hf_document_string(*root, "body");
    json_t *inner = NULL;

    if (body.ptr == NULL || hf_document_read(body, &inner, NULL) != HF_OK)
        return;
    json_decref(*root);
    *root = inner;
}

/* Is a member, if there is one, what it should be? */
static bool agrees(const json_t *object, const char *key, struct hf_span wanted)
{
    struct hf_span said = hf_document_string(object, key);

    return said.ptr == NULL || hf_span_eq_nocase(said, wanted);
}

/* Is it in that region, whatever it calls it, if it says? */
static bool is_there(const json_t *object, struct hf_span rir)
{
    struct hf_span said = hf_region_find(hf_document_string(object, "rir"));

    return said.len > 0 ? hf_span_eq(said, hf_region_find(rir))
                        : agrees(object, "rir", rir);
}

static const char *objection(const json_t *root, const struct reading *reading)
{
    const struct hf_open_mpic_asked *asked = reading->asked;

    if (!agrees(root, "perspective_code", asked->code) ||
        !agrees(reading->check, "perspective_code", asked->code))
        return "another perspective answered";
    if (!is_there(root, asked->rir) || !is_there(reading->check, asked->rir))
        return "the perspective says that it is in another region";
    if (!agrees(reading->check, "check_type",
                hf_span_str(asked->way == HF_WAY_CAA ? "caa" : "dcv")))
        return "the perspective answered another question";
    if (!json_is_boolean(hf_document_member(reading->check, "check_passed")))
        return "what the perspective sent is no answer";
    if (json_is_false(hf_document_member(reading->check, "check_completed")))
        return "the perspective could not complete its check";
    return NULL;
}

enum hf_err hf_open_mpic_hear(struct hf_span body,
                              const struct hf_open_mpic_asked *asked,
                              struct hf_view *out, struct hf_why *why)
{
    struct reading reading = {.asked = asked};
    json_t *root = NULL;
    enum hf_err err = hf_document_read(body, &root, why);

    if (err == HF_ESYNTAX) {
        out->failure = "what the perspective sent is not JSON";
        return HF_OK;
    }
    if (err != HF_OK)
        return err;
    unwrap(&root);
    reading.check = hf_document_member(root, "check_response");
    if (!json_is_object(reading.check))
        reading.check = root; /* as the API's example has it */
    reading.details = hf_document_member(reading.check, "details");
    out->failure = objection(root, &reading);
    if (out->failure == NULL)
        err = hear_check(&reading, out, why);
    json_decref(root);
    return err;
}
