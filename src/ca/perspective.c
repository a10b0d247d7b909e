/* SPDX-License-Identifier: Apache-2.0 */
#include "ca/perspective.h"

#include "acme/document.h"
#include "base/alloc.h"
#include "base/base64.h"
#include "base/hex.h"
#include "ca/testimony.h"
#include "dns/wire.h"
#include "holdfast/idna.h"
#include "holdfast/txt.h"
#include "names/ip.h"

#define HASH_LEN 32

static const struct {
    const char *word;
    enum hf_way way;
} methods[] = {
    {"dns-persistent", HF_WAY_DNS_PERSIST},
    {"acme-dns-01", HF_WAY_DNS},
    {"acme-http-01", HF_WAY_HTTP},
    {"acme-tls-alpn-01", HF_WAY_TLS_ALPN},
};

#define METHOD_COUNT (sizeof(methods) / sizeof(methods[0]))

/* ---- requests ---- */

static const char *read_target(const json_t *root, struct hf_observation *o)
{
    struct hf_span text = hf_document_string(root, "domain_or_ip_target");
    uint8_t octets[16];
    struct hf_buf address;
    size_t len;

    o->errand.wildcard = hf_name_take_star(&text);
    if (hf_ip_parse(text, octets, &len)) {
        hf_buf_init(&address, o->name.text, sizeof(o->name.text));
        hf_ip_put(&address, octets, len);
        o->name.len = (uint8_t)address.len;
        o->errand.is_ip = true;
    } else if (hf_idna_canonical(text, &o->name, NULL) != HF_OK) {
        return "domain_or_ip_target is neither a name nor an address";
    }
    o->errand.name = hf_name_span(&o->name);
    return NULL;
}

/* Issuers in canonical form; none: `otherwise`. */
static const char *read_issuers(const json_t *object, const char *key,
                                const struct hf_perspective_self *self,
                                struct hf_observation *o)
{
    const json_t *list = hf_document_member(object, key);
    size_t count = json_array_size(list);

    o->errand.issuers = self->issuers;
    o->errand.issuer_count = self->issuer_count;
    if (count == 0)
        return NULL;
    if (count > HF_PERSPECTIVE_NAMES_MAX)
        return "there are too many issuer names";
    for (size_t i = 0; i < count; i++) {
        const json_t *value = json_array_get(list, i);
        struct hf_span text = {json_string_value(value),
                               json_string_length(value)};

        if (hf_idna_canonical(text, &o->issuer_names[i], NULL) != HF_OK)
            return "an issuer name is no domain name";
        o->issuers[i] = hf_name_span(&o->issuer_names[i]);
    }
    o->errand.issuers = o->issuers;
    o->errand.issuer_count = count;
    return NULL;
}

/* RFC 8657: of methods that are not told none is allowed. */
static enum hf_way read_method(const json_t *object)
{
    const json_t *list = hf_document_member(object, "validation_methods");
    enum hf_way way = HF_WAY_CAA;

    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *value = json_array_get(list, i);
        struct hf_span word = {json_string_value(value),
                               json_string_length(value)};

        if (hf_way_find(word, &way))
            return way;
    }
    return way;
}

static const char *read_caa(const json_t *root,
                            const struct hf_perspective_self *self,
                            struct hf_observation *o)
{
    const json_t *object = hf_document_member(root, "caa_check_parameters");

    o->errand.way = HF_WAY_CAA;
    o->errand.for_way = read_method(object);
    o->errand.account_url = hf_document_string(object, "account_uri");
    if (o->errand.is_ip)
        return "RFC 8659 3: an address has no CAA records";
    return read_issuers(object, "caa_domains", self, o);
}

/* Of dns-01 the API wants base64url, of tls-alpn-01 hexadecimal. */
static bool read_hash(const json_t *object, struct hf_observation *o)
{
    struct hf_span text = hf_document_string(object, "key_authorization_hash");

    o->errand.key_hash =
        (struct hf_span){(const char *)o->hash, sizeof(o->hash)};
    if (o->errand.way == HF_WAY_DNS)
        return text.len == HF_BASE64URL_LEN(HASH_LEN) &&
               hf_base64url_decode(text, o->hash);
    if (text.len != (size_t)2 * HASH_LEN)
        return false;
    for (size_t i = 0; i < text.len; i += 2) {
        int high = hf_hex_digit(text.ptr[i]);
        int low = hf_hex_digit(text.ptr[i + 1]);

        if (high < 0 || low < 0)
            return false;
        o->hash[i / 2] = (unsigned char)(high << 4 | low);
    }
    return true;
}

