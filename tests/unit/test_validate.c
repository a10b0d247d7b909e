/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The validator before a resolver and a prober that are played. What records
 * mean is the business of test_validate_vectors.c.
 */
#include <jansson.h>
#include <stdio.h>

#include "base/alloc.h"
#include "ca/validate.h"
#include "holdfast/caa.h"
#include "holdfast/digest.h"
#include "holdfast/reuse.h"
#include "net/alpn.h"
#include "tests/unit/judge_fixture.h"
#include "tests/unit/resolver_fixture.h"
#include "tests/unit/unit.h"

#define TOKEN "evaGxfADs6pSRb2LAv9IZf17Dt3juxGJ-PCt92wr-oA"
#define AUTH  TOKEN "." KEY_1
/* base64url of its SHA-256, computed by another program. */
#define DNS_VALUE "ZTRx1Ckl1-tM05o5zaizTTA0yUy5AGereMgSNWC6Ll8"

/* What the zones and the servers of one case say. */
struct world {
    const char *dns[16][2]; /* "TXT name" or "CAA name", and the value */
    const char *web[16][2]; /* URL and body, or "-> location", "404", "!" */
    uint32_t ttl_s;         /* of all records; 0: that of the fixture */
};

static struct hf_digest *digest;
static struct hf_suffixes *suffixes;

/* ---- DNS ---- */

static const char *type_word(uint16_t type)
{
    return type == HF_RR_TXT    ? "TXT"
           : type == HF_RR_CAA  ? "CAA"
           : type == HF_RR_A    ? "A"
           : type == HF_RR_AAAA ? "AAAA"
                                : "?";
}

static void put_rdata(uint16_t type, const char *text, struct hf_buf *records)
{
    struct hf_span value = hf_span_str(text);
    struct hf_span tag;
    unsigned octet[4];

    if (type == HF_RR_TXT) {
        played_put_txt(records, value);
    } else if (type == HF_RR_CAA) {
        unsigned flags = hf_span_skip(&value, '!') ? HF_CAA_CRITICAL : 0;

        tag = hf_span_cut(&value, hf_span_find(value, ' '));
        (void)hf_span_skip(&value, ' ');
        played_put_caa(records, flags, tag, value);
    } else if (type == HF_RR_A) {
        assert_int_equal(sscanf(text, "%u.%u.%u.%u", &octet[0], &octet[1],
                                &octet[2], &octet[3]),
                         4);
        hf_put_number(records, 4, 2);
        for (size_t i = 0; i < 4; i++)
            hf_put_number(records, octet[i], 1);
    }
}

static void resolve(void *state, struct hf_span owner, uint16_t type,
                    struct hf_found *out, struct hf_buf *records)
{
    const struct world *world = state;
    char asked[300];

    if (world->ttl_s > 0)
        out->ttl_s = world->ttl_s;
    (void)snprintf(asked, sizeof(asked), "%s %.*s", type_word(type),
                   (int)owner.len, owner.ptr);
    for (size_t i = 0; i < 16 && world->dns[i][0] != NULL; i++) {
        const char *value = world->dns[i][1];

        if (strcmp(world->dns[i][0], asked) != 0)
            continue;
        if (strcmp(value, "SERVFAIL") == 0) {
            out->state = HF_FOUND_FAILURE;
            out->security = HF_INDETERMINATE;
        } else if (strcmp(value, "bogus") == 0) {
            out->state = HF_FOUND_FAILURE;
            out->security = HF_BOGUS;
            out->reason = HF_SPAN("signature expired");
        } else {
            put_rdata(type, value, records);
        }
    }
}

/* ---- the web ---- */

struct web {
    const struct world *world;
    size_t count;
    uint64_t tickets[PLAYED_MAX];
    struct hf_http_reply replies[PLAYED_MAX];
};

static void reply_with(const char *text, struct hf_http_reply *out)
{
    size_t size = strlen(text) + 1;

    *out = (struct hf_http_reply){.status = 200, .bytes = hf_alloc(size, 1)};
    memcpy(out->bytes, text, size);
    if (strncmp(text, "-> ", 3) == 0) {
        out->status = 302;
        out->location = hf_span_str(out->bytes + 3);
    } else if (strcmp(text, "404") == 0) {
        out->status = 404;
    } else if (strcmp(text, "!") == 0) {
        out->status = 0;
        out->failure = HF_HTTP_NO_CONNECT;
        out->reason = "cannot connect to the server";
    } else {
        out->body = hf_span_str(out->bytes);
    }
}

/* "alpn NEGOTIATED NAMES NAME EXTENSIONS CRITICAL good|bad|none" */
static void shake_with(const char *text, struct hf_http_reply *out)
{
    unsigned negotiated, names, extensions, critical;
    unsigned char hash[HF_HASH_MAX];
    char name[256], kind[8];
    struct hf_buf body;

    assert_int_equal(sscanf(text, "alpn %u %u %255s %u %u %7s", &negotiated,
                            &names, name, &extensions, &critical, kind),
                     6);
    assert_int_equal(
        digest->compute(digest->state, HF_SHA_256, HF_SPAN(AUTH), hash), HF_OK);
    hash[0] ^= strcmp(kind, "bad") == 0;
    *out = (struct hf_http_reply){.status = 200,
                                  .bytes = hf_alloc(HF_ALPN_MAX, 1)};
    hf_buf_init(&body, out->bytes, HF_ALPN_MAX);
    hf_put_number(&body, negotiated, 1);
    hf_put_number(&body, names, 1);
    hf_put_number(&body, HF_ALPN_DNS, 1);
    hf_put_text(&body, hf_span_str(name));
    hf_put_number(&body, extensions, 1);
    hf_put_number(&body, critical, 1);
    hf_put_text(&body, (struct hf_span){(const char *)hash,
                                        strcmp(kind, "none") == 0 ? 0 : 32});
    hf_put_text(&body, HF_SPAN(""));
    out->body = hf_buf_span(&body);
}

static enum hf_err web_submit(void *state,
                              const struct hf_http_request *request,
                              uint64_t ticket, struct hf_why *why)
{
    struct web *web = state;
    const char *text = "404";

    (void)why;
    assert_true(request->address_count > 0);
    for (size_t i = 0; i < 16 && web->world->web[i][0] != NULL; i++)
        if (hf_span_eq(hf_span_str(web->world->web[i][0]), request->url))
            text = web->world->web[i][1];
    web->tickets[web->count] = ticket;
    if (strncmp(text, "alpn ", 5) == 0)
        shake_with(text, &web->replies[web->count++]);
    else
        reply_with(text, &web->replies[web->count++]);
    return HF_OK;
}

static enum hf_err web_poll(void *state, int64_t wait_ms, uint64_t *ticket,
                            struct hf_http_reply *out, bool *got,
                            struct hf_why *why)
{
    struct web *web = state;

