/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The vectors of kind validate, from the challenge through the resolver to the
 * verdict: what `holdfast eval` says of them the validator has to say as well.
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/time_text.h"
#include "ca/validate.h"
#include "holdfast/digest.h"
#include "holdfast/idna.h"
#include "holdfast/reuse.h"
#include "tests/unit/resolver_fixture.h"
#include "tests/unit/unit.h"

#define LIST_MAX  4096
#define TEXT_ROOM ((size_t)1 << 20)

/* One vector; texts that JSON does not hold as they are lie in `room`. */
struct vector {
    const char *id;
    json_t *json;
    json_t *request;
    char *room;
    size_t used;
    struct hf_span issuers[16];
    struct hf_span prefixes[16];
    struct hf_span urls[16];
    struct hf_span uris[16];
    struct hf_key keys[LIST_MAX];
    struct hf_ca ca;
    struct hf_account account;
};

static struct hf_digest *digest;

static struct hf_span text_of(const json_t *value)
{
    return (struct hf_span){json_string_value(value),
                            json_string_length(value)};
}

static struct hf_span keep(struct vector *v, struct hf_span text, size_t times)
{
    struct hf_span kept = {v->room + v->used, text.len * times};

    assert_true(v->used + kept.len <= TEXT_ROOM);
    for (size_t i = 0; i < times && text.len > 0; i++, v->used += text.len)
        memcpy(v->room + v->used, text.ptr, text.len);
    return kept;
}

static struct hf_span hex(struct vector *v, struct hf_span digits)
{
    struct hf_span kept = {v->room + v->used, digits.len / 2};
    unsigned octet;

    for (size_t i = 0; i < kept.len; i++) {
        assert_int_equal(sscanf(digits.ptr + 2 * i, "%2x", &octet), 1);
        v->room[v->used++] = (char)octet;
    }
    return kept;
}

/* A string, {"hex"}, or {"prefix", "repeat", "count", "suffix"}. */
static struct hf_span value_of(struct vector *v, const json_t *value)
{
    const json_t *count = json_object_get(value, "count");
    char *from = v->room + v->used;

    if (json_is_string(value))
        return text_of(value);
    if (json_object_get(value, "hex") != NULL)
        return hex(v, text_of(json_object_get(value, "hex")));
    (void)keep(v, text_of(json_object_get(value, "prefix")), 1);
    (void)keep(v, text_of(json_object_get(value, "repeat")),
               (size_t)json_integer_value(count));
    (void)keep(v, text_of(json_object_get(value, "suffix")), 1);
    return (struct hf_span){from, (size_t)(v->room + v->used - from)};
}

static size_t list_of(struct vector *v, const json_t *object, const char *key,
                      struct hf_span *out)
{
    const json_t *list = json_object_get(object, key);
    size_t count = json_array_size(list);

    assert_true(count <= 16);
    for (size_t i = 0; i < count; i++)
        out[i] = value_of(v, json_array_get(list, i));
    return count;
}

static bool flag(const json_t *object, const char *key)
{
    return json_is_true(json_object_get(object, key));
}

static uint32_t algs_of(const json_t *request)
{
    const json_t *list = json_object_get(request, "hashAlgs");
    uint32_t algs = 0;
    enum hf_hash_alg alg;

    if (list == NULL)
        return HF_HASH_DEFAULT;
    for (size_t i = 0; i < json_array_size(list); i++)
        if (hf_hash_alg_find(text_of(json_array_get(list, i)), &alg))
            algs |= HF_HASH_BIT(alg);
    return algs;
}

static void read_ca(struct vector *v)
{
    const json_t *reuse = json_object_get(v->request, "reuse");

    v->ca = (struct hf_ca){
        .rules = HF_RULES_DRAFT_02,
        .issuers = v->issuers,
        .issuer_count = list_of(v, v->request, "issuerDomainNames", v->issuers),
        .prefixes = v->prefixes,
        .prefix_count =
            list_of(v, v->request, "accountHashPrefixes", v->prefixes),
        .hash_algs = algs_of(v->request),
        .allows_raw = flag(v->request, "legacyRawAllowed"),
        .prunes = flag(v->request, "prune"),
        .reuse_s = reuse == NULL ? HF_REUSE_MAX_S : json_integer_value(reuse),
        .digest = digest};
    (void)hf_rules_find(text_of(json_object_get(v->json, "mode")),
                        &v->ca.rules);
}