static const char *read_parameters(const json_t *object,
                                   const struct hf_perspective_self *self,
                                   struct hf_observation *o)
{
    switch (o->errand.way) {
    case HF_WAY_DNS_PERSIST:
        o->errand.account_uri =
            hf_document_string(object, "expected_account_uri");
        if (o->errand.account_uri.len == 0)
            return "expected_account_uri is missing";
        if (hf_document_size(object, "issuer_domain_names") == 0)
            return "issuer_domain_names are missing";
        return read_issuers(object, "issuer_domain_names", self, o);
    case HF_WAY_HTTP:
        o->errand.token = hf_document_string(object, "token");
        o->errand.key_authorization =
            hf_document_string(object, "key_authorization");
        return o->errand.token.len == 0 ||
                       o->errand.key_authorization.len == 0 ||
                       o->errand.key_authorization.len >
                           HF_KEY_AUTHORIZATION_MAX
                   ? "token or key_authorization are missing or too long"
                   : NULL;
    case HF_WAY_DNS:
    case HF_WAY_TLS_ALPN:
        return read_hash(object, o) ? NULL
                                    : "key_authorization_hash is no SHA-256";
    case HF_WAY_CAA:
        break;
    }
    return NULL;
}

static const char *read_dcv(const json_t *root,
                            const struct hf_perspective_self *self,
                            struct hf_observation *o)
{
    const json_t *object = hf_document_member(root, "dcv_check_parameters");
    struct hf_span word = hf_document_string(object, "validation_method");

    for (size_t i = 0; i < METHOD_COUNT; i++) {
        if (!hf_span_eq(word, hf_span_str(methods[i].word)))
            continue;
        o->errand.way = methods[i].way;
        return read_parameters(object, self, o);
    }
    return "this perspective does not have that validation_method";
}

enum hf_err hf_observation_read(struct hf_span body, bool caa,
                                const struct hf_perspective_self *self,
                                struct hf_observation *out,
                                const char **objection, struct hf_why *why)
{
    json_t *root = NULL;
    enum hf_err err = hf_document_read(body, &root, why);

    *out = (struct hf_observation){0};
    *objection = NULL;
    if (err == HF_ESYNTAX) {
        *objection = "the body is no JSON object";
        return HF_OK;
    }
    if (err != HF_OK)
        return err;
    out->document = root;
    out->trace = hf_document_string(root, "trace_identifier");
    *objection = read_target(root, out);
    if (*objection == NULL)
        *objection =
            caa ? read_caa(root, self, out) : read_dcv(root, self, out);
    return HF_OK;
}

void hf_observation_clear(struct hf_observation *observation)
{
    json_decref(observation->document);
    *observation = (struct hf_observation){0};
}

/* ---- what we make of it ---- */

/* As the Baseline Requirements have it: the URI that is expected, exactly, and
 * no policy. */
static enum hf_err judge(const struct hf_observation *o,
                         const struct hf_perspective_self *self,
                         const struct hf_view *view, struct hf_time now,
                         bool *passed, struct hf_why *why)
{
    const struct hf_account account = {.url = o->errand.way == HF_WAY_CAA
                                                  ? o->errand.account_url
                                                  : o->errand.account_uri};
    const struct hf_validation_policy policy = {.lone = true};
    const struct hf_ca ca = {.rules = HF_RULES_BR,
                             .issuers = o->errand.issuers,
                             .issuer_count = o->errand.issuer_count,
                             .digest = self->digest};
    const struct hf_validator_config config = {.ca = &ca, .policy = &policy};
    const struct hf_validation_job job = {.way = o->errand.way,
                                          .for_way = o->errand.for_way,
                                          .is_ip = o->errand.is_ip,
                                          .wildcard = o->errand.wildcard,
                                          .name = o->errand.name,
                                          .token = o->errand.token,
                                          .key_authorization =
                                              o->errand.key_authorization,
                                          .key_hash = o->errand.key_hash,
                                          .account = &account,
                                          .now = now};
    struct hf_testimony testimony = {0};
    struct hf_claim claim = {0};
    enum hf_err err = hf_claim_init(&claim, &job, &config, why);

    if (err == HF_OK) {
        const struct hf_inquiry inquiry = {
            .claim = &claim,
            .way = o->errand.way,
            .adn =
                o->errand.is_ip ? hf_name_span(&claim.reverse) : claim.job.name,
            .view = view,
            .now = now};

        err = hf_testimony_hear(&inquiry, &testimony, why);
    }
    *passed = err == HF_OK && testimony.problem == NULL;
    hf_testimony_clear(&testimony);
    hf_claim_clear(&claim);
    return err;
}

