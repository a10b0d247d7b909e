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
    };

    return cmocka_run_group_tests(tests, make_helpers, free_helpers);
}