static void read_account(struct vector *v)
{
    const json_t *object = json_object_get(v->request, "account");
    const json_t *keys = json_object_get(object, "thumbprints");
    struct hf_span status = text_of(json_object_get(object, "status"));

    v->account = (struct hf_account){
        .url = value_of(v, json_object_get(object, "url")),
        .other_urls = v->urls,
        .other_url_count = list_of(v, object, "otherUrls", v->urls),
        .alternative_uris = v->uris,
        .alternative_uri_count = list_of(v, object, "alternativeUris", v->uris),
        .keys = v->keys,
        .key_count = json_array_size(keys)};
    assert_true(v->account.key_count <= LIST_MAX);
    for (size_t i = 0; i < v->account.key_count; i++)
        v->keys[i] =
            (struct hf_key){.thumbprint = value_of(v, json_array_get(keys, i))};
    if (hf_span_eq(status, HF_SPAN("deactivated")))
        v->account.status = HF_ACCOUNT_DEACTIVATED;
    else if (hf_span_eq(status, HF_SPAN("revoked")))
        v->account.status = HF_ACCOUNT_REVOKED;
}

/* ---- DNS ---- */

static void put_records(struct vector *v, const json_t *list,
                        struct hf_buf *records)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *record = json_array_get(list, i);
        struct hf_buf joined;

        hf_buf_init_grow(&joined, PLAYED_ROOM);
        if (!json_is_array(record))
            hf_buf_put(&joined, value_of(v, record));
        for (size_t k = 0; k < json_array_size(record); k++)
            hf_buf_put(&joined, value_of(v, json_array_get(record, k)));
        played_put_txt(records, hf_buf_span(&joined));
        assert_false(records->full);
        hf_buf_clear(&joined);
    }
}

/* The resolver finds loops itself; here the vector's chain tells. */
static bool has_loop(struct hf_span owner, const json_t *chain)
{
    for (size_t i = 0; i < json_array_size(chain); i++) {
        struct hf_span name = text_of(json_array_get(chain, i));

        if (hf_span_eq_nocase(name, owner))
            return true;
        for (size_t k = 0; k < i; k++)
            if (hf_span_eq_nocase(name, text_of(json_array_get(chain, k))))
                return true;
    }
    return false;
}

static void answer(void *state, struct hf_span owner, uint16_t type,
                   struct hf_found *out, struct hf_buf *records)
{
    struct vector *v = state;
    const json_t *dns = json_object_get(v->json, "dns");
    const json_t *found = NULL;
    const json_t *ttl;
    const char *name;
    json_t *value;
    struct hf_span rcode, security;

    json_object_foreach((json_t *)(uintptr_t)dns, name, value)
    {
        struct hf_span key = hf_span_str(name);

        if (hf_span_ends(key, HF_SPAN(".")))
            key.len--;
        if (hf_span_eq_nocase(key, owner))
            found = value;
    }
    if (type != HF_RR_TXT || found == NULL)
        return;
    ttl = json_object_get(found, "ttl");
    out->ttl_s = ttl == NULL ? UINT32_MAX : (uint32_t)json_integer_value(ttl);
    rcode = text_of(json_object_get(found, "rcode"));
    security = text_of(json_object_get(found, "security"));
    if (hf_span_eq(security, HF_SPAN("bogus"))) {
        out->security = HF_BOGUS;
        out->state = HF_FOUND_FAILURE;
    } else if (has_loop(owner, json_object_get(found, "cname")) ||
               (rcode.len > 0 && !hf_span_eq(rcode, HF_SPAN("NOERROR")) &&
                !hf_span_eq(rcode, HF_SPAN("NXDOMAIN")))) {
        out->state = HF_FOUND_FAILURE;
        out->security = HF_INDETERMINATE;
    } else if (hf_span_eq(rcode, HF_SPAN("NXDOMAIN"))) {
        out->state = HF_FOUND_NXDOMAIN;
    } else {
        put_records(v, json_object_get(found, "txt"), records);
    }
}

/* ---- the validation ---- */

static void run(struct vector *v, const struct hf_validation_job *job,
                const struct hf_suffixes *suffixes,
                struct hf_validation_result *out)
{
    const struct hf_eye_rules rules = {0};
    const struct hf_validation_policy policy = {.lone = true,
                                                .skips_caa = true};
    struct played played = {.answer = answer, .state = v};
    struct hf_resolver resolver = played_resolver(&played);
    struct hf_eye eye;
    struct hf_eye *const eyes[] = {&eye};
    const struct hf_validator_config config = {.ca = &v->ca,
                                               .policy = &policy,
                                               .suffixes = suffixes,
                                               .eyes = eyes,
                                               .eye_count = 1};
    struct hf_validator *validator = NULL;
    uint64_t ticket = 0;
    bool got = false;

    assert_int_equal(hf_eye_local(&resolver, NULL, &rules, &eye, NULL), HF_OK);
    assert_int_equal(hf_validator_new(&config, &validator, NULL), HF_OK);
    assert_int_equal(hf_validator_submit(validator, job, 7, NULL), HF_OK);
    assert_int_equal(
        hf_validator_poll(validator, job->now, &ticket, out, &got, NULL),
        HF_OK);
    assert_true(got && ticket == 7);
    hf_validator_free(validator);
    hf_eye_clear(&eye);
    hf_resolver_clear(&resolver);
}