    (void)wait_ms;
    (void)why;
    *got = web->count > 0;
    if (!*got)
        return HF_OK;
    web->count--;
    *ticket = web->tickets[web->count];
    *out = web->replies[web->count];
    return HF_OK;
}

static void web_free(void *state)
{
    (void)state;
}

/* ---- one validation ---- */

struct request {
    enum hf_way way;
    const char *name; /* with `*.`: a wildcard */
    bool is_ip;
    bool subdomains;
    bool refused; /* raw account URLs, by the guard */
};

struct stage {
    struct hf_ca ca;
    struct hf_account account;
    struct hf_validation_policy policy;
    struct hf_eye_rules rules;
};

static struct stage the_stage(enum hf_preset preset)
{
    struct stage stage = {.ca = the_ca(HF_RULES_DUAL, digest),
                          .account = the_account(),
                          .policy = {.lone = true}};

    hf_preset_apply(preset, &stage.ca, &stage.policy);
    return stage;
}

static struct hf_validation_job job_of(const struct request *request,
                                       const struct stage *stage)
{
    struct hf_validation_job job = {.way = request->way,
                                    .is_ip = request->is_ip,
                                    .subdomains = request->subdomains,
                                    .name = hf_span_str(request->name),
                                    .token = HF_SPAN(TOKEN),
                                    .key_authorization = HF_SPAN(AUTH),
                                    .account = &stage->account,
                                    .raw_refused = request->refused,
                                    .now = {.s = NOW}};

    job.wildcard = hf_name_take_star(&job.name);
    return job;
}

/* Releases nothing of *out. */
static enum hf_err validate(const struct stage *stage,
                            const struct world *world,
                            const struct request *request,
                            struct hf_validation_result *out)
{
    struct played played = {.answer = resolve,
                            .state = (void *)(uintptr_t)world};
    struct hf_resolver resolver = played_resolver(&played);
    struct web web = {.world = world};
    struct hf_http prober = {.submit = web_submit,
                             .poll = web_poll,
                             .fd = played_fd,
                             .free = web_free,
                             .state = &web,
                             .window = PLAYED_MAX};
    struct hf_eye eye;
    struct hf_eye *const eyes[] = {&eye};
    const struct hf_validator_config config = {.ca = &stage->ca,
                                               .policy = &stage->policy,
                                               .suffixes = suffixes,
                                               .eyes = eyes,
                                               .eye_count = 1};
    const struct hf_validation_job job = job_of(request, stage);
    struct hf_validator *validator = NULL;
    uint64_t ticket = 0;
    bool got = false;
    enum hf_err err;

    assert_int_equal(
        hf_eye_local(&resolver, &prober, &stage->rules, &eye, NULL), HF_OK);
    assert_int_equal(hf_validator_new(&config, &validator, NULL), HF_OK);
    err = hf_validator_submit(validator, &job, 9, NULL);
    while (err == HF_OK && !got)
        err = hf_validator_poll(validator, job.now, &ticket, out, &got, NULL);
    assert_true(err != HF_OK || ticket == 9);
    hf_validator_free(validator);
    hf_eye_clear(&eye);
    hf_http_clear(&prober);
    hf_resolver_clear(&resolver);
    return err;
}