/* ---- replies ---- */

/* The answer that counts: of CAA the last one, which decided. */
static const struct hf_found *answer_of(const struct hf_view *view)
{
    return view->answer_count == 0 ? NULL
                                   : &view->answers[view->answer_count - 1];
}

static void put_caa_text(struct hf_json *json, struct hf_span rdata)
{
    char room[1024];
    struct hf_buf text;
    struct hf_caa caa;

    hf_buf_init(&text, room, sizeof(room));
    if (!hf_caa_read(rdata, &caa)) {
        hf_json_str(json, HF_SPAN("?"));
        return;
    }
    hf_buf_put_u64(&text, caa.flags);
    hf_buf_putc(&text, ' ');
    hf_buf_put(&text, caa.tag);
    hf_buf_puts(&text, " ");
    hf_txt_put_presentation(&text, caa.value);
    hf_json_str(json, hf_buf_span(&text));
}

static enum hf_err put_record(struct hf_json *json,
                              const struct hf_found *found,
                              struct hf_span rdata, bool octets,
                              struct hf_why *why)
{
    size_t len = octets ? HF_BASE64URL_LEN(rdata.len) : rdata.len;
    struct hf_span value = {0};
    char *room;

    if (!octets && found->type == HF_RR_CAA) {
        put_caa_text(json, rdata);
        return HF_OK;
    }
    room = hf_alloc(len + 1, 1);
    if (room == NULL)
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    if (octets) {
        hf_base64url(rdata, room);
        value = (struct hf_span){room, len};
    } else {
        (void)hf_txt_join(rdata, room, &value, NULL);
    }
    hf_json_str(json, value);
    hf_free(room);
    return HF_OK;
}

static enum hf_err put_records(struct hf_json *json,
                               const struct hf_found *found, bool octets,
                               struct hf_why *why)
{
    struct hf_span rest = found->records;
    struct hf_span rdata;
    enum hf_err err = HF_OK;

    hf_json_key(json, octets ? "records_octets" : "records_seen");
    hf_json_open(json, '[');
    while (err == HF_OK && hf_found_next(&rest, &rdata))
        err = put_record(json, found, rdata, octets, why);
    hf_json_close(json, ']');
    return err;
}

static enum hf_err put_answer(struct hf_json *json,
                              const struct hf_found *found, struct hf_why *why)
{
    enum hf_err err;

    if (found->type == HF_RR_CAA)
        hf_json_key_bool(json, "caa_record_present", found->record_count > 0);
    hf_json_key_int(json, "response_code", found->rcode);
    hf_json_key_bool(json, "ad_flag", found->security == HF_SECURE);
    if (found->type == HF_RR_CAA && found->record_count == 0)
        return HF_OK;
    hf_json_key_str(json, "found_at",
                    found->type == HF_RR_CAA && found->chain_count > 0
                        ? found->chain[0].owner
                        : found->owner);
    hf_json_key(json, "cname_chain");
    hf_json_open(json, '[');
    for (size_t i = 0; i < found->chain_count; i++)
        hf_json_str(json, found->chain[i].target);
    hf_json_close(json, ']');
    err = put_records(json, found, false, why);
    return err == HF_OK ? put_records(json, found, true, why) : err;
}

static void put_probe(struct hf_json *json, const struct hf_probed *probed)
{
    hf_json_key_int(json, "response_status_code", probed->reply.status);
    hf_json_key_str(json, "response_url", hf_span_str(probed->url));
    hf_json_key_str(json, "resolved_ip", hf_span_str(probed->address));
}