static void wrong(const struct vector *v, const char *what, struct hf_span got)
{
    fail_msg("%s: %s is %.*s", v->id, what, (int)got.len, got.ptr);
}

static void expect_text(const struct vector *v, const char *key,
                        struct hf_span got)
{
    const json_t *wanted =
        json_object_get(json_object_get(v->json, "expect"), key);

    if (wanted == NULL || (json_is_null(wanted) && got.len == 0))
        return;
    if (!hf_span_eq(text_of(wanted), got))
        wrong(v, key, got);
}

static void expect(const struct vector *v,
                   const struct hf_validation_result *result)
{
    const json_t *wanted = json_object_get(v->json, "expect");
    const json_t *expires = json_object_get(wanted, "maxExpires");
    json_t *evidence;

    expect_text(v, "outcome",
                hf_span_str(result->valid ? "valid" : result->problem));
    expect_text(v, "reason", hf_span_str(result->reason));
    expect_text(v, "accounturi", result->account_uri);
    if (result->valid)
        expect_text(v, "adn", result->adn);
    if (json_is_integer(expires) &&
        json_integer_value(expires) != result->expires_at)
        wrong(v, "maxExpires", HF_SPAN("another"));
    evidence = json_loadb(result->evidence.ptr, result->evidence.len,
                          JSON_ALLOW_NUL, NULL);
    if (evidence == NULL)
        wrong(v, "evidence", result->evidence);
    json_decref(evidence);
}

/* Text, where more digits count than a number of JSON has. */
static struct hf_time now_of(const json_t *request)
{
    const json_t *value = json_object_get(request, "now");
    double now = json_number_value(value);
    struct hf_time out = {.s = (int64_t)now};

    out.ns = now > (double)out.s ? 500000000 : 0;
    if (json_is_string(value))
        assert_int_equal(hf_time_parse(text_of(value), out, &out, NULL), HF_OK);
    return out;
}

static void try(struct vector *v)
{
    const json_t *list = json_object_get(v->request, "publicSuffixes");
    struct hf_validation_result result = {0};
    struct hf_suffixes *suffixes = NULL;
    struct hf_span suffix_list[16];
    struct hf_name name;
    struct hf_name owner;
    struct hf_validation_job job = {
        .way = HF_WAY_DNS_PERSIST,
        .name = text_of(json_object_get(v->request, "fqdn")),
        .wildcard = flag(v->request, "wildcard"),
        .account = &v->account,
        .now = now_of(v->request)};

    v->id = json_string_value(json_object_get(v->json, "id"));
    job.wildcard |= hf_name_take_star(&job.name);
    assert_int_equal(hf_idna_canonical(job.name, &name, NULL), HF_OK);
    job.name = hf_name_span(&name);
    read_ca(v);
    read_account(v);
    if (list != NULL)
        assert_int_equal(
            hf_suffixes_from(
                suffix_list,
                list_of(v, v->request, "publicSuffixes", suffix_list),
                &suffixes, NULL),
            HF_OK);
    /* REQ SCOPE-08, VAL-03: such an identifier is refused before. */
    if ((suffixes != NULL && hf_suffixes_base(suffixes, job.name).len == 0) ||
        hf_owner_of_name(job.name, &owner, NULL) != HF_OK) {
        hf_suffixes_free(suffixes);
        return;
    }
    run(v, &job, suffixes, &result);
    expect(v, &result);
    hf_validation_clear(&result);
    hf_suffixes_free(suffixes);
}

/* How many vectors of the kind a file has; all of them are tried. */
static size_t try_file(const char *name)
{
    static struct vector vector;
    char path[4096];
    char *line = NULL;
    size_t size = 0;
    size_t count = 0;
    FILE *file;

    (void)snprintf(path, sizeof(path), "%s/tests/vectors/%s.jsonl",
                   getenv("SRC"), name);
    file = fopen(path, "re");
    assert_non_null(file);
    while (getline(&line, &size, file) > 0) {
        vector = (struct vector){.room = malloc(TEXT_ROOM)};
        vector.json = json_loads(line, JSON_ALLOW_NUL, NULL);
        vector.request = json_object_get(vector.json, "request");
        assert_non_null(vector.request);
        try(&vector);
        count++;
        json_decref(vector.json);
        free(vector.room);
    }
    free(line);
    (void)fclose(file);
    return count;
}

static void vectors(void **state)
{
    static const char *const files[] = {
        "validate-dual",  "validate-hashed", "validate-many", "validate-raw",
        "validate-scope", "validate-text",   "validate-until"};
    size_t count = 0;

    (void)state;
    assert_int_equal(hf_digest_new(&digest, NULL), HF_OK);
    for (size_t i = 0; i < COUNT_OF(files); i++)
        count += try_file(files[i]);
    assert_true(count >= 234);
    hf_digest_free(digest);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vectors),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
