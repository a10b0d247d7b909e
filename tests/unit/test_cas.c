/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <unistd.h>

#include "base/alloc.h"
#include "cli/cas.h"
#include "holdfast/name.h"
#include "tests/unit/unit.h"

static const char more[] =
    "{\"format\": 1, \"cas\": [\n"
    " {\"name\": \"Mine\", \"issuers\": [\"ca.internal.example\"],"
    "  \"accountUrl\": \"https://ca.internal.example/a/<number>\"},\n"
    " {\"name\": \"pebble\", \"issuers\": [\"pebble.letsencrypt.org\"],"
    "  \"title\": \"Our Pebble\", \"draft\": \"02\", \"reuses\": true,"
    "  \"prefix\": \"https://localhost/h/\", \"parents\": null}]}\n";

static char path[] = "cas-XXXXXX";

static int write_file(void **state)
{
    int fd = mkstemp(path);
    ssize_t n;

    (void)state;
    if (fd < 0)
        return -1;
    n = write(fd, more, sizeof(more) - 1);
    return close(fd) == 0 && n == sizeof(more) - 1 ? 0 : -1;
}

static int remove_file(void **state)
{
    (void)state;
    return unlink(path);
}

/* The built-in table obeys the rules that files have to obey. */
static void built_in(void **state)
{
    struct hf_cas *cas = NULL;

    (void)state;
    assert_int_equal(hf_cas_load(NULL, &cas, NULL), HF_OK);
    assert_true(hf_cas_count(cas) >= 10);
    for (size_t i = 0; i < hf_cas_count(cas); i++) {
        const struct hf_ca_entry *entry = hf_cas_at(cas, i);
        enum hf_variant variant;

        assert_ptr_equal(hf_cas_find(cas, hf_span_str(entry->name)), entry);
        assert_non_null(hf_ca_state_text(entry->state));
        assert_true(entry->issuer_count > 0);
        for (size_t n = 0; n < entry->issuer_count; n++) /* REQ CHAL-04 */
            assert_true(hf_name_is_canonical(hf_span_str(entry->issuers[n])));
        assert_true(entry->draft == NULL ||
                    hf_variant_find(hf_span_str(entry->draft), &variant));
        assert_true(entry->staging == NULL ||
                    hf_cas_find(cas, hf_span_str(entry->staging)) != NULL);
    }
    assert_string_equal(hf_cas_find(cas, HF_SPAN("letsencrypt"))->staging,
                        "letsencrypt-staging");
    assert_string_equal(hf_cas_find(cas, HF_SPAN("google"))->staging,
                        "google-staging");
    hf_cas_free(cas);
}

static void look_up(void **state)
{
    struct hf_cas *cas = NULL;
    const struct hf_ca_entry *entry;

    (void)state;
    assert_int_equal(hf_cas_load(path, &cas, NULL), HF_OK);
    entry = hf_cas_find(cas, HF_SPAN("LetsEncrypt"));
    assert_string_equal(entry->title, "Let's Encrypt");
    assert_ptr_equal(hf_cas_find_issuer(cas, HF_SPAN("LETSENCRYPT.org")),
                     entry);
    assert_null(hf_cas_find(cas, HF_SPAN("nobody")));
    assert_null(hf_cas_find_issuer(cas, HF_SPAN("nobody.example")));
    assert_null(hf_ca_state_text("nonsense"));

    /* Entries of the file come first; what they leave out is not known. */
    entry = hf_cas_find(cas, HF_SPAN("pebble"));
    assert_string_equal(entry->title, "Our Pebble");
    assert_int_equal(entry->parents, HF_KNOWN_NOT);
    assert_int_equal(entry->reuses, HF_KNOWN_YES);
    entry = hf_cas_find(cas, HF_SPAN("mine"));
    assert_string_equal(entry->title, "Mine");
    assert_string_equal(entry->state, "private");
    assert_null(entry->draft);
    hf_cas_free(cas);
}

/* One more comes behind those of the file and before those built in. */
static void add(void **state)
{
    struct hf_ca_entry entry = {
        .name = "pebble", .issuer_count = 1, .issuers = {"pebble.example"}};
    struct hf_cas *cas = NULL;

    (void)state;
    assert_int_equal(hf_cas_load(NULL, &cas, NULL), HF_OK);
    assert_int_equal(hf_cas_add(cas, &entry, NULL), HF_OK);
    assert_string_equal(hf_cas_find(cas, HF_SPAN("pebble"))->issuers[0],
                        "pebble.example");
    assert_string_equal(hf_cas_find(cas, HF_SPAN("pebble"))->title, "pebble");
    entry.draft = "03";
    assert_int_equal(hf_cas_add(cas, &entry, NULL), HF_EINVAL);
    entry.draft = NULL;
    entry.issuer_count = 0;
    assert_int_equal(hf_cas_add(cas, &entry, NULL), HF_EINVAL);
    hf_cas_free(cas);

    assert_int_equal(hf_cas_load(path, &cas, NULL), HF_OK);
    entry.issuer_count = 1;
    assert_int_equal(hf_cas_add(cas, &entry, NULL), HF_OK);
    assert_string_equal(hf_cas_find(cas, HF_SPAN("pebble"))->title,
                        "Our Pebble");
    hf_cas_free(cas);
}

static void account_urls(void **state)
{
    const struct hf_ca_entry unknown = {0};
    const struct hf_ca_entry known = {.account_url =
                                          "https://ca.example/acct/<number>"};

    (void)state;
    assert_true(hf_ca_url_fits(&unknown, HF_SPAN("anything")));
    assert_true(hf_ca_url_fits(&known, HF_SPAN("https://ca.example/acct/7")));
    assert_false(hf_ca_url_fits(&known, HF_SPAN("https://ca.example/acct/")));
    assert_false(hf_ca_url_fits(&known, HF_SPAN("https://ca.example/acct/7x")));
    assert_false(hf_ca_url_fits(&known, HF_SPAN("https://ca.example/Acct/7")));
    assert_false(hf_ca_url_fits(&known, HF_SPAN("https://ca.example/ac")));
}

/* The Nth allocation fails: an error and nothing else. */
static void out_of_memory(void **state)
{
    struct hf_cas *cas = NULL;
    enum hf_err err = HF_ENOMEM;

    (void)state;
    for (long n = 0; err != HF_OK; n++) {
        hf_alloc_fail_after(n, true);
        err = hf_cas_load(path, &cas, NULL);
        hf_alloc_fail_after(-1, false);
        assert_true(err == HF_OK || (err == HF_ENOMEM && cas == NULL));
        assert_true(n < 50);
    }
    hf_cas_free(cas);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(built_in),      cmocka_unit_test(look_up),
        cmocka_unit_test(add),           cmocka_unit_test(account_urls),
        cmocka_unit_test(out_of_memory),
    };

    return cmocka_run_group_tests(tests, write_file, remove_file);
}
