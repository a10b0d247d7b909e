/* SPDX-License-Identifier: Apache-2.0 */
/* Directories, objects and problems as servers send them. */
#include <stdio.h>

#include "acme/directory.h"
#include "acme/object.h"
#include "acme/retry_after.h"
#include "base/alloc.h"
#include "tests/unit/acme_fixture.h"

/* REQ DIR-01, DIR-13 */
static void directories(void **state)
{
    static const char text[] =
        "{\"newNonce\":\"n\",\"newAccount\":\"a\",\"newOrder\":\"o\","
        "\"renewalInfo\":\"r\",\"surprise\":{\"x\":[1]},\"meta\":{"
        "\"termsOfService\":\"t\",\"externalAccountRequired\":true,"
        "\"caaIdentities\":[\"CA.example.\"],\"accountHashPrefix\":\"p\","
        "\"issuerDomainNames\":[\"ca.example\",7],\"profiles\":{\"short\":"
        "\"six days\",\"odd\":7}}}";
    struct hf_directory directory;

    (void)state;
    assert_int_equal(hf_directory_read(hf_span_str(text), &directory, NULL),
                     HF_OK);
    assert_span_equal(directory.renewal_info, HF_SPAN("r"));
    assert_span_equal(directory.revoke_cert, HF_SPAN(""));
    assert_span_equal(directory.terms, HF_SPAN("t"));
    assert_true(directory.eab_required);
    assert_span_equal(directory.meta.prefix.text, HF_SPAN("p"));
    assert_int_equal(directory.meta.issuers.count, 2);
    assert_null(directory.meta.issuers.list[1].ptr);
    assert_span_equal(directory.meta.caa_identities.list[0],
                      HF_SPAN("ca.example"));
    assert_int_equal(directory.profile_count, 2);
    assert_span_equal(directory.profiles[0].description, HF_SPAN("six days"));
    assert_span_equal(directory.profiles[1].description, HF_SPAN(""));
    assert_span_equal(directory.text, hf_span_str(text));
    hf_directory_clear(&directory);
    hf_directory_clear(&directory);
}

static void directories_refused(void **state)
{
    static const struct {
        const char *text;
        enum hf_err err;
    } rows[] = {
        {"", HF_ESYNTAX},
        {"[]", HF_ESYNTAX},
        {"{\"newNonce\":", HF_ESYNTAX},
        {"{\"newNonce\":\"n\",\"newNonce\":\"n\"}", HF_ESYNTAX},
        {"{}", HF_EINVAL},
        {"{\"newNonce\":\"n\",\"newAccount\":\"a\",\"newOrder\":7}", HF_EINVAL},
        {"{\"newNonce\":\"n\",\"newAccount\":\"\",\"newOrder\":\"o\"}",
         HF_EINVAL},
    };
    struct hf_directory directory = {0};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct hf_why why = {0};

        assert_int_equal(
            hf_directory_read(hf_span_str(rows[i].text), &directory, &why),
            rows[i].err);
        assert_non_null(why.text);
        assert_null(directory.memory);
    }
}

/* meta of any shape is a server without meta: REQ DIR-02, CHAL-11 */
static void odd_meta(void **state)
{
    static const char *const rows[] = {
        "{\"newNonce\":\"n\",\"newAccount\":\"a\",\"newOrder\":\"o\"}",
        "{\"newNonce\":\"n\",\"newAccount\":\"a\",\"newOrder\":\"o\","
        "\"meta\":[]}",
        "{\"newNonce\":\"n\",\"newAccount\":\"a\",\"newOrder\":\"o\","
        "\"meta\":{\"caaIdentities\":[],\"profiles\":[]}}",
        "{\"newNonce\":\"n\",\"newAccount\":\"a\",\"newOrder\":\"o\","
        "\"meta\":{\"caaIdentities\":[\"ca.example\",\"no name\"]}}",
        "{\"newNonce\":\"n\",\"newAccount\":\"a\",\"newOrder\":\"o\","
        "\"meta\":{\"caaIdentities\":[\"ca.example\",7]}}",
    };
    struct hf_directory directory;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        assert_int_equal(
            hf_directory_read(hf_span_str(rows[i]), &directory, NULL), HF_OK);
        assert_int_equal(directory.meta.caa_identities.field, HF_FIELD_ABSENT);
        assert_int_equal(directory.meta.issuers.field, HF_FIELD_ABSENT);
        assert_int_equal(directory.profile_count, 0);
        assert_false(directory.eab_required);
        hf_directory_clear(&directory);
    }
}

/* REQ CHAL-01, CHAL-02, CHAL-07, CHAL-08, CHAL-14: as they stand. What nobody
 * has agreed upon, as "adn", is passed over (section 5, Q1 of our answers). */