static enum hf_err put_details(struct hf_json *json,
                               const struct hf_observation *o,
                               const struct hf_view *view, struct hf_why *why)
{
    const struct hf_found *found = answer_of(view);
    bool probed =
        o->errand.way == HF_WAY_HTTP || o->errand.way == HF_WAY_TLS_ALPN;
    enum hf_err err = HF_OK;

    hf_json_key(json, "details");
    hf_json_open(json, '{');
    for (size_t i = 0; i < METHOD_COUNT; i++)
        if (methods[i].way == o->errand.way)
            hf_json_key_lit(json, "validation_method", methods[i].word);
    if (probed && view->probe_count > 0)
        put_probe(json, &view->probes[view->probe_count - 1]);
    if (!probed && found != NULL && found->state != HF_FOUND_FAILURE)
        err = put_answer(json, found, why);
    hf_json_close(json, '}');
    return err;
}

/* What kept us from looking, in a sentence; NULL: we have looked. */
static struct hf_span failure_of(const struct hf_view *view)
{
    const struct hf_found *found = answer_of(view);

    if (view->failure != NULL)
        return hf_span_str(view->failure);
    if (view->probe_count == 0 && found != NULL &&
        found->state == HF_FOUND_FAILURE)
        return found->reason.len > 0 ? found->reason
                                     : HF_SPAN("the look-up failed");
    return (struct hf_span){0};
}

static void put_errors(struct hf_json *json, struct hf_span failure)
{
    hf_json_key(json, "errors");
    if (failure.len == 0) {
        hf_json_null(json);
        return;
    }
    hf_json_open(json, '[');
    hf_json_open(json, '{');
    hf_json_key_lit(json, "error_type", "mpic_error:lookup");
    hf_json_key_str(json, "error_message", failure);
    hf_json_close(json, '}');
    hf_json_close(json, ']');
}

enum hf_err hf_observation_put_check(struct hf_json *json,
                                     const struct hf_observation *observation,
                                     const struct hf_perspective_self *self,
                                     struct hf_observed *observed,
                                     struct hf_why *why)
{
    const struct hf_view *view = observed->view;
    struct hf_time now = observed->now;
    bool caa = observation->errand.way == HF_WAY_CAA;
    struct hf_span failure = failure_of(view);
    enum hf_err err =
        judge(observation, self, view, now, &observed->passed, why);

    if (err != HF_OK)
        return err;
    observed->completed = failure.len == 0;
    hf_json_key_lit(json, "check_type", caa ? "caa" : "dcv");
    hf_json_key_bool(json, "check_completed", observed->completed);
    hf_json_key_bool(json, "check_passed", observed->passed);
    put_errors(json, failure);
    hf_json_key_int(json, "timestamp_ns", now.s * INT64_C(1000000000) + now.ns);
    return put_details(json, observation, view, why);
}

enum hf_err hf_observation_put(const struct hf_observation *observation,
                               const struct hf_perspective_self *self,
                               const struct hf_view *view, struct hf_time now,
                               struct hf_buf *out, struct hf_why *why)
{
    struct hf_json json = hf_json_to(out);
    struct hf_observed observed = {.view = view, .now = now};
    enum hf_err err;

    hf_json_open(&json, '{');
    hf_json_key_str(&json, "perspective_code", self->code);
    hf_json_key_str(&json, "rir", self->rir);
    if (observation->trace.len > 0)
        hf_json_key_str(&json, "trace_identifier", observation->trace);
    err = hf_observation_put_check(&json, observation, self, &observed, why);
    hf_json_close(&json, '}');
    if (err == HF_OK && out->full)
        return hf_fail(why, HF_ELIMIT, 0, "more was seen than can be told");
    return err;
}

void hf_observation_put_error(struct hf_buf *out, const char *objection)
{
    struct hf_json json = hf_json_to(out);

    hf_json_open(&json, '{');
    hf_json_key_lit(&json, "error", "the request is not valid");
    hf_json_key(&json, "validation_issues");
    hf_json_open(&json, '[');
    hf_json_str(&json, hf_span_str(objection));
    hf_json_close(&json, ']');
    hf_json_close(&json, '}');
}
