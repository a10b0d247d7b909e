/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a coordinator of ours asks, and a perspective of ours answers, comes
 * back as it was seen.
 */
#include "ca/coordinator.h"
#include "ca/open_mpic.h"
#include "holdfast/digest.h"
#include "tests/unit/judge_fixture.h"
#include "tests/unit/resolver_fixture.h"
#include "tests/unit/unit.h"

static struct hf_digest *digest;

static struct hf_perspective_self the_self(void)
{
    return (struct hf_perspective_self){.code = HF_SPAN("one"),
                                        .rir = HF_SPAN("ARIN"),
                                        .issuers = the_issuers,
                                        .issuer_count = 2,
                                        .digest = digest};
}

/* ---- there and back ---- */

static const struct {
    const char *title;
    enum hf_way way;
    const char *name;
    bool wildcard;
    const char *values[3]; /* TXT, or the value of a CAA issue property */
    bool passes;
} trips[] = {
    {"our record",
     HF_WAY_DNS_PERSIST,
     "example.com",
     false,
     {"ca.example; accounturi=" URL},
     true},
    {"beside others",
     HF_WAY_DNS_PERSIST,
     "example.com",
     true,
     {"\xff\xfe", "other.example", "ca.example; accounturi=" URL},
     true},
    {"another case",
     HF_WAY_DNS_PERSIST,
     "example.com",
     false,
     {"ca.example; accounturi=https://CA.example/acct/123"},
     false},
    {"nothing", HF_WAY_DNS_PERSIST, "example.com", false, {NULL}, false},
    {"dns-01",
     HF_WAY_DNS,
     "example.com",
     false,
     {"ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0"},
     true},
    {"another dns-01", HF_WAY_DNS, "example.com", false, {"x"}, false},
    {"CAA",
     HF_WAY_CAA,
     "example.com",
     false,
     {"ca.example; accounturi=" URL "; validationmethods=dns-persist-01"},
     true},
    {"CAA with quotes",
     HF_WAY_CAA,
     "example.com",
     false,
     {"ca.example; x=\"\\", "\x80"},
     true},
    {"CAA of another", HF_WAY_CAA, "example.com", true, {"x.example"}, false},
    {"no CAA", HF_WAY_CAA, "example.com", false, {NULL}, true},
};

static void say(void *state, struct hf_span owner, uint16_t type,
                struct hf_found *out, struct hf_buf *records)
{
    size_t i = *(const size_t *)state;

    (void)owner;
    out->security = HF_SECURE;
    for (size_t k = 0; k < 3 && trips[i].values[k] != NULL; k++)
        if (type == HF_RR_TXT)
            played_put_txt(records, hf_span_str(trips[i].values[k]));
        else
            played_put_caa(records, 0, HF_SPAN("issue"),
                           hf_span_str(trips[i].values[k]));
}

static void see(size_t i, struct hf_view *out)
{
    struct played played = {.answer = say, .state = &i};
    struct hf_found found = {0};

    assert_int_equal(
        played_say(&played, hf_span_str(trips[i].name),
                   trips[i].way == HF_WAY_CAA ? HF_RR_CAA : HF_RR_TXT, &found),
        HF_OK);
    assert_int_equal(hf_view_add(out, &found, NULL), HF_OK);
}

static void travel(size_t i)
{
    const struct hf_perspective_self self = the_self();
    const struct hf_errand errand = {.way = trips[i].way,
                                     .for_way = HF_WAY_DNS_PERSIST,
                                     .name = hf_span_str(trips[i].name),
                                     .wildcard = trips[i].wildcard,
                                     .key_authorization = HF_SPAN("abc"),
                                     .issuers = the_issuers,
                                     .issuer_count = 2,
                                     .account_uri = HF_SPAN(URL),
                                     .account_url = HF_SPAN(URL)};
    const struct hf_open_mpic_asked asked = {.code = self.code,
                                             .rir = self.rir,
                                             .name = errand.name,
                                             .way = errand.way};
    const char *passed =
        trips[i].passes ? "\"check_passed\":true" : "\"check_passed\":false";
    struct hf_observation observation = {0};
    struct hf_view seen = {0};
    struct hf_view heard = {0};
    const char *objection = NULL;
    struct hf_buf body;

    see(i, &seen);
    hf_buf_init_grow(&body, HF_PERSPECTIVE_REPLY_MAX);
    assert_int_equal(hf_open_mpic_ask(&errand, digest, &body, NULL), HF_OK);
    assert_int_equal(hf_observation_read(hf_buf_span(&body),
                                         errand.way == HF_WAY_CAA, &self,
                                         &observation, &objection, NULL),
                     HF_OK);
    assert_null(objection);
    assert_int_equal(observation.errand.way, errand.way);
    assert_int_equal(observation.errand.wildcard, errand.wildcard);
    assert_span_equal(observation.errand.name, errand.name);
    hf_buf_reset(&body);
    assert_int_equal(hf_observation_put(&observation, &self, &seen,
                                        (struct hf_time){.s = NOW}, &body,
                                        NULL),
                     HF_OK);
    hf_buf_putc(&body, '\0');
    if (strstr(body.ptr, passed) == NULL)
        fail_msg("%s: %s", trips[i].title, body.ptr);
    body.len--;
    assert_int_equal(
        hf_open_mpic_hear(hf_buf_span(&body), &asked, &heard, NULL), HF_OK);
    if (heard.failure != NULL || heard.answer_count != 1 ||
        !hf_span_eq(heard.answers[0].records, seen.answers[0].records))
        fail_msg("%s: %s", trips[i].title,
                 heard.failure == NULL ? "other records" : heard.failure);
    /* What is said of DNSSEC from afar is not believed. */
    assert_int_equal(heard.answers[0].security, HF_INDETERMINATE);
    hf_view_clear(&seen);
    hf_view_clear(&heard);
    hf_observation_clear(&observation);
    hf_buf_clear(&body);
}