static const struct {
    const char *title;
    struct request request;
    struct world world;
    const char *problem; /* NULL: valid */
    const char *reason;
} cases[] = {
    {"a hashed record",
     {.way = HF_WAY_DNS_PERSIST, .name = "example.com"},
     {.dns = {{"TXT _validation-persist.example.com",
               "ca.example; accounturi=" EXACT}}},
     NULL,
     "ok"},
    {"a raw one",
     {.way = HF_WAY_DNS_PERSIST, .name = "example.com"},
     {.dns = {{"TXT _validation-persist.example.com",
               "ca.example; accounturi=" URL}}},
     NULL,
     "ok"},
    {"a raw one after a hashed one",
     {.way = HF_WAY_DNS_PERSIST, .name = "example.com", .refused = true},
     {.dns = {{"TXT _validation-persist.example.com",
               "ca.example; accounturi=" URL}}},
     "malformed",
     "bad-hashed-uri"},
    {"nothing",
     {.way = HF_WAY_DNS_PERSIST, .name = "example.com"},
     {.dns = {{NULL}}},
     "unauthorized",
     "no-record"},
    {"bogus",
     {.way = HF_WAY_DNS_PERSIST, .name = "example.com"},
     {.dns = {{"TXT _validation-persist.example.com", "bogus"}}},
     "dns",
     "dnssec-bogus"},
    {"a wildcard",
     {.way = HF_WAY_DNS_PERSIST, .name = "*.example.com"},
     {.dns = {{"TXT _validation-persist.example.com",
               "ca.example; accounturi=" EXACT "; policy=wildcard"}}},
     NULL,
     "ok"},
    {"all below",
     {.way = HF_WAY_DNS_PERSIST, .name = "example.com", .subdomains = true},
     {.dns = {{"TXT _validation-persist.example.com",
               "ca.example; accounturi=" EXACT "; policy=wildcard"},
              {"CAA example.com", "issue ;"}}}, /* of its own matter only */
     NULL,
     "ok"},
    {"all below, without a policy", /* REQ SCOPE-04 */
     {.way = HF_WAY_DNS_PERSIST, .name = "example.com", .subdomains = true},
     {.dns = {{"TXT _validation-persist.example.com",
               "ca.example; accounturi=" EXACT}}},
     "unauthorized",
     "policy-required"},
    {"all below, by dns-01",
     {.way = HF_WAY_DNS, .name = "example.com", .subdomains = true},
     {.dns = {{"TXT _acme-challenge.example.com", DNS_VALUE}}},
     NULL,
     "ok"},
    {"a parent",
     {.way = HF_WAY_DNS_PERSIST, .name = "www.example.com"},
     {.dns = {{"TXT _validation-persist.example.com",
               "ca.example; accounturi=" STAR "; policy=wildcard"}}},
     NULL,
     "ok"},
    {"a parent that is bogus",
     {.way = HF_WAY_DNS_PERSIST, .name = "www.example.com"},
     {.dns = {{"TXT _validation-persist.example.com", "bogus"}}},
     "dns",
     "dnssec-bogus"},
    {"two records, one good",
     {.way = HF_WAY_DNS_PERSIST, .name = "example.com"},
     {.dns = {{"TXT _validation-persist.example.com",
               "ca.example; accounturi=" WRONG},
              {"TXT _validation-persist.example.com",
               "ca.example; accounturi=" EXACT}}},
     NULL,
     "ok"},
    {"CAA for another CA",
     {.way = HF_WAY_DNS_PERSIST, .name = "example.com"},
     {.dns = {{"TXT _validation-persist.example.com",
               "ca.example; accounturi=" EXACT},
              {"CAA example.com", "issue other.example"}}},
     "caa",
     "caa-no-matching-issuer"},
    {"CAA of the parent",
     {.way = HF_WAY_DNS_PERSIST, .name = "example.com"},
     {.dns = {{"TXT _validation-persist.example.com",
               "ca.example; accounturi=" EXACT},
              {"CAA com", "issue other.example"}}},
     "caa",
     "caa-no-matching-issuer"},
    {"CAA nearer than that",
     {.way = HF_WAY_DNS_PERSIST, .name = "example.com"},
     {.dns = {{"TXT _validation-persist.example.com",
               "ca.example; accounturi=" EXACT},
              {"CAA com", "issue other.example"},
              {"CAA example.com", "issue ca.example"}}},
     NULL,
     "ok"},
    {"CAA that cannot be looked up",
     {.way = HF_WAY_DNS_PERSIST, .name = "example.com"},
     {.dns = {{"TXT _validation-persist.example.com",
               "ca.example; accounturi=" EXACT},
              {"CAA example.com", "SERVFAIL"}}},
     "dns",
     "dns-failure"},
    {"CAA that is bogus above",
     {.way = HF_WAY_DNS_PERSIST, .name = "example.com"},
     {.dns = {{"TXT _validation-persist.example.com",
               "ca.example; accounturi=" EXACT},
              {"CAA com", "bogus"}}},
     "dns",
     "dnssec-bogus"},
    {"CAA that fails above what decides",
     {.way = HF_WAY_DNS_PERSIST, .name = "example.com"},
     {.dns = {{"TXT _validation-persist.example.com",
               "ca.example; accounturi=" EXACT},
              {"CAA example.com", "issue ca.example"},
              {"CAA com", "bogus"}}},
     NULL,
     "ok"},
    {"CAA with our account",
     {.way = HF_WAY_DNS_PERSIST, .name = "example.com"},
     {.dns = {{"TXT _validation-persist.example.com",
               "ca.example; accounturi=" EXACT},
              {"CAA example.com", "issue ca.example; accounturi=" URL
                                  "; validationmethods=dns-persist-01"}}},
     NULL,
     "ok"},
    {"CAA with its old URL",
     {.way = HF_WAY_DNS_PERSIST, .name = "example.com"},
     {.dns = {{"TXT _validation-persist.example.com",
               "ca.example; accounturi=" EXACT},
              {"CAA example.com", "issue ca.example; accounturi=" OLD}}},
     NULL,
     "ok"},
    {"CAA with the hashed URI",
     {.way = HF_WAY_DNS_PERSIST, .name = "example.com"},
     {.dns = {{"TXT _validation-persist.example.com",
               "ca.example; accounturi=" EXACT},
              {"CAA example.com", "issue ca.example; accounturi=" EXACT}}},
     "caa",
     "caa-account-mismatch"},
    {"CAA with another method",
     {.way = HF_WAY_DNS_PERSIST, .name = "example.com"},
     {.dns = {{"TXT _validation-persist.example.com",
               "ca.example; accounturi=" EXACT},
              {"CAA example.com",
               "issue ca.example; validationmethods=dns-01"}}},
     "caa",
     "caa-method"},
    {"CAA with a critical property",
     {.way = HF_WAY_DNS_PERSIST, .name = "example.com"},
     {.dns = {{"TXT _validation-persist.example.com",
               "ca.example; accounturi=" EXACT},
              {"CAA example.com", "!strange x"}}},
     "caa",
     "caa-critical-unknown"},
    {"issuewild for wildcards",
     {.way = HF_WAY_DNS_PERSIST, .name = "*.example.com"},
     {.dns = {{"TXT _validation-persist.example.com",
               "ca.example; accounturi=" EXACT "; policy=wildcard"},
              {"CAA example.com", "issue ca.example"},
              {"CAA example.com", "issuewild ;"}}},
     "caa",
     "caa-no-matching-issuer"},
    {"CAA high above",
     {.way = HF_WAY_CAA, .name = "a.b.c.d.e.f.example.com"},
     {.dns = {{"CAA example.com", "issue other.example"}}},
     "caa",
     "caa-no-matching-issuer"},
    {"CAA alone",
     {.way = HF_WAY_CAA, .name = "example.com"},
     {.dns = {{NULL}}},
     NULL,
     "ok"},
    {"dns-01",
     {.way = HF_WAY_DNS, .name = "example.com"},
     {.dns = {{"TXT _acme-challenge.example.com", "other"},
              {"TXT _acme-challenge.example.com", DNS_VALUE}}},
     NULL,
     "ok"},
    {"dns-01 with a wildcard",
     {.way = HF_WAY_DNS, .name = "*.example.com"},
     {.dns = {{"TXT _acme-challenge.example.com", DNS_VALUE}}},
     NULL,
     "ok"},
    {"dns-01 with another value",
     {.way = HF_WAY_DNS, .name = "example.com"},
     {.dns = {{"TXT _acme-challenge.example.com", "other"}}},
     "incorrectResponse",
     "wrong-value"},
    {"dns-01 with none",
     {.way = HF_WAY_DNS, .name = "example.com"},
     {.dns = {{NULL}}},
     "unauthorized",
     "no-record"},
    {"dns-01, SERVFAIL",
     {.way = HF_WAY_DNS, .name = "example.com"},
     {.dns = {{"TXT _acme-challenge.example.com", "SERVFAIL"}}},
     "dns",
     "dns-failure"},
    {"dns-01, CAA of another method",
     {.way = HF_WAY_DNS, .name = "example.com"},
     {.dns = {{"TXT _acme-challenge.example.com", DNS_VALUE},
              {"CAA example.com",
               "issue ca.example; validationmethods=dns-persist-01"}}},
     "caa",
     "caa-method"},
    {"http-01",
     {.way = HF_WAY_HTTP, .name = "example.com"},
     {.dns = {{"A example.com", "192.0.2.1"}},
      .web = {{"http://example.com/.well-known/acme-challenge/" TOKEN,
               AUTH " \n"}}},
     NULL,
     "ok"},
    {"http-01, another value",
     {.way = HF_WAY_HTTP, .name = "example.com"},
     {.dns = {{"A example.com", "192.0.2.1"}},
      .web = {{"http://example.com/.well-known/acme-challenge/" TOKEN, "x"}}},
     "incorrectResponse",
     "wrong-value"},
    {"http-01, 404",
     {.way = HF_WAY_HTTP, .name = "example.com"},
     {.dns = {{"A example.com", "192.0.2.1"}}},
     "unauthorized",
     "http-status"},
    {"http-01, nobody there",
     {.way = HF_WAY_HTTP, .name = "example.com"},
     {.dns = {{"A example.com", "192.0.2.1"}},
      .web = {{"http://example.com/.well-known/acme-challenge/" TOKEN, "!"}}},
     "connection",
     "connection"},
    {"http-01, no address",
     {.way = HF_WAY_HTTP, .name = "example.com"},
     {.dns = {{NULL}}},
     "dns",
     "no-address"},
    {"http-01, SERVFAIL",
     {.way = HF_WAY_HTTP, .name = "example.com"},
     {.dns = {{"A example.com", "SERVFAIL"}}},
     "dns",
     "dns-failure"},
    {"http-01, bogus addresses",
     {.way = HF_WAY_HTTP, .name = "example.com"},
     {.dns = {{"AAAA example.com", "bogus"}}},
     "dns",
     "dnssec-bogus"},
    {"http-01, a private address",
     {.way = HF_WAY_HTTP, .name = "example.com"},
     {.dns = {{"A example.com", "10.1.2.3"}}},
     "unauthorized",
     "private-address"},
    {"http-01, private and public",
     {.way = HF_WAY_HTTP, .name = "example.com"},
     {.dns = {{"A example.com", "127.0.0.1"}, {"A example.com", "192.0.2.1"}},
      .web = {{"http://example.com/.well-known/acme-challenge/" TOKEN, AUTH}}},
     NULL,
     "ok"},
    {"http-01, sent on",
     {.way = HF_WAY_HTTP, .name = "example.com"},
     {.dns = {{"A example.com", "192.0.2.1"},
              {"A www.example.com", "192.0.2.2"}},
      .web = {{"http://example.com/.well-known/acme-challenge/" TOKEN,
               "-> https://WWW.example.com/there"},
              {"https://WWW.example.com/there", AUTH}}},
     NULL,
     "ok"},
    {"http-01, sent on here",
     {.way = HF_WAY_HTTP, .name = "example.com"},
     {.dns = {{"A example.com", "192.0.2.1"}},
      .web = {{"http://example.com/.well-known/acme-challenge/" TOKEN, "-> /x"},
              {"http://example.com/x", AUTH}}},
     NULL,
     "ok"},
    {"http-01, sent home",
     {.way = HF_WAY_HTTP, .name = "example.com"},
     {.dns = {{"A example.com", "192.0.2.1"}},
      .web = {{"http://example.com/.well-known/acme-challenge/" TOKEN,
               "-> http://127.0.0.1/x"}}},
     "unauthorized",
     "private-address"},
    {"http-01, sent to a name that is home",
     {.way = HF_WAY_HTTP, .name = "example.com"},
     {.dns = {{"A example.com", "192.0.2.1"},
              {"A home.example", "192.168.0.1"}},
      .web = {{"http://example.com/.well-known/acme-challenge/" TOKEN,
               "-> http://home.example/"}}},
     "unauthorized",
     "private-address"},
    {"http-01, sent to another port",
     {.way = HF_WAY_HTTP, .name = "example.com"},
     {.dns = {{"A example.com", "192.0.2.1"}},
      .web = {{"http://example.com/.well-known/acme-challenge/" TOKEN,
               "-> http://example.com:8080/"}}},
     "incorrectResponse",
     "bad-port"},
    {"http-01, sent to another scheme",
     {.way = HF_WAY_HTTP, .name = "example.com"},
     {.dns = {{"A example.com", "192.0.2.1"}},
      .web = {{"http://example.com/.well-known/acme-challenge/" TOKEN,
               "-> ftp://example.com/"}}},
     "incorrectResponse",
     "bad-redirect"},
    {"http-01, sent around",
     {.way = HF_WAY_HTTP, .name = "example.com"},
     {.dns = {{"A example.com", "192.0.2.1"}},
      .web = {{"http://example.com/.well-known/acme-challenge/" TOKEN,
               "-> http://example.com/.well-known/acme-challenge/" TOKEN}}},
     "connection",
     "too-many-redirects"},
    {"http-01 of an address",
     {.way = HF_WAY_HTTP, .name = "192.0.2.7", .is_ip = true},
     {.web = {{"http://192.0.2.7/.well-known/acme-challenge/" TOKEN, AUTH}}},
     NULL,
     "ok"},
    {"http-01 of a newer one",
     {.way = HF_WAY_HTTP, .name = "2001:db8::7", .is_ip = true},
     {.web = {{"http://[2001:db8::7]/.well-known/acme-challenge/" TOKEN,
               AUTH}}},
     NULL,
     "ok"},
    {"http-01 of a private one",
     {.way = HF_WAY_HTTP, .name = "10.0.0.1", .is_ip = true},
     {.dns = {{NULL}}},
     "unauthorized",
     "private-address"},
    {"tls-alpn-01",
     {.way = HF_WAY_TLS_ALPN, .name = "example.com"},
     {.dns = {{"A example.com", "192.0.2.1"}},
      .web = {{"https://example.com/", "alpn 1 1 Example.com 1 1 good"}}},
     NULL,
     "ok"},
    {"tls-alpn-01, another protocol",
     {.way = HF_WAY_TLS_ALPN, .name = "example.com"},
     {.dns = {{"A example.com", "192.0.2.1"}},
      .web = {{"https://example.com/", "alpn 0 1 example.com 1 1 good"}}},
     "tls",
     "alpn-refused"},
    {"tls-alpn-01, two names",
     {.way = HF_WAY_TLS_ALPN, .name = "example.com"},
     {.dns = {{"A example.com", "192.0.2.1"}},
      .web = {{"https://example.com/", "alpn 1 2 example.com 1 1 good"}}},
     "incorrectResponse",
     "alpn-names"},
    {"tls-alpn-01, another name",
     {.way = HF_WAY_TLS_ALPN, .name = "example.com"},
     {.dns = {{"A example.com", "192.0.2.1"}},
      .web = {{"https://example.com/", "alpn 1 1 example.org 1 1 good"}}},
     "incorrectResponse",
     "alpn-names"},
    {"tls-alpn-01, not critical",
     {.way = HF_WAY_TLS_ALPN, .name = "example.com"},
     {.dns = {{"A example.com", "192.0.2.1"}},
      .web = {{"https://example.com/", "alpn 1 1 example.com 1 0 good"}}},
     "incorrectResponse",
     "alpn-extension"},
    {"tls-alpn-01, no extension",
     {.way = HF_WAY_TLS_ALPN, .name = "example.com"},
     {.dns = {{"A example.com", "192.0.2.1"}},
      .web = {{"https://example.com/", "alpn 1 1 example.com 0 1 none"}}},
     "incorrectResponse",
     "alpn-extension"},
    {"tls-alpn-01, two of them",
     {.way = HF_WAY_TLS_ALPN, .name = "example.com"},
     {.dns = {{"A example.com", "192.0.2.1"}},
      .web = {{"https://example.com/", "alpn 1 1 example.com 2 1 good"}}},
     "incorrectResponse",
     "alpn-extension"},
    {"tls-alpn-01, another digest",
     {.way = HF_WAY_TLS_ALPN, .name = "example.com"},
     {.dns = {{"A example.com", "192.0.2.1"}},
      .web = {{"https://example.com/", "alpn 1 1 example.com 1 1 bad"}}},
     "incorrectResponse",
     "wrong-value"},
    {"tls-alpn-01, no certificate",
     {.way = HF_WAY_TLS_ALPN, .name = "example.com"},
     {.dns = {{"A example.com", "192.0.2.1"}},
      .web = {{"https://example.com/", "what"}}},
     "tls",
     "tls"},
    {"tls-alpn-01, nobody there",
     {.way = HF_WAY_TLS_ALPN, .name = "example.com"},
     {.dns = {{"A example.com", "192.0.2.1"}},
      .web = {{"https://example.com/", "!"}}},
     "connection",
     "connection"},
    {"tls-alpn-01 of an address, named as one",
     {.way = HF_WAY_TLS_ALPN, .name = "192.0.2.7", .is_ip = true},
     {.web = {{"https://7.2.0.192.in-addr.arpa/",
               "alpn 1 1 192.0.2.7 1 1 good"}}},
     "incorrectResponse",
     "alpn-names"},
};

