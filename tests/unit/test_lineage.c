/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates on disk: layout, modes, and one step from old to new. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/lineage.h"
#include "tests/unit/fsync_fault.h"
#include "tests/unit/scratch.h"
#include "tests/unit/unit.h"

static char state[SCRATCH_MAX];

static int make_state(void **unused)
{
    (void)unused;
    return scratch_make(state);
}

static int remove_state(void **unused)
{
    (void)unused;
    return scratch_remove(state);
}

static const struct hf_issued first = {
    HF_SPAN_INIT("KEY1\n"), HF_SPAN_INIT("CERT1\n"), HF_SPAN_INIT("CHAIN1\n")};
static const struct hf_issued second = {
    HF_SPAN_INIT("KEY2\n"), HF_SPAN_INIT("CERT2\n"), HF_SPAN_INIT("CHAIN2\n")};

static void install(const struct hf_issued *issued, unsigned want)
{
    unsigned number = 0;
    struct hf_why why = {0};

    if (hf_lineage_install(state, HF_SPAN("a.example"), issued, &number,
                           &why) != HF_OK)
        fail_msg("%s (%s)", why.text, strerror(why.sys));
    assert_int_equal(number, want);
}

static void expect_live(const char *file, const char *want)
{
    char room[64];
    struct hf_buf text;

    hf_buf_init(&text, room, sizeof(room));
    assert_int_equal(
        hf_lineage_live(state, HF_SPAN("a.example"), file, &text, NULL), HF_OK);
    assert_span_equal(hf_buf_span(&text), hf_span_str(want));
}

static void expect_mode(const char *file, mode_t want)
{
    char path[256];
    struct stat about;

    (void)snprintf(path, sizeof(path), "%s/live/a.example/%s", state, file);
    assert_int_equal(stat(path, &about), 0);
    assert_int_equal(about.st_mode & 07777, want);
}

/* Each of the four files, the archive, the new links and the folder that they
 * are put into is on the disk when all is well; and when one cannot be, that is
 * said, and what is live is whole. */
static void power_may_fail(void **unused)
{
    enum { SYNCS = 7 };

    (void)unused;
    install(&first, 1);
    syncs = 0;
    install(&second, 2);
    assert_int_equal(syncs, SYNCS);
    for (refused = 1; refused <= SYNCS; refused++) {
        bool is_live = refused == SYNCS;
        unsigned number;

        syncs = 0;
        assert_int_equal(hf_lineage_install(state, HF_SPAN("a.example"), &first,
                                            &number, NULL),
                         HF_ESYSTEM);
        expect_live("privkey.pem", is_live ? "KEY1\n" : "KEY2\n");
        expect_live("fullchain.pem",
                    is_live ? "CERT1\nCHAIN1\n" : "CERT2\nCHAIN2\n");
    }
    refused = 0;
}

static void layout(void **unused)
{
    char path[256];
    char target[256];
    ssize_t len;

    (void)unused;
    install(&first, 1);
    expect_live("privkey.pem", "KEY1\n");
    expect_live("cert.pem", "CERT1\n");
    expect_live("chain.pem", "CHAIN1\n");
    expect_live("fullchain.pem", "CERT1\nCHAIN1\n");
    expect_mode("privkey.pem", 0600);
    expect_mode("cert.pem", 0644);
    expect_mode("fullchain.pem", 0644);
    (void)snprintf(path, sizeof(path), "%s/live/a.example/cert.pem", state);
    len = readlink(path, target, sizeof(target));
    assert_span_equal(((struct hf_span){target, (size_t)len}),
                      HF_SPAN("../../archive/a.example/cert1.pem"));
}

static void the_next_takes_its_place(void **unused)
{
    (void)unused;
    install(&first, 1);
    install(&second, 2);
    expect_live("privkey.pem", "KEY2\n");
    expect_live("fullchain.pem", "CERT2\nCHAIN2\n");
}

/* A reader who looks at key and chain through one open folder never finds
 * the key of one certificate with the chain of another. */
static void readers_see_one_of_them(void **unused)
{
    char path[256];
    int folder;

    (void)unused;
    install(&first, 1);
    (void)snprintf(path, sizeof(path), "%s/live/a.example", state);
    folder = open(path, O_RDONLY | O_DIRECTORY);
    assert_true(folder >= 0);
    install(&second, 2);
    /* The old folder is gone as a whole, not half changed. */
    assert_int_equal(faccessat(folder, "privkey.pem", F_OK, 0), -1);
    assert_int_equal(faccessat(folder, "fullchain.pem", F_OK, 0), -1);
    (void)close(folder);
}

