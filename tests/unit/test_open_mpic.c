/* SPDX-License-Identifier: Apache-2.0 */
#include <jansson.h>
#include <stdio.h>

#include "ca/open_mpic.h"
#include "holdfast/digest.h"
#include "holdfast/txt.h"
#include "tests/unit/unit.h"

#define D(fields)                                                              \
    "{\"check_response\": {\"check_type\": \"dcv\", \"check_completed\": "     \
    "true, \"check_passed\": true, " fields "}}"
#define DNS(details) D("\"details\": {" details "}")
#define CAA(details)                                                           \
    "{\"check_type\": \"caa\", \"check_completed\": true, \"check_passed\": "  \
    "true, \"details\": {" details "}}"

static const struct {
    const char *title;
    enum hf_way way;
    const char *body;
    const char *failure; /* a part of it; NULL: there is a view */
    const char *seen;    /* the records: "a|b"; NULL: what is said counts */
} replies[] = {
    {"one record", HF_WAY_DNS_PERSIST,
     DNS("\"records_seen\": [\"ca.example; a=b\"], \"found_at\": null, "
         "\"ad_flag\": true"),
     NULL, "ca.example; a=b"},
    {"two of them", HF_WAY_DNS, DNS("\"records_seen\": [\"a\", \"b\"]"), NULL,
     "a|b"},
    {"none", HF_WAY_DNS_PERSIST, DNS("\"records_seen\": []"), NULL, ""},
    {"null", HF_WAY_DNS_PERSIST, DNS("\"records_seen\": null"), NULL, ""},
    {"not nested", HF_WAY_DNS,
     "{\"perspective_code\": \"one\", \"check_passed\": false, \"details\": "
     "{\"records_seen\": [\"a\"]}}",
     NULL, "a"},
    {"of Lambda", HF_WAY_DNS,
     "{\"statusCode\": 200, \"body\": \"{\\\"check_passed\\\": false, "
     "\\\"details\\\": {\\\"records_seen\\\": [\\\"a\\\"]}}\"}",
     NULL, "a"},
    {"octets are better than text", HF_WAY_DNS,
     DNS("\"records_seen\": [\"?\"], \"records_octets\": [\"Af8\"]"), NULL,
     "\xff"},
    {"what it makes of it counts for nothing", HF_WAY_DNS_PERSIST,
     "{\"check_response\": {\"check_passed\": false, \"details\": "
     "{\"records_seen\": [\"x\"]}}}",
     NULL, "x"},
    {"a long record", HF_WAY_DNS,
     DNS("\"records_seen\": [\"0123456789012345678901234567890123456789\"]"),
     NULL, "0123456789012345678901234567890123456789"},
    {"no CAA", HF_WAY_CAA, CAA("\"caa_record_present\": false"), NULL, ""},
    {"CAA", HF_WAY_CAA,
     CAA("\"caa_record_present\": true, \"found_at\": \"com\", "
         "\"records_seen\": [\"128 issue \\\"ca.example; "
         "x=\\\\\\\"\\\\065\\\"\""
         "]"),
     NULL, "\x80\x05issueca.example; x=\"A"},
    {"CAA nobody can read", HF_WAY_CAA,
     CAA("\"caa_record_present\": true, \"records_seen\": [\"what\"]"), NULL,
     "-"},
    {"CAA that is not shown", HF_WAY_CAA, CAA("\"caa_record_present\": true"),
     "does not show", NULL},
    {"CAA that contradicts itself", HF_WAY_CAA,
     CAA("\"caa_record_present\": false, \"records_seen\": [\"0 issue x\"]"),
     "does not show", NULL},
    {"CAA not looked up", HF_WAY_CAA, CAA("\"caa_record_present\": null"),
     "could not look up", NULL},
    {"the web", HF_WAY_HTTP, D("\"details\": {}"), NULL, NULL},
    {"not completed", HF_WAY_DNS,
     "{\"check_completed\": false, \"check_passed\": false}", "not complete",
     NULL},
    {"no answer", HF_WAY_DNS, "{}", "no answer", NULL},
    {"an error", HF_WAY_DNS, "{\"error\": \"x\", \"validation_issues\": []}",
     "no answer", NULL},
    {"no JSON", HF_WAY_DNS, "what", "not JSON", NULL},
    {"an array", HF_WAY_DNS, "[]", "not JSON", NULL},
    {"a member twice", HF_WAY_DNS,
     "{\"check_passed\": false, \"check_passed\": true}", "not JSON", NULL},
    {"another's name", HF_WAY_DNS,
     "{\"perspective_code\": \"two\", \"check_response\": {\"check_passed\": "
     "true}}",
     "another perspective", NULL},
    {"another's name inside", HF_WAY_DNS,
     "{\"check_passed\": true, \"perspective_code\": \"two\"}",
     "another perspective", NULL},
    {"another region", HF_WAY_DNS,
     "{\"check_passed\": true, \"rir\": \"APNIC\"}", "another region", NULL},
    {"the same region by its short name", HF_WAY_HTTP,
     "{\"check_passed\": true, \"rir\": \"ripe\", \"details\": {}}", NULL,
     NULL},
    {"a region that is none", HF_WAY_DNS,
     "{\"check_passed\": true, \"rir\": \"Moon\"}", "another region", NULL},
    {"another question", HF_WAY_DNS,
     "{\"check_passed\": true, \"check_type\": \"caa\"}", "another question",
     NULL},
    {"records that are none", HF_WAY_DNS, DNS("\"records_seen\": [1]"),
     "cannot be read", NULL},
    {"records that are no list", HF_WAY_DNS, DNS("\"records_seen\": \"a\""),
     "cannot be read", NULL},
};

