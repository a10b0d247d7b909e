/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Accounts of other clients, read as data: those that no client here can make
 * (Caddy, mod_md, lego 5), and files that are torn or hostile. What real
 * clients write is in tests/peer/account-import.sh.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/import.h"
#include "os/file.h"
#include "os/folder.h"
#include "tests/unit/scratch.h"
#include "tests/unit/unit.h"

#define URL "https://ca.example/acct/1"
#define DIR "https://ca.example/dir"

static char root[SCRATCH_MAX];
static unsigned cases; /* each test has a folder of its own */

static const char *folder(void)
{
    static char path[PATH_MAX];

    (void)snprintf(path, sizeof(path), "%s/%u", root, cases);
    return path;
}

static int set_up(void **unused)
{
    (void)unused;
    return scratch_make(root);
}

static int tear_down(void **unused)
{
    (void)unused;
    return scratch_remove(root);
}

static int each(void **unused)
{
    (void)unused;
    cases++;
    return hf_folder_make(folder(), NULL) != HF_OK;
}

static void put(const char *name, const char *text)
{
    char path[PATH_MAX];
    char *slash;

    assert_true(snprintf(path, sizeof(path), "%s/%s", folder(), name) <
                (int)sizeof(path));
    slash = strrchr(path, '/');
    *slash = '\0';
    assert_int_equal(hf_folder_make(path, NULL), HF_OK);
    *slash = '/';
    assert_int_equal(hf_file_replace_path(path, hf_span_str(text), NULL),
                     HF_OK);
}

static enum hf_err read_as(const char *format, struct hf_import *out)
{
    struct hf_why why = {0};
    enum hf_err err = hf_import_read(hf_span_str(format), folder(), out, &why);

    assert_true(err == HF_OK || why.text != NULL);
    return err;
}

static void expect(const char *format, const char *directory, const char *url)
{
    struct hf_import got;

    assert_int_equal(read_as(format, &got), HF_OK);
    assert_span_equal(hf_buf_span(&got.key), HF_SPAN("KEY"));
    assert_string_equal(got.directory, directory);
    assert_string_equal(got.url, url);
    assert_false(got.exposed);
    hf_import_clear(&got);
}

static void test_caddy(void **unused)
{
    (void)unused;
    put("acme/ca.example-dir/users/a@b/a.key", "KEY");
    put("acme/ca.example-dir/users/a@b/a.json",
        "{\"status\":\"valid\",\"location\":\"" URL "\"}");
    put("certificates/ca.example-dir/x/x.key", "ANOTHER");
    expect("caddy", "", URL);
}

static void test_mod_md(void **unused)
{
    struct hf_import got;

    (void)unused;
    put("accounts/ACME-ca-0000/account.pem", "KEY");
    put("accounts/ACME-ca-0000/account.json",
        "{\"url\":\"" URL "\",\"ca-url\":\"" DIR "\"}");
    expect("mod_md", DIR, URL); /* without md_store.json keys are plain */
    put("md_store.json", "{\"key\":\"cGFzcwBt\"}");
    assert_int_equal(read_as("mod_md", &got), HF_OK);
    assert_span_equal(((struct hf_span){got.passphrase, got.passphrase_len}),
                      ((struct hf_span){"pass\0m", 6}));
    hf_import_clear(&got);
}

static void test_lego_5(void **unused)
{
    (void)unused;
    put("accounts/ca.example/id/account.json",
        "{\"id\":\"id\",\"server\":\"" DIR "\",\"registration\":{"
        "\"accountURL\":\"" URL "\"}}");
    put("accounts/ca.example/id/id.key", "KEY");
    expect("lego", DIR, URL);
}

static void test_lego_hostile(void **unused)
{
    static const char *const texts[] = {"",
                                        "{",
                                        "[]",
                                        "{}",
                                        "{\"email\":\"../../../etc/passwd\"}",
                                        "{\"id\":\"../id\"}",
                                        "{\"email\":\"a\",\"id\":\"b/c\"}",
                                        "{\"email\":7}"};
    struct hf_import got;

    (void)unused;
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        put("accounts/ca.example/a/account.json", texts[i]);
        assert_int_equal(read_as("lego", &got), HF_ESYNTAX);
        assert_null(got.key.ptr);
    }
    put("accounts/ca.example/a/account.json", "{\"email\":\"a\"}");
    assert_int_equal(read_as("lego", &got), HF_ENOTFOUND); /* no key */
}