/* What a crash left: parts in the archive, a new folder half made. */
static void after_a_crash(void **unused)
{
    char path[256];
    FILE *file;

    (void)unused;
    install(&first, 1);
    (void)snprintf(path, sizeof(path), "%s/archive/a.example/privkey2.pem",
                   state);
    file = fopen(path, "w");
    assert_non_null(file);
    (void)fclose(file);
    (void)snprintf(path, sizeof(path), "%s/live/.a.example.new", state);
    assert_int_equal(mkdir(path, 0700), 0);
    (void)snprintf(path, sizeof(path), "%s/live/.a.example.new/cert.pem",
                   state);
    assert_int_equal(symlink("nowhere", path), 0);
    install(&second, 3); /* 2 is taken, whoever it was */
    expect_live("privkey.pem", "KEY2\n");
}

/* The user has the key: there is none of ours, nor one of before. */
static void without_key(void **unused)
{
    struct hf_issued keyless = second;
    char path[256];

    (void)unused;
    keyless.key = HF_SPAN("");
    install(&first, 1);
    install(&keyless, 2);
    (void)snprintf(path, sizeof(path), "%s/live/a.example/privkey.pem", state);
    assert_int_equal(access(path, F_OK), -1);
    (void)snprintf(path, sizeof(path), "%s/archive/a.example/privkey2.pem",
                   state);
    assert_int_equal(access(path, F_OK), -1);
    install(&second, 3);
    expect_live("privkey.pem", "KEY2\n");
}

static void renewal_files(void **unused)
{
    const struct hf_lineage lineage = {
        .name = HF_SPAN("a.example"),
        .account = HF_SPAN("default"),
        .key_type = HF_SPAN("p384"),
        .profile = HF_SPAN("short"),
        .preferred_profile = HF_SPAN("shorter"),
        .chain = HF_SPAN("Root \"X\""),
        .url = HF_SPAN("https://ca.example/cert/1"),
        .names = {HF_SPAN("a.example"), HF_SPAN("*.a.example")},
        .name_count = 2,
        .csr = HF_SPAN("/home/a/a.csr"),
        .means = {.methods = {HF_METHOD_HTTP},
                  .method_count = 1,
                  .webroot = HF_SPAN("/var/www")},
        .reuses_key = true,
        .issued_at = 1,
        .renew_at = 2,
        .ask_ari_at = 3,
    };
    struct hf_lineage read;
    char room[256];
    struct hf_buf names;
    size_t count;

    (void)unused;
    hf_buf_init(&names, room, sizeof(room));
    assert_int_equal(hf_lineage_list(state, &names, &count, NULL), HF_OK);
    assert_int_equal(count, 0);
    assert_int_equal(hf_lineage_write(state, &lineage, NULL), HF_OK);
    assert_int_equal(hf_lineage_read(state, lineage.name, &read, NULL), HF_OK);
    assert_span_equal(read.account, lineage.account);
    assert_span_equal(read.key_type, lineage.key_type);
    assert_span_equal(read.profile, lineage.profile);
    assert_span_equal(read.preferred_profile, lineage.preferred_profile);
    assert_span_equal(read.chain, lineage.chain);
    assert_span_equal(read.url, lineage.url);
    assert_span_equal(read.csr, lineage.csr);
    assert_true(hf_means_has(&read.means, HF_METHOD_HTTP));
    assert_span_equal(read.means.webroot, lineage.means.webroot);
    assert_int_equal(read.name_count, 2);
    assert_span_equal(read.names[1], lineage.names[1]);
    assert_true(read.reuses_key);
    assert_false(read.must_staple);
    assert_int_equal(read.issued_at, 1);
    assert_int_equal(read.renew_at, 2);
    assert_int_equal(read.ask_ari_at, 3);
    hf_lineage_clear(&read);
    assert_int_equal(hf_lineage_list(state, &names, &count, NULL), HF_OK);
    assert_int_equal(count, 1);
    assert_string_equal(names.ptr, "a.example");
}