/* The records, with '|' between them; of one without octets "-". */
static void put_seen(const struct hf_found *found, struct hf_buf *out)
{
    struct hf_span rest = found->records;
    struct hf_span rdata, value;
    char room[512];
    bool more = false;

    while (hf_found_next(&rest, &rdata)) {
        if (more)
            hf_buf_putc(out, '|');
        more = true;
        value = rdata;
        if (found->type == 16)
            assert_int_equal(hf_txt_join(rdata, room, &value, NULL), HF_OK);
        hf_buf_put(out, rdata.len == 0 ? HF_SPAN("-") : value);
    }
}

static void hear(size_t i)
{
    const struct hf_open_mpic_asked asked = {.code = HF_SPAN("one"),
                                             .rir = HF_SPAN("RIPE NCC"),
                                             .name = HF_SPAN("example.com"),
                                             .way = replies[i].way};
    struct hf_view view = {0};
    char room[512];
    struct hf_buf seen;

    hf_buf_init(&seen, room, sizeof(room));
    assert_int_equal(
        hf_open_mpic_hear(hf_span_str(replies[i].body), &asked, &view, NULL),
        HF_OK);
    if ((view.failure == NULL) != (replies[i].failure == NULL) ||
        (view.failure != NULL &&
         strstr(view.failure, replies[i].failure) == NULL))
        fail_msg("%s: %s", replies[i].title,
                 view.failure == NULL ? "no failure" : view.failure);
    if (replies[i].seen != NULL) {
        if (view.answer_count != 1)
            fail_msg("%s: nothing", replies[i].title);
        assert_int_equal(view.answers[0].security, HF_INDETERMINATE);
        put_seen(&view.answers[0], &seen);
        if (!hf_span_eq(hf_buf_span(&seen), hf_span_str(replies[i].seen)))
            fail_msg("%s: %.*s", replies[i].title, (int)seen.len, seen.ptr);
    } else {
        assert_int_equal(view.answer_count, 0);
        assert_int_equal(view.said,
                         view.failure == NULL ? HF_SAID_YES : HF_SAID_NOTHING);
    }
    hf_view_clear(&view);
}

static void replies_are_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(replies); i++)
        hear(i);
}

/* ---- requests ---- */

static const struct {
    enum hf_way way;
    const char *path;
    const char *target;
    const char *group;
    const char *member;
    const char *value;
} requests[] = {
    {HF_WAY_DNS_PERSIST, "/dcv", "example.com", "dcv_check_parameters",
     "expected_account_uri", "https://ca.example/1"},
    {HF_WAY_DNS_PERSIST, "/dcv", "example.com", "dcv_check_parameters",
     "dns_name_prefix", "_validation-persist"},
    {HF_WAY_DNS, "/dcv", "example.com", "dcv_check_parameters",
     "key_authorization_hash", "ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0"},
    {HF_WAY_TLS_ALPN, "/dcv", "example.com", "dcv_check_parameters",
     "key_authorization_hash",
     "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
    {HF_WAY_HTTP, "/dcv", "example.com", "dcv_check_parameters",
     "key_authorization", "abc"},
    {HF_WAY_CAA, "/caa", "*.example.com", "caa_check_parameters",
     "certificate_type", "tls-server"},
};

static void requests_are_written(void **state)
{
    static const struct hf_span issuer = HF_SPAN_INIT("ca.example");
    struct hf_digest *digest = NULL;

    (void)state;
    assert_int_equal(hf_digest_new(&digest, NULL), HF_OK);
    for (size_t i = 0; i < COUNT_OF(requests); i++) {
        const struct hf_errand errand = {
            .way = requests[i].way,
            .name = HF_SPAN("example.com"),
            .wildcard = requests[i].way == HF_WAY_CAA,
            .token = HF_SPAN("t"),
            .key_authorization = HF_SPAN("abc"), /* of FIPS 180 */
            .issuers = &issuer,
            .issuer_count = 1,
            .account_uri = HF_SPAN("https://ca.example/1"),
            .account_url = HF_SPAN("https://ca.example/1")};
        char room[2048];
        struct hf_buf out;
        json_t *json, *group;

        hf_buf_init(&out, room, sizeof(room));
        assert_int_equal(hf_open_mpic_ask(&errand, digest, &out, NULL), HF_OK);
        assert_string_equal(hf_open_mpic_path(errand.way), requests[i].path);
        json = json_loadb(out.ptr, out.len, 0, NULL);
        assert_non_null(json);
        assert_string_equal(
            json_string_value(json_object_get(json, "domain_or_ip_target")),
            requests[i].target);
        group = json_object_get(json, requests[i].group);
        assert_string_equal(
            json_string_value(json_object_get(group, requests[i].member)),
            requests[i].value);
        json_decref(json);
    }
    hf_digest_free(digest);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(replies_are_read),
        cmocka_unit_test(requests_are_written),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