static void test_dehydrated(void **unused)
{
    struct hf_import got;

    (void)unused;
    put("accounts/aHR0cHM6Ly9jYS5leGFtcGxlL2Rpcgo/account_key.pem", "KEY");
    put("accounts/aHR0cHM6Ly9jYS5leGFtcGxlL2Rpcgo/account_id.json", "{}");
    expect("dehydrated", DIR, "");
    cases++;
    put("accounts/no base64/account_key.pem", "KEY");
    put("accounts/no base64/account_id.json", "{\"url\":\"" URL "\"}");
    expect("dehydrated", "", URL);
    put("accounts/other/account_key.pem", "KEY");
    assert_int_equal(read_as("dehydrated", &got), HF_ELIMIT); /* two */
    assert_int_equal(read_as("uacme", &got), HF_ENOTFOUND);
    assert_int_equal(read_as("other", &got), HF_EINVAL);
}

/* A link that leads around in a circle, and others who may read the key. */
static void test_links(void **unused)
{
    struct hf_import got;
    char path[PATH_MAX];

    (void)unused;
    put("private/key.pem", "KEY");
    put("private/name.example/key.pem", "ANOTHER");
    assert_true(snprintf(path, sizeof(path), "%s/private/again", folder()) > 0);
    assert_int_equal(symlink("..", path), 0);
    expect("uacme", "", "");
    assert_true(snprintf(path, sizeof(path), "%s/private/key.pem", folder()) >
                0);
    assert_int_equal(chmod(path, 0640), 0);
    assert_int_equal(read_as("uacme", &got), HF_OK);
    assert_true(got.exposed);
    hf_import_clear(&got);
}

static void test_acme_sh(void **unused)
{
    (void)unused;
    put("ca/ca.example/dir/account.key", "KEY");
    put("ca/ca.example/dir/ca.conf",
        "X=1\nACCOUNT_URL='https://ca.example:14000/a/1'\nACCOUNT_URL='late'");
    expect("acme.sh", "https://ca.example:14000/dir",
           "https://ca.example:14000/a/1");
    put("ca/ca.example/dir/ca.conf", "ACCOUNT_URL='https://elsewhere/1'\n");
    expect("acme.sh", DIR, "https://elsewhere/1");
    put("ca/ca.example/dir/ca.conf", "");
    expect("acme.sh", DIR, "");
}

static void test_assigned(void **unused)
{
    static const struct {
        const char *text;
        const char *want; /* NULL: nothing */
    } rows[] = {
        {"A='x y'\n", "x y"}, {"A=\"x\"", "x"},        {"A=x", "x"},
        {"A=", ""},           {"B='y'\nA='x'\n", "x"}, {"AB='y'\nA='x'", "x"},
        {" A='x'", NULL},     {"A='x", NULL},          {"A='x'; touch y", NULL},
        {"A='x''y'", NULL},   {"A=x touch", NULL},     {"export A='x'", NULL},
        {"", NULL},
    };

    (void)unused;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct hf_span got = {0};

        assert_int_equal(
            hf_import_assigned(hf_span_str(rows[i].text), "A", &got),
            rows[i].want != NULL);
        if (rows[i].want != NULL)
            assert_span_equal(got, hf_span_str(rows[i].want));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_caddy, each),
        cmocka_unit_test_setup(test_mod_md, each),
        cmocka_unit_test_setup(test_lego_5, each),
        cmocka_unit_test_setup(test_lego_hostile, each),
        cmocka_unit_test_setup(test_dehydrated, each),
        cmocka_unit_test_setup(test_links, each),
        cmocka_unit_test_setup(test_acme_sh, each),
        cmocka_unit_test(test_assigned),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