static void files_that_are_none(void **unused)
{
    static const char *const texts[] = {
        "",
        "[]",
        "{}",
        "{\"name\":\"b.example\",\"account\":\"x\",\"names\":[\"a.example\"]}",
        "{\"name\":\"a.example\",\"account\":\"x\",\"names\":[]}",
        "{\"name\":\"a.example\",\"names\":[\"a.example\"]}",
    };
    struct hf_lineage lineage;
    char path[256];

    (void)unused;
    assert_int_equal(
        hf_lineage_read(state, HF_SPAN("a.example"), &lineage, NULL),
        HF_ENOTFOUND);
    (void)snprintf(path, sizeof(path), "%s/renewal", state);
    assert_int_equal(mkdir(path, 0700), 0);
    (void)snprintf(path, sizeof(path), "%s/renewal/a.example.json", state);
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
        size_t len = strlen(texts[i]);
        enum hf_err err;

        assert_int_equal(write(fd, texts[i], len), len);
        (void)close(fd);
        err = hf_lineage_read(state, HF_SPAN("a.example"), &lineage, NULL);
        assert_true(err == HF_ESYNTAX || err == HF_EINVAL);
    }
    assert_int_equal(chmod(path, 0640), 0);
    assert_int_equal(
        hf_lineage_read(state, HF_SPAN("a.example"), &lineage, NULL),
        HF_EINVAL);
}

/* What deploy hooks are owed to: the new one once it is live, and the old one
 * while that is, if it was. */
static void owed(void **unused)
{
    struct hf_lineage lineage = {0};

    (void)unused;
    assert_false(hf_lineage_owes(&lineage, HF_SPAN("1")));
    hf_lineage_owe(&lineage, HF_SPAN(""), HF_SPAN("1"));
    assert_true(hf_lineage_owes(&lineage, HF_SPAN("1")));
    assert_false(hf_lineage_owes(&lineage, HF_SPAN("2")));
    for (int again = 0; again < 3; again++) /* the installation fails */
        hf_lineage_owe(&lineage, HF_SPAN("1"), HF_SPAN("2"));
    assert_true(hf_lineage_owes(&lineage, HF_SPAN("1")));
    assert_true(hf_lineage_owes(&lineage, HF_SPAN("2")));
    hf_lineage_owe(&lineage, HF_SPAN("2"), HF_SPAN("3"));
    assert_false(hf_lineage_owes(&lineage, HF_SPAN("1")));
    lineage.undeployed_count = 0;
    hf_lineage_owe(&lineage, HF_SPAN("2"), HF_SPAN("3"));
    assert_false(hf_lineage_owes(&lineage, HF_SPAN("2")));
}

/* One account, as it was written before there could be several; and several. */
static void accounts(void **unused)
{
    struct hf_lineage lineage = {.name = HF_SPAN("a.example"),
                                 .account = HF_SPAN("second"),
                                 .accounts = {HF_SPAN("second")},
                                 .account_count = 1,
                                 .deploy_hook = HF_SPAN("a \"b\"\n"),
                                 .names = {HF_SPAN("a.example")},
                                 .name_count = 1};

    (void)unused;
    for (size_t count = 1; count <= 2; count++) {
        struct hf_lineage got;

        lineage.accounts[0] = HF_SPAN("first");
        lineage.accounts[count - 1] = HF_SPAN("second");
        lineage.account_count = count;
        lineage.undeployed[0] = HF_SPAN("0a");
        lineage.undeployed_count = count - 1;
        assert_int_equal(hf_lineage_write(state, &lineage, NULL), HF_OK);
        assert_int_equal(
            hf_lineage_read(state, HF_SPAN("a.example"), &got, NULL), HF_OK);
        assert_int_equal(got.account_count, count);
        assert_span_equal(got.account, HF_SPAN("second"));
        assert_span_equal(got.accounts[count - 1], HF_SPAN("second"));
        assert_span_equal(got.deploy_hook, lineage.deploy_hook);
        assert_int_equal(hf_lineage_owes(&got, HF_SPAN("0a")), count == 2);
        hf_lineage_clear(&got);
    }
}

static void names_of_folders(void **unused)
{
    static const char *const bad[] = {"",    ".",   "..",   ".x", "a/b",
                                      "a b", "a\n", "\x80", "*.a"};
    static char longest[130];

    (void)unused;
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        assert_false(hf_lineage_name_is_good(hf_span_str(bad[i])));
    memset(longest, 'a', sizeof(longest));
    assert_true(hf_lineage_name_is_good((struct hf_span){longest, 128}));
    assert_false(hf_lineage_name_is_good((struct hf_span){longest, 129}));
    assert_true(hf_lineage_name_is_good(HF_SPAN("xn--a-b_c.example")));
}

#define ON_DISK(test)                                                          \
    cmocka_unit_test_setup_teardown(test, make_state, remove_state)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_DISK(layout),
        ON_DISK(power_may_fail),
        ON_DISK(the_next_takes_its_place),
        ON_DISK(readers_see_one_of_them),
        ON_DISK(without_key),
        ON_DISK(after_a_crash),
        ON_DISK(renewal_files),
        ON_DISK(files_that_are_none),
        cmocka_unit_test(names_of_folders),
        cmocka_unit_test(owed),
        ON_DISK(accounts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