static void is_json(const char *title, struct hf_span text)
{
    json_error_t error;
    json_t *json = json_loadb(text.ptr, text.len, JSON_ALLOW_NUL, &error);

    if (json == NULL)
        fail_msg("%s: %s: %.*s", title, error.text, (int)text.len, text.ptr);
    json_decref(json);
}

static void verdicts(void **state)
{
    const struct stage stage = the_stage(HF_PRESET_COMPAT);

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct hf_validation_result result = {0};

        if (validate(&stage, &cases[i].world, &cases[i].request, &result) !=
            HF_OK)
            fail_msg("%s", cases[i].title);
        if (result.valid != (cases[i].problem == NULL) ||
            strcmp(result.reason, cases[i].reason) != 0 ||
            (!result.valid && strcmp(result.problem, cases[i].problem) != 0))
            fail_msg("%s: %s, %s: %.*s", cases[i].title,
                     result.valid ? "valid" : result.problem, result.reason,
                     (int)result.detail.len, result.detail.ptr);
        if (result.valid != (result.detail.len == 0))
            fail_msg("%s: detail", cases[i].title);
        is_json(cases[i].title, result.evidence);
        hf_validation_clear(&result);
    }
}

/* ---- perspectives ---- */

static const struct world worlds[] = {
    ['g' - 'a'] = {.dns = {{"TXT _validation-persist.example.com",
                            "ca.example; accounturi=" EXACT}}},
    ['s' - 'a'] = {.dns = {{"TXT _validation-persist.example.com",
                            "ca.example; accounturi=" STAR}}},
    ['b' - 'a'] = {.dns = {{"TXT _validation-persist.example.com",
                            "ca.example; accounturi=" STAR},
                           {"TXT _validation-persist.example.com",
                            "ca.example; accounturi=" EXACT}}},
    ['c' - 'a'] = {.dns = {{"TXT _validation-persist.example.com",
                            "ca.example; accounturi=" EXACT},
                           {"CAA example.com", "issue other.example"}}},
    ['n' - 'a'] = {.dns = {{NULL}}},
    ['f' -
        'a'] = {.dns = {{"TXT _validation-persist.example.com", "SERVFAIL"}}},
};