static void there_and_back(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(trips); i++)
        travel(i);
}

/* ---- requests ---- */

#define P "\"domain_or_ip_target\":\"example.com\",\"dcv_check_parameters\":"

static const struct {
    const char *body;
    bool caa;
    const char *objection; /* a part of it; NULL: there is none */
} requests[] = {
    {"[]", false, "JSON"},
    {"{}", false, "neither a name nor an address"},
    {"{\"domain_or_ip_target\":\"a b\"}", true, "neither"},
    {"{\"domain_or_ip_target\":\"example.com\"}", false, "validation_method"},
    {"{\"domain_or_ip_target\":\"example.com\"}", true, NULL},
    {"{\"domain_or_ip_target\":\"192.0.2.1\"}", true, "no CAA"},
    {"{" P "{\"validation_method\":\"dns-change\"}}", false,
     "validation_method"},
    {"{" P "{\"validation_method\":\"dns-persistent\"}}", false,
     "expected_account_uri"},
    {"{" P "{\"validation_method\":\"dns-persistent\","
     "\"expected_account_uri\":\"u\",\"issuer_domain_names\":[]}}",
     false, "issuer_domain_names"},
    {"{" P "{\"validation_method\":\"dns-persistent\","
     "\"expected_account_uri\":\"u\",\"issuer_domain_names\":[\"a b\"]}}",
     false, "issuer"},
    {"{" P "{\"validation_method\":\"dns-persistent\","
     "\"expected_account_uri\":\"u\",\"issuer_domain_names\":[7]}}",
     false, "issuer"},
    {"{" P "{\"validation_method\":\"acme-dns-01\","
     "\"key_authorization_hash\":\"x\"}}",
     false, "SHA-256"},
    {"{" P "{\"validation_method\":\"acme-tls-alpn-01\","
     "\"key_authorization_hash\":\"ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_"
     "YfIAFa0\"}}",
     false, "SHA-256"},
    {"{" P "{\"validation_method\":\"acme-http-01\",\"token\":\"t\"}}", false,
     "key_authorization"},
};

static void requests_are_checked(void **state)
{
    const struct hf_perspective_self self = the_self();

    (void)state;
    for (size_t i = 0; i < COUNT_OF(requests); i++) {
        struct hf_observation observation = {0};
        const char *objection = NULL;

        assert_int_equal(hf_observation_read(hf_span_str(requests[i].body),
                                             requests[i].caa, &self,
                                             &observation, &objection, NULL),
                         HF_OK);
        if ((objection == NULL) != (requests[i].objection == NULL) ||
            (objection != NULL &&
             strstr(objection, requests[i].objection) == NULL))
            fail_msg("%s: %s", requests[i].body,
                     objection == NULL ? "nothing" : objection);
        hf_observation_clear(&observation);
    }
}

/* ---- coordination ---- */

#define M(orchestration)                                                       \
    "{\"check_type\":\"caa\",\"domain_or_ip_target\":\"example.com\","         \
    "\"orchestration_parameters\":{" orchestration "}}"

