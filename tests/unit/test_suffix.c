/* SPDX-License-Identifier: Apache-2.0 */
/* Public suffixes: REQ SCOPE-08. */
#include <stdlib.h>
#include <unistd.h>

#include "base/alloc.h"
#include "holdfast/suffix.h"
#include "tests/unit/unit.h"

#define S HF_SPAN_INIT

static const struct hf_span rules[] = {
    S("com"),     S("uk"),        S("co.uk"),         S("jp"),
    S("kobe.jp"), S("*.kobe.jp"), S("!city.kobe.jp"), S("*.ck"),
    S("!www.ck")};

static void base_table(void **state)
{
    static const struct {
        const char *name;
        const char *base;
    } rows[] = {
        {"example.com", "example.com"},
        {"www.example.com", "example.com"},
        {"a.b.c.example.com", "example.com"},
        {"com", ""},
        {"co.uk", ""},
        {"example.co.uk", "example.co.uk"},
        {"example.uk", "example.uk"},
        {"www.example.co.uk", "example.co.uk"},
        {"jp", ""},
        {"kobe.jp", ""},
        {"c.kobe.jp", ""},
        {"b.c.kobe.jp", "b.c.kobe.jp"},
        {"a.b.c.kobe.jp", "b.c.kobe.jp"},
        {"city.kobe.jp", "city.kobe.jp"},
        {"www.city.kobe.jp", "city.kobe.jp"},
        {"ck", ""},
        {"test.ck", ""},
        {"b.test.ck", "b.test.ck"},
        {"www.ck", "www.ck"},
        {"www.www.ck", "www.ck"},
        /* not on the list: the rule "*" */
        {"corp", ""},
        {"host.corp", "host.corp"},
        {"a.host.corp", "host.corp"},
        {"", ""},
    };
    struct hf_suffixes *suffixes;

    (void)state;
    assert_int_equal(hf_suffixes_from(rules, COUNT_OF(rules), &suffixes, NULL),
                     HF_OK);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct hf_span name = hf_span_str(rows[i].name);
        struct hf_span base = hf_suffixes_base(suffixes, name);

        if (!hf_span_eq(base, hf_span_str(rows[i].base)))
            fail_msg("%s: %.*s", rows[i].name, (int)base.len, base.ptr);
        assert_true(base.len == 0 ||
                    base.ptr + base.len == name.ptr + name.len);
    }
    hf_suffixes_free(suffixes);
}

static void known_tops(void **state)
{
    static const char *const known[] = {"com", "example.com", "a.b.co.uk",
                                        "x.jp"};
    static const char *const unknown[] = {"corp", "host.corp", "", "local",
                                          "com.corp"};
    struct hf_suffixes *suffixes;

    (void)state;
    assert_int_equal(hf_suffixes_from(rules, COUNT_OF(rules), &suffixes, NULL),
                     HF_OK);
    for (size_t i = 0; i < COUNT_OF(known); i++)
        if (!hf_suffixes_knows(suffixes, hf_span_str(known[i])))
            fail_msg("%s", known[i]);
    for (size_t i = 0; i < COUNT_OF(unknown); i++)
        if (hf_suffixes_knows(suffixes, hf_span_str(unknown[i])))
            fail_msg("%s", unknown[i]);
    hf_suffixes_free(suffixes);
}

/* The real list: its ICANN section only, so that customers of a host under
 * the private section may be validated by their host. */
static void real_list(void **state)
{
    struct hf_suffixes *suffixes;

    (void)state;
    assert_int_equal(hf_suffixes_load(NULL, &suffixes, NULL), HF_OK);
    assert_span_equal(hf_suffixes_base(suffixes, HF_SPAN("a.b.example.co.uk")),
                      HF_SPAN("example.co.uk"));
    assert_span_equal(hf_suffixes_base(suffixes, HF_SPAN("x.github.io")),
                      HF_SPAN("github.io"));
    assert_span_equal(hf_suffixes_base(suffixes, HF_SPAN("www.city.kobe.jp")),
                      HF_SPAN("city.kobe.jp"));
    assert_true(hf_suffixes_knows(suffixes, HF_SPAN("example.org")));
    assert_false(hf_suffixes_knows(suffixes, HF_SPAN("example.internal")));
    assert_true(strlen(hf_suffixes_source(suffixes)) > 0);
    assert_true(hf_suffixes_made_at(suffixes) > 0);
    hf_suffixes_free(suffixes);
    hf_suffixes_free(NULL);
}

static void own_file(void **state)
{
    static const char text[] = "// ===BEGIN ICANN DOMAINS===\nzz\nyy.zz\n"
                               "// ===END ICANN DOMAINS===\n";
    char path[] = "/tmp/test_suffix.XXXXXX";
    int fd = mkstemp(path);
    struct hf_suffixes *suffixes;

    (void)state;
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, sizeof(text) - 1), sizeof(text) - 1);
    (void)close(fd);
    assert_int_equal(hf_suffixes_load(path, &suffixes, NULL), HF_OK);
    assert_span_equal(hf_suffixes_base(suffixes, HF_SPAN("a.b.yy.zz")),
                      HF_SPAN("b.yy.zz"));
    assert_string_equal(hf_suffixes_source(suffixes), "file");
    assert_true(hf_suffixes_made_at(suffixes) > 1700000000);
    hf_suffixes_free(suffixes);
    (void)unlink(path);
    assert_int_equal(hf_suffixes_load(path, &suffixes, NULL), HF_ENOTFOUND);
}

static void limits_and_faults(void **state)
{
    struct hf_suffixes *suffixes = NULL;
    unsigned long before;
    unsigned long count;

    (void)state;
    assert_int_equal(hf_suffixes_from(NULL, 65537, &suffixes, NULL), HF_ELIMIT);
    assert_int_equal(hf_suffixes_from(NULL, 0, &suffixes, NULL), HF_OK);
    hf_suffixes_free(suffixes);

    before = hf_alloc_count();
    assert_int_equal(hf_suffixes_from(rules, COUNT_OF(rules), &suffixes, NULL),
                     HF_OK);
    hf_suffixes_free(suffixes);
    count = hf_alloc_count() - before;
    assert_true(count > 1);
    for (unsigned long n = 0; n < count; n++) {
        hf_alloc_fail_after((long)n, false);
        assert_int_equal(
            hf_suffixes_from(rules, COUNT_OF(rules), &suffixes, NULL),
            HF_ENOMEM);
    }
    hf_alloc_fail_after(0, false);
    assert_int_equal(hf_suffixes_load(NULL, &suffixes, NULL), HF_ENOMEM);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(base_table),        cmocka_unit_test(known_tops),
        cmocka_unit_test(real_list),         cmocka_unit_test(own_file),
        cmocka_unit_test(limits_and_faults),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