#define D_2026_06 1782000000 /* four remotes are needed */
#define D_2026_12 1798000000 /* five */

static const struct {
    const char *title;
    const char *eyes;    /* a world each, the primary first */
    const char *regions; /* a letter each */
    int64_t now;
    unsigned attempts;
    const char *problem; /* NULL: valid */
    const char *reason;
    const char *quorum;
    size_t asked; /* of the first remote */
} quorums[] = {
    {"all", "ggggg", "-rarp", D_2026_06, 1, NULL, "ok", "4/4", 3},
    {"one does not see it", "ggngg", "-rarp", D_2026_06, 1, NULL, "ok", "3/4",
     3},
    {"two do not", "gfngg", "-rarp", D_2026_06, 1, "dns", "mpic-quorum", "2/4",
     3},
    {"two do not, twice", "gfngg", "-rarp", D_2026_06, 2, "dns", "mpic-quorum",
     "2/4", 6},
    {"one region", "ggggg", "-rrrr", D_2026_06, 1, "unauthorized",
     "mpic-rir-diversity", "4/4", 3},
    {"another record of the account", "gssgg", "-rarp", D_2026_06, 1,
     "unauthorized", "mpic-quorum", "2/4", 3},
    {"both records of it", "gbbgg", "-rarp", D_2026_06, 1, NULL, "ok", "4/4",
     3},
    {"CAA forbids at two", "gccgg", "-rarp", D_2026_06, 1, "caa", "mpic-quorum",
     "2/4", 3},
    {"two do not, and then they do", "gllgg", "-rarp", D_2026_06, 2, NULL, "ok",
     "4/4", 6},
    {"too few", "gggg", "-rar", D_2026_06, 2, "serverInternal",
     "mpic-too-few-remotes", "3/3", 3},
    {"too few from December on", "ggggg", "-rarp", D_2026_12, 1,
     "serverInternal", "mpic-too-few-remotes", "4/4", 3},
    {"five", "gggggg", "-rarpa", D_2026_12, 1, NULL, "ok", "5/5", 3},
    {"none at all", "g", "-", D_2026_06, 1, "serverInternal",
     "mpic-too-few-remotes", "0/0", 0},
    {"the primary fails: nobody else is asked", "ngggg", "-rarp", D_2026_06, 1,
     "unauthorized", "no-record", NULL, 0},
};

/* An eye of its own for each letter. */
struct place {
    struct played played;
    struct hf_resolver resolver;
    struct hf_eye eye;
};

/* 'l': what 'g' sees, but at the first attempt nothing. */
static void resolve_late(void *state, struct hf_span owner, uint16_t type,
                         struct hf_found *out, struct hf_buf *records)
{
    const struct place *place = state;

    if (place->played.asked >= 3)
        resolve((void *)(uintptr_t)&worlds['g' - 'a'], owner, type, out,
                records);
}

static void look_out(struct place *place, char world, char region)
{
    static const struct hf_eye_rules rules = {0};

    place->played = (struct played){
        .answer = resolve, .state = (void *)(uintptr_t)&worlds[world - 'a']};
    if (world == 'l')
        place->played = (struct played){.answer = resolve_late, .state = place};
    place->resolver = played_resolver(&place->played);
    assert_int_equal(
        hf_eye_local(&place->resolver, NULL, &rules, &place->eye, NULL), HF_OK);
    place->eye.rir[0] = region;
}

static void check_quorum(size_t i, const struct hf_validation_result *result,
                         size_t asked)
{
    json_t *evidence = json_loadb(result->evidence.ptr, result->evidence.len,
                                  JSON_ALLOW_NUL, NULL);
    const char *quorum = json_string_value(json_object_get(evidence, "quorum"));

    if (result->valid != (quorums[i].problem == NULL) ||
        strcmp(result->reason, quorums[i].reason) != 0 ||
        (!result->valid && strcmp(result->problem, quorums[i].problem) != 0))
        fail_msg("%s: %s, %s", quorums[i].title,
                 result->valid ? "valid" : result->problem, result->reason);
    if ((quorum == NULL) != (quorums[i].quorum == NULL) ||
        (quorum != NULL && strcmp(quorum, quorums[i].quorum) != 0))
        fail_msg("%s: quorum %s", quorums[i].title, quorum);
    if (asked != quorums[i].asked)
        fail_msg("%s: %zu questions", quorums[i].title, asked);
    json_decref(evidence);
}