static void authorizations(void **state)
{
    static const char text[] =
        "{\"status\":\"pending\",\"wildcard\":true,\"identifier\":{\"type\":"
        "\"dns\",\"value\":\"a.example\"},\"challenges\":["
        "{\"type\":\"http-01\",\"url\":\"h\",\"token\":\"t\"},7,"
        "{\"type\":\"dns-persist-01\",\"url\":\"p\",\"issuer-domain-names\":"
        "[\"x\",7],\"issuerDomainNames\":\"x\",\"accounturi\":null,"
        "\"adn\":\"example\"}],\"adn\":7,\"subdomainAuthAllowed\":7}";
    struct hf_authz_object authz;
    const struct hf_challenge *persist;

    (void)state;
    assert_int_equal(hf_authz_object_read(hf_span_str(text), &authz, NULL),
                     HF_OK);
    assert_int_equal(authz.status, HF_ACME_PENDING);
    assert_true(authz.wildcard);
    assert_false(authz.subdomains);
    assert_span_equal(authz.name, HF_SPAN("a.example"));
    assert_int_equal(authz.challenge_count, 3);
    assert_span_equal(authz.challenges[0].token, HF_SPAN("t"));
    assert_span_equal(authz.challenges[1].persist.type, HF_SPAN(""));
    persist = &authz.challenges[2].persist;
    assert_span_equal(persist->type, HF_SPAN("dns-persist-01"));
    assert_int_equal(persist->kebab.field, HF_FIELD_PRESENT);
    assert_int_equal(persist->kebab.count, 2);
    assert_null(persist->kebab.list[1].ptr);
    assert_int_equal(persist->camel.field, HF_FIELD_WRONG_TYPE);
    assert_int_equal(persist->account_uri.field, HF_FIELD_ABSENT);
    hf_authz_object_clear(&authz);
    hf_authz_object_clear(&authz);
    assert_int_equal(
        hf_authz_object_read(HF_SPAN("{\"subdomainAuthAllowed\":true}"), &authz,
                             NULL),
        HF_OK);
    assert_true(authz.subdomains); /* RFC 9444, section 4.1 */
    hf_authz_object_clear(&authz);
}

/* RFC 9444, section 4.4: true, and nothing like it. */
static void subdomains(void **state)
{
    static const struct {
        const char *value;
        bool is;
    } rows[] = {{"true", true},
                {"false", false},
                {"1", false},
                {"\"true\"", false},
                {"null", false}};
    struct hf_directory directory;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char text[256];

        (void)snprintf(text, sizeof(text),
                       "{\"newNonce\":\"n\",\"newAccount\":\"a\","
                       "\"newOrder\":\"o\",\"meta\":"
                       "{\"subdomainAuthAllowed\":%s}}",
                       rows[i].value);
        assert_int_equal(hf_directory_read(hf_span_str(text), &directory, NULL),
                         HF_OK);
        assert_int_equal(directory.subdomains, rows[i].is);
        hf_directory_clear(&directory);
    }
}

static void statuses(void **state)
{
    static const char *const words[] = {"pending", "ready",   "processing",
                                        "valid",   "invalid", "deactivated",
                                        "expired", "revoked"};
    struct hf_account_object account;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(words); i++) {
        char text[64];
        struct hf_buf out;

        hf_buf_init(&out, text, sizeof(text));
        hf_buf_puts(&out, "{\"status\":\"");
        hf_buf_puts(&out, words[i]);
        hf_buf_puts(&out, "\"}");
        assert_int_equal(
            hf_account_object_read(hf_buf_span(&out), &account, NULL), HF_OK);
        assert_string_equal(hf_acme_status_word(account.status), words[i]);
        assert_span_equal(account.status_text, hf_span_str(words[i]));
        hf_account_object_clear(&account);
    }
    assert_int_equal(
        hf_account_object_read(HF_SPAN("{\"status\":\"Valid\",\"contact\":7}"),
                               &account, NULL),
        HF_OK);
    assert_int_equal(account.status, HF_ACME_UNKNOWN);
    assert_span_equal(account.contact, HF_SPAN(""));
    hf_account_object_clear(&account);
}

static void out_of_memory(void **state)
{
    static const char text[] = "{\"challenges\":[{\"type\":\"x\"}]}";
    struct hf_directory directory = {0};
    struct hf_authz_object authz = {0};

    (void)state;
    for (long n = 0; n < 4; n++) {
        hf_alloc_fail_after(n, false);
        assert_int_equal(
            hf_directory_read(hf_span_str(directory_text), &directory, NULL),
            HF_ENOMEM);
    }
    for (long n = 0; n < 2; n++) {
        hf_alloc_fail_after(n, false);
        assert_int_equal(hf_authz_object_read(hf_span_str(text), &authz, NULL),
                         HF_ENOMEM);
    }
    hf_alloc_fail_after(-1, false);
}

/* REQ CLI-36 */
static void retry_after(void **state)
{
    static const struct {
        const char *text;
        int64_t want;
    } rows[] = {
        {"0", 0},
        {"120", 120},
        {"007", 7},
        {"999999999999999999", HF_RETRY_AFTER_MAX_S},
        {"9999999999999999999", -1},
        {"", -1},
        {"-1", -1},
        {"1.5", -1},
        {"12 ", -1},
        {"soon", -1},
        {"Sun, 06 Nov 1994 08:49:37 GMT", 0},
        {"Mon, 21 Sep 2026 13:33:30 GMT", 10},
        {"Mon, 21 Sep 2026 13:33:30 CET", -1},
        {"Mon, 21 Spt 2026 13:33:30 GMT", -1},
        {"Mon, 31 Feb 2027 13:33:30 GMT", -1},
        {"Mon, 21 Sep 9026 13:33:30 GMT", HF_RETRY_AFTER_MAX_S},
        {"Monday, 21-Sep-26 13:33:30 GMT", -1},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (hf_retry_after_s(hf_span_str(rows[i].text), 1789997600) !=
            rows[i].want)
            fail_msg("%s: %lld", rows[i].text,
                     (long long)hf_retry_after_s(hf_span_str(rows[i].text),
                                                 1789997600));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(directories),   cmocka_unit_test(directories_refused),
        cmocka_unit_test(odd_meta),      cmocka_unit_test(authorizations),
        cmocka_unit_test(subdomains),    cmocka_unit_test(statuses),
        cmocka_unit_test(out_of_memory), cmocka_unit_test(retry_after),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