/* REQ VAL-41 */
static const struct {
    const char *body;
    size_t remotes;
    const char *objection; /* a part of it; NULL: there is none */
    size_t quorum;
} coordinations[] = {
    {M(""), 4, NULL, 3},
    {M(""), 6, NULL, 4},
    {M("\"quorum_count\":4"), 4, NULL, 4},
    {M("\"perspective_count\":4,\"max_attempts\":2"), 4, NULL, 3},
    {M("\"quorum_count\":0"), 4, "quorum_count", 0},
    {M("\"quorum_count\":1"), 4, "quorum_count", 0},
    {M("\"quorum_count\":2"), 4, "quorum_count", 0},
    {M("\"quorum_count\":5"), 4, "quorum_count", 0},
    {M("\"quorum_count\":\"3\""), 4, "whole numbers", 0},
    {M("\"perspective_count\":2"), 4, "perspective_count", 0},
    {M("\"max_attempts\":0"), 4, "max_attempts", 0},
    {M("\"max_attempts\":9"), 4, "max_attempts", 0},
    {M(""), 1, "has none to ask", 0},
    {"{\"domain_or_ip_target\":\"example.com\"}", 4, "check_type", 0},
    {"x", 4, "JSON", 0},
};

static void quorums_are_checked(void **state)
{
    const struct hf_perspective_self self = the_self();

    (void)state;
    for (size_t i = 0; i < COUNT_OF(coordinations); i++) {
        struct hf_coordination read = {0};
        const char *objection = NULL;

        assert_int_equal(
            hf_coordination_read(hf_span_str(coordinations[i].body),
                                 coordinations[i].remotes, &self, &read,
                                 &objection, NULL),
            HF_OK);
        if ((objection == NULL) != (coordinations[i].objection == NULL) ||
            (objection != NULL &&
             strstr(objection, coordinations[i].objection) == NULL))
            fail_msg("%s: %s", coordinations[i].body,
                     objection == NULL ? "nothing" : objection);
        if (objection == NULL)
            assert_int_equal(read.quorum, coordinations[i].quorum);
        hf_coordination_clear(&read);
    }
}

/* Views of perspectives, good or not, and what they are worth together. */
static void views_are_counted(void **state)
{
    static const struct {
        const char *views;   /* g: no CAA; n: of another; f: could not look */
        const char *regions; /* a letter each */
        bool valid, completed;
    } rows[] = {
        {"gggg", "rarp", true, true},   {"gggn", "rarp", true, true},
        {"ggnn", "rarp", false, true},  {"gggf", "rarp", true, true},
        {"ggff", "rarp", false, false}, {"gggg", "rrrr", false, true},
        {"gggn", "rrra", false, true},
    };
    const struct hf_perspective_self self = the_self();

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct hf_view views[4] = {0};
        struct hf_eye eyes[4] = {0};
        struct hf_eye *const list[] = {&eyes[0], &eyes[1], &eyes[2], &eyes[3]};
        const struct hf_corroboration seen = {
            .eyes = list, .views = views, .count = 4, .now = {.s = NOW}};
        struct hf_coordination c = {0};
        const char *objection = NULL;
        struct hf_buf out;

        for (size_t k = 0; k < 4; k++) {
            eyes[k].rir[0] = rows[i].regions[k];
            if (rows[i].views[k] == 'f')
                views[k].failure = "gone";
            else
                see(rows[i].views[k] == 'g' ? COUNT_OF(trips) - 1
                                            : COUNT_OF(trips) - 2,
                    &views[k]);
        }
        assert_int_equal(hf_coordination_read(HF_SPAN(M("")), 4, &self, &c,
                                              &objection, NULL),
                         HF_OK);
        hf_buf_init_grow(&out, HF_PERSPECTIVE_REPLY_MAX);
        assert_int_equal(hf_coordination_put(&c, &self, &seen, &out, NULL),
                         HF_OK);
        hf_buf_putc(&out, '\0');
        if ((strstr(out.ptr, "\"is_valid\":true") != NULL) != rows[i].valid ||
            (strstr(out.ptr, "\"mpic_completed\":true") != NULL) !=
                rows[i].completed)
            fail_msg("%s %s: %s", rows[i].views, rows[i].regions, out.ptr);
        for (size_t k = 0; k < 4; k++)
            hf_view_clear(&views[k]);
        hf_buf_clear(&out);
        hf_coordination_clear(&c);
    }
}

static int make_digest(void **state)
{
    (void)state;
    return hf_digest_new(&digest, NULL) == HF_OK ? 0 : 1;
}

static int free_digest(void **state)
{
    (void)state;
    hf_digest_free(digest);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(there_and_back),
        cmocka_unit_test(requests_are_checked),
        cmocka_unit_test(quorums_are_checked),
        cmocka_unit_test(views_are_counted),
    };

    return cmocka_run_group_tests(tests, make_digest, free_digest);
}