static void count_quorum(size_t i)
{
    static struct place places[HF_EYES_MAX];
    struct hf_eye *eyes[HF_EYES_MAX];
    struct stage stage = the_stage(HF_PRESET_STRICT);
    const struct request request = {.name = "example.com"};
    struct hf_validation_job job = job_of(&request, &stage);
    struct hf_validator_config config = {.ca = &stage.ca,
                                         .policy = &stage.policy,
                                         .eyes = eyes,
                                         .eye_count = strlen(quorums[i].eyes)};
    struct hf_validation_result result = {0};
    struct hf_validator *validator = NULL;
    uint64_t ticket = 0;
    bool got = false;

    stage.policy.lone = false;
    stage.policy.attempts = quorums[i].attempts;
    job.now.s = quorums[i].now;
    for (size_t k = 0; k < config.eye_count; k++) {
        look_out(&places[k], quorums[i].eyes[k], quorums[i].regions[k]);
        eyes[k] = &places[k].eye;
    }
    assert_int_equal(hf_validator_new(&config, &validator, NULL), HF_OK);
    assert_int_equal(hf_validator_submit(validator, &job, 1, NULL), HF_OK);
    assert_int_equal(
        hf_validator_poll(validator, job.now, &ticket, &result, &got, NULL),
        HF_OK);
    assert_true(got);
    check_quorum(i, &result, config.eye_count > 1 ? places[1].played.asked : 0);
    hf_validation_clear(&result);
    hf_validator_free(validator);
    for (size_t k = 0; k < config.eye_count; k++) {
        hf_eye_clear(&places[k].eye);
        hf_resolver_clear(&places[k].resolver);
    }
}

/* REQ VAL-40..43, VAL-46, VAL-55, JIT-08 */
static void perspectives(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(quorums); i++)
        count_quorum(i);
}

/* REQ VAL-50, VAL-53: names above the one that decides are not asked for, but
 * for those that were asked for side by side. */
static void climbing_ends(void **state)
{
    static const struct {
        struct world world;
        size_t asked;
    } rows[] = {
        {{.dns = {{NULL}}}, 8},
        {{.dns = {{"CAA b.c.d.e.f.g.h", "issue ca.example"}}}, 4},
        {{.dns = {{"CAA b.c.d.e.f.g.h", "bogus"}}}, 4},
        {{.dns = {{"CAA e.f.g.h", "issue ca.example"}}}, 8},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct played played = {.answer = resolve,
                                .state = (void *)(uintptr_t)&rows[i].world};
        struct hf_resolver resolver = played_resolver(&played);
        const struct hf_eye_rules rules = {0};
        const struct hf_errand errand = {.way = HF_WAY_CAA,
                                         .name = HF_SPAN("a.b.c.d.e.f.g.h")};
        struct hf_view view = {0};
        struct hf_eye eye;
        uint64_t ticket;
        bool got = false;

        assert_int_equal(hf_eye_local(&resolver, NULL, &rules, &eye, NULL),
                         HF_OK);
        assert_int_equal(hf_eye_submit(&eye, &errand, 5, NULL), HF_OK);
        assert_int_equal(hf_eye_poll(&eye, &ticket, &view, &got, NULL), HF_OK);
        assert_true(got && ticket == 5);
        assert_int_equal(played.asked, rows[i].asked);
        hf_view_clear(&view);
        hf_eye_clear(&eye);
        hf_resolver_clear(&resolver);
    }
}

/* An eye that says nothing at all. */
static enum hf_err close_eyes(void *state, const struct hf_errand *errand,
                              uint64_t ticket, struct hf_why *why)
{
    (void)errand;
    (void)why;
    *(uint64_t *)state = ticket;
    return HF_OK;
}

static enum hf_err see_nothing(void *state, uint64_t *ticket,
                               struct hf_view *out, bool *got,
                               struct hf_why *why)
{
    (void)why;
    *ticket = *(uint64_t *)state;
    *out = (struct hf_view){0};
    *got = true;
    return HF_OK;
}

/* Silence is not the absence of records, least of all of CAA. */
static void silence_is_no_permission(void **state)
{
    static const enum hf_way ways[] = {HF_WAY_CAA, HF_WAY_DNS_PERSIST,
                                       HF_WAY_HTTP};
    struct stage stage = the_stage(HF_PRESET_STRICT);
    uint64_t ticket = 0;
    struct hf_eye eye = {.submit = close_eyes,
                         .poll = see_nothing,
                         .state = &ticket,
                         .window = 1};
    struct hf_eye *const eyes[] = {&eye};
    const struct hf_validator_config config = {
        .ca = &stage.ca, .policy = &stage.policy, .eyes = eyes, .eye_count = 1};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(ways); i++) {
        const struct request request = {.way = ways[i], .name = "example.com"};
        const struct hf_validation_job job = job_of(&request, &stage);
        struct hf_validation_result result = {0};
        struct hf_validator *validator = NULL;
        uint64_t done;
        bool got = false;

        assert_int_equal(hf_validator_new(&config, &validator, NULL), HF_OK);
        assert_int_equal(hf_validator_submit(validator, &job, 1, NULL), HF_OK);
        assert_int_equal(
            hf_validator_poll(validator, job.now, &done, &result, &got, NULL),
            HF_OK);
        assert_true(got && !result.valid);
        assert_string_equal(result.reason, "perspective-failed");
        hf_validation_clear(&result);
        hf_validator_free(validator);
    }
}

/* ---- what is told ---- */

/* REQ ERR-05, ERR-07, ERR-08 */
static void faults(void **state)
{
    static char hostile[600] = "ca.example; accounturi=x\033[2J y";
    const struct world world = {
        .dns = {{"TXT _validation-persist.example.com",
                 "ca.example; accounturi=" WRONG},
                {"TXT _validation-persist.example.com", hostile},
                {"TXT _validation-persist.example.com", "other.example; x=y"},
                {"TXT _validation-persist.example.com",
                 "ca.example; accounturi=" EXACT "; persistUntil=1"}}};
    const struct stage stage = the_stage(HF_PRESET_STRICT);
    const struct request request = {.name = "example.com"};
    struct hf_validation_result result = {0};

    (void)state;
    memset(hostile + 33, 'z', 500);
    assert_int_equal(validate(&stage, &world, &request, &result), HF_OK);
    assert_false(result.valid);
    assert_string_equal(result.problem, "malformed");
    assert_string_equal(result.reason, "syntax");
    assert_int_equal(result.fault_count, 3);
    assert_string_equal(result.faults[0].problem, "unauthorized");
    assert_string_equal(result.faults[0].reason, "account-mismatch");
    assert_string_equal(result.faults[1].problem, "malformed");
    assert_string_equal(result.faults[2].reason, "expired");
    assert_true(result.faults[1].detail.len < 700);
    for (size_t i = 0; i < result.faults[1].detail.len; i++)
        assert_in_range(result.faults[1].detail.ptr[i], ' ', '~');
    hf_validation_clear(&result);
}

/* REQ VAL-54, REUSE-06, VAL-52 */
static void relied(void **state)
{
    const struct world world = {
        .dns = {{"TXT _validation-persist.example.com",
                 "ca.example; accounturi=" EXACT "; persistUntil=1790001000"}}};
    const struct stage stage = the_stage(HF_PRESET_COMPAT);
    const struct request request = {.name = "example.com"};
    struct hf_validation_result result = {0};

    (void)state;
    assert_int_equal(validate(&stage, &world, &request, &result), HF_OK);
    assert_true(result.valid);
    assert_span_equal(result.adn, HF_SPAN("example.com"));
    assert_span_equal(result.account_uri, HF_SPAN(EXACT));
    assert_int_equal(result.form, HF_FORM_HASHED);
    assert_int_equal(result.until_at, 1790001000);
    assert_int_equal(result.expires_at, 1790001000);
    assert_int_equal(result.ttl_s, 300);
    assert_int_equal(result.caa_expires_at, NOW + 8 * 3600);
    hf_validation_clear(&result);
}

/* RFC 9444: whom it is for is said, and that nobody looked at CAA. */
static void relied_from_above(void **state)
{
    static const char identifier[] =
        "\"value\":\"example.com\",\"subdomains\":true}";
    const struct world world = {
        .dns = {{"TXT _validation-persist.example.com",
                 "ca.example; accounturi=" EXACT "; policy=wildcard"}}};
    const struct request request = {.name = "example.com", .subdomains = true};
    struct stage stage = the_stage(HF_PRESET_COMPAT);
    struct hf_validation_result result = {0};

    (void)state;
    assert_int_equal(validate(&stage, &world, &request, &result), HF_OK);
    assert_true(result.valid);
    assert_int_equal(result.caa_expires_at, 0);
    assert_non_null(memmem(result.evidence.ptr, result.evidence.len, identifier,
                           sizeof(identifier) - 1));
    hf_validation_clear(&result);
    stage.policy.skips_caa = true;
    assert_int_equal(validate(&stage, &world, &request, &result), HF_OK);
    assert_int_equal(result.caa_expires_at, INT64_MAX);
    assert_non_null(memmem(result.evidence.ptr, result.evidence.len,
                           "\"caa\":\"skipped\"", 15));
    hf_validation_clear(&result);
}

/* REQ VAL-52: of CAA the TTL, or eight hours if that is less. */
static void caa_is_old(void **state)
{
    static const struct {
        uint32_t ttl_s;
        int64_t lasts_s;
    } rows[] = {{1, 28800}, {28800, 28800}, {28801, 28801}, {86400, 86400}};
    const struct stage stage = the_stage(HF_PRESET_STRICT);
    const struct request request = {.name = "example.com"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct world world = {
            .dns = {{"TXT _validation-persist.example.com",
                     "ca.example; accounturi=" EXACT},
                    {"CAA example.com", "issue ca.example"}},
            .ttl_s = rows[i].ttl_s};
        struct hf_validation_result result = {0};

        assert_int_equal(validate(&stage, &world, &request, &result), HF_OK);
        assert_true(result.valid);
        assert_int_equal(result.caa_expires_at, NOW + rows[i].lasts_s);
        hf_validation_clear(&result);
    }
}

/* REQ REUSE-12: what other methods show lasts as long as the CA says, and never
 * longer than the BRs do. */
static void others_are_old(void **state)
{
    const int64_t most_s = hf_data_reuse_days(NOW) * (int64_t)86400;
    const struct {
        int64_t own_s;
        int64_t lasts_s;
    } rows[] = {{0, most_s}, {3600, 3600}, {most_s + 1, most_s}};
    const struct world world = {
        .dns = {{"TXT _acme-challenge.example.com", DNS_VALUE}}};
    const struct request request = {.name = "example.com", .way = HF_WAY_DNS};
    struct stage stage = the_stage(HF_PRESET_STRICT);

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct hf_validation_result result = {0};

        stage.policy.other_reuse_s = rows[i].own_s;
        assert_int_equal(validate(&stage, &world, &request, &result), HF_OK);
        assert_true(result.valid);
        assert_int_equal(result.expires_at, NOW + rows[i].lasts_s);
        hf_validation_clear(&result);
    }
}

/* What is large is told in less detail, and what is told is JSON. */
static void evidence_is_bounded(void **state)
{
    static char large[60000];
    const struct world world = {
        .dns = {{"TXT _validation-persist.example.com", large},
                {"TXT _validation-persist.example.com",
                 "ca.example; accounturi=" EXACT}}};
    const struct stage stage = the_stage(HF_PRESET_COMPAT);
    const struct request request = {.name = "example.com"};
    struct hf_validation_result result = {0};

    (void)state;
    memset(large, '\x01', sizeof(large) - 1);
    assert_int_equal(validate(&stage, &world, &request, &result), HF_OK);
    assert_true(result.valid);
    assert_true(result.evidence.len < HF_EVIDENCE_MAX);
    is_json("large", result.evidence);
    hf_validation_clear(&result);
}

/* ---- presets and limits ---- */

/* Requirements, 3.4 */
static void presets(void **state)
{
    static const struct {
        enum hf_preset preset;
        const char *word;
        bool takes_raw, takes_hashed, looks_up, reuses;
    } rows[] = {
        {HF_PRESET_COMPAT, "compat", true, true, true, true},
        {HF_PRESET_STRICT, "strict", false, true, false, true},
        {HF_PRESET_LETSENCRYPT, "letsencrypt", true, false, false, false},
    };
    const struct world raw = {.dns = {{"TXT _validation-persist.example.com",
                                       "ca.example; accounturi=" URL}}};
    const struct world parent = {
        .dns = {{"TXT _validation-persist.example.com",
                 "ca.example; accounturi=" STAR "; policy=wildcard"}}};
    const struct request here = {.name = "example.com"};
    const struct request below = {.name = "www.example.com"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct stage stage = the_stage(rows[i].preset);
        struct hf_validation_result result = {0};
        enum hf_preset found;

        assert_true(hf_preset_find(hf_span_str(rows[i].word), &found));
        assert_int_equal(found, rows[i].preset);
        assert_int_equal(stage.policy.reuses, rows[i].reuses);
        assert_int_equal(validate(&stage, &raw, &here, &result), HF_OK);
        assert_int_equal(result.valid, rows[i].takes_raw);
        hf_validation_clear(&result);
        assert_int_equal(validate(&stage, &worlds['g' - 'a'], &here, &result),
                         HF_OK);
        assert_int_equal(result.valid, rows[i].takes_hashed);
        hf_validation_clear(&result);
        assert_int_equal(validate(&stage, &parent, &below, &result), HF_OK);
        assert_int_equal(result.valid,
                         rows[i].looks_up && rows[i].takes_hashed);
        hf_validation_clear(&result);
    }
}

/* The end of raw account URLs. */
static void raw_ends(void **state)
{
    const struct world raw = {.dns = {{"TXT _validation-persist.example.com",
                                       "ca.example; accounturi=" URL}}};
    const struct request request = {.name = "example.com"};
    struct stage stage = the_stage(HF_PRESET_COMPAT);
    struct hf_validation_result result = {0};

    (void)state;
    stage.policy.raw_until_at = NOW;
    assert_int_equal(validate(&stage, &raw, &request, &result), HF_OK);
    assert_true(result.valid && result.form == HF_FORM_RAW);
    assert_int_equal(result.expires_at, NOW + 300); /* REQ REUSE-04 */
    hf_validation_clear(&result);
    stage.policy.raw_until_at = NOW - 1;
    assert_int_equal(validate(&stage, &raw, &request, &result), HF_OK);
    assert_false(result.valid);
    hf_validation_clear(&result);
}

/* REQ SCOPE-11 */
static void addresses(void **state)
{
    const struct world world = {
        .dns = {{"TXT _ip-validation-persist.7.2.0.192.in-addr.arpa",
                 "ca.example; accounturi=" STAR}}};
    const struct request request = {.name = "192.0.2.7", .is_ip = true};
    struct stage stage = the_stage(HF_PRESET_COMPAT);
    struct hf_validation_result result = {0};

    (void)state;
    assert_int_equal(validate(&stage, &world, &request, &result), HF_OK);
    assert_string_equal(result.reason, "perspective-failed");
    hf_validation_clear(&result);
    stage.rules.ip_persist = true;
    assert_int_equal(validate(&stage, &world, &request, &result), HF_OK);
    assert_true(result.valid);
    assert_span_equal(result.adn, HF_SPAN("7.2.0.192.in-addr.arpa"));
    hf_validation_clear(&result);
}

/* REQ VAL-03: with the label in front it is no name. Such an errand ends; it
 * does not wait for room that never comes. */
static void a_name_too_long(void **state)
{
    static char name[235];
    const struct request request = {.way = HF_WAY_DNS_PERSIST, .name = name};
    const struct stage stage = the_stage(HF_PRESET_COMPAT);
    const struct world world = {0};
    struct hf_validation_result result = {0};

    (void)state;
    memset(name, 'a', 234);
    memcpy(name + 230, ".com", 4);
    name[63] = name[127] = name[191] = '.';
    assert_int_equal(validate(&stage, &world, &request, &result), HF_OK);
    assert_false(result.valid);
    assert_string_equal(result.reason, "perspective-failed");
    hf_validation_clear(&result);
}

static void what_cannot_be_asked(void **state)
{
    static const struct request requests[] = {
        {.way = HF_WAY_HTTP, .name = "*.example.com"},
        {.way = HF_WAY_TLS_ALPN, .name = "*.example.com"},
        {.way = HF_WAY_HTTP, .name = "example.com", .subdomains = true},
        {.way = HF_WAY_TLS_ALPN, .name = "example.com", .subdomains = true},
        {.way = HF_WAY_DNS, .name = "192.0.2.1", .is_ip = true},
        {.way = HF_WAY_DNS_PERSIST, .name = "Example.com"},
        {.way = HF_WAY_DNS_PERSIST, .name = "com"},
        {.way = HF_WAY_DNS_PERSIST, .name = ""},
    };
    const struct stage stage = the_stage(HF_PRESET_COMPAT);
    struct hf_validation_result result = {0};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(requests); i++)
        assert_int_equal(
            validate(&stage, &worlds['n' - 'a'], &requests[i], &result),
            HF_EINVAL);
}

/* Every allocation may fail: no result, nothing left behind, and the same job
 * works afterwards. */
static void without_memory(void **state)
{
    const struct world world = {
        .dns = {{"TXT _acme-challenge.example.com", DNS_VALUE}}};
    const struct stage stage = the_stage(HF_PRESET_COMPAT);
    const struct hf_validation_job job = job_of(
        &(struct request){.way = HF_WAY_DNS, .name = "example.com"}, &stage);
    bool done = false;

    (void)state;
    for (long n = 0; !done; n++) {
        struct played played = {.answer = resolve,
                                .state = (void *)(uintptr_t)&world};
        struct hf_resolver resolver = played_resolver(&played);
        struct hf_eye eye;
        struct hf_eye *const eyes[] = {&eye};
        const struct hf_validator_config config = {.ca = &stage.ca,
                                                   .policy = &stage.policy,
                                                   .eyes = eyes,
                                                   .eye_count = 1};
        struct hf_validation_result result = {0};
        struct hf_validator *validator = NULL;
        uint64_t ticket;
        bool got = false;
        enum hf_err err;

        assert_true(n < 1000);
        assert_int_equal(
            hf_eye_local(&resolver, NULL, &stage.rules, &eye, NULL), HF_OK);
        assert_int_equal(hf_validator_new(&config, &validator, NULL), HF_OK);
        hf_alloc_fail_after(n, false);
        err = hf_validator_submit(validator, &job, 1, NULL);
        while (err == HF_OK && !got)
            err = hf_validator_poll(validator, job.now, &ticket, &result, &got,
                                    NULL);
        hf_alloc_fail_after(-1, false);
        assert_true(err == HF_OK || err == HF_ENOMEM);
        done = err == HF_OK;
        assert_true(!done || result.valid);
        hf_validation_clear(&result);
        hf_validator_free(validator);
        hf_eye_clear(&eye);
        hf_resolver_clear(&resolver);
    }
}

static int make_helpers(void **state)
{
    static const struct hf_span list[] = {HF_SPAN_INIT("com")};

    (void)state;
    return hf_digest_new(&digest, NULL) == HF_OK &&
                   hf_suffixes_from(list, 1, &suffixes, NULL) == HF_OK
               ? 0
               : 1;
}

static int free_helpers(void **state)
{
    (void)state;
    hf_digest_free(digest);
    hf_suffixes_free(suffixes);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(verdicts),
        cmocka_unit_test(perspectives),
        cmocka_unit_test(climbing_ends),
        cmocka_unit_test(silence_is_no_permission),
        cmocka_unit_test(faults),
        cmocka_unit_test(relied),
        cmocka_unit_test(relied_from_above),
        cmocka_unit_test(caa_is_old),
        cmocka_unit_test(others_are_old),
        cmocka_unit_test(evidence_is_bounded),
        cmocka_unit_test(presets),
        cmocka_unit_test(raw_ends),
        cmocka_unit_test(addresses),
        cmocka_unit_test(a_name_too_long),
        cmocka_unit_test(what_cannot_be_asked),
        cmocka_unit_test(without_memory),
    };

    return cmocka_run_group_tests(tests, make_helpers, free_helpers);
}
