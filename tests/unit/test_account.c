/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Accounts on disk: what is written is read again, what is hostile or torn is
 * refused with a sentence, and whatever call of the kernel or of the allocator
 * fails, or is the last thing the process does, account.json is the old one or
 * the new one. REQ CLI-23, CLI-39.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "client/account.h"
#include "os/file.h"
#include "tests/unit/scratch.h"
#include "tests/unit/unit.h"

#define T1 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaA"
#define T2 "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbA"
#define T3 "ccccccccccccccccccccccccccccccccccccccccccc"

/* ---- faults ---- */

enum fault { NO_FAULT, FAIL_EIO, FAIL_ENOSPC, KILL };

static struct {
    enum fault fault;
    int at;    /* which call, from 1 */
    int calls; /* so far */
} faults;

static void arm(enum fault fault, int at)
{
    faults.fault = fault;
    faults.at = at;
    faults.calls = 0;
}

static bool must_fail(void)
{
    if (faults.fault == NO_FAULT || ++faults.calls != faults.at)
        return false;
    if (faults.fault == KILL)
        (void)kill(getpid(), SIGKILL);
    errno = faults.fault == FAIL_EIO ? EIO : ENOSPC;
    return true;
}

/* The linker gives the real functions these names (--wrap). */
int __real_fsync(int fd);
ssize_t __real_write(int fd, const void *from, size_t len);
int __real_renameat(int old_dir, const char *old, int new_dir, const char *new);
int __wrap_fsync(int fd);
ssize_t __wrap_write(int fd, const void *from, size_t len);
int __wrap_renameat(int old_dir, const char *old, int new_dir, const char *new);

int __wrap_fsync(int fd)
{
    return must_fail() ? -1 : __real_fsync(fd);
}

ssize_t __wrap_write(int fd, const void *from, size_t len)
{
    return must_fail() ? -1 : __real_write(fd, from, len);
}

int __wrap_renameat(int old_dir, const char *old, int new_dir, const char *new)
{
    return must_fail() ? -1 : __real_renameat(old_dir, old, new_dir, new);
}

/* ---- a state folder of our own ---- */

static char state[SCRATCH_MAX];
static char folder[PATH_MAX];

static const char *path_in(const char *where, const char *name)
{
    static char path[PATH_MAX + 64];

    (void)snprintf(path, sizeof(path), "%s/%s", where, name);
    return path;
}

static size_t count_in(const char *where)
{
    DIR *dir = opendir(where);
    size_t count = 0;

    if (dir == NULL)
        return 0;
    while (readdir(dir) != NULL)
        count++;
    (void)closedir(dir);
    return count - 2;
}

static int set_up(void **unused)
{
    (void)unused;
    return scratch_make(state) != 0 ||
           hf_account_folder(state, HF_SPAN("one"), folder, sizeof(folder),
                             NULL) != HF_OK;
}

static int tear_down(void **unused)
{
    (void)unused;
    return scratch_remove(state);
}

static int each(void **unused)
{
    (void)unused;
    arm(NO_FAULT, 0);
    return scratch_empty(state);
}

static void put(const char *text, mode_t mode)
{
    const char *path = path_in(folder, "account.json");

    assert_int_equal(hf_file_replace_path(path, hf_span_str(text), NULL),
                     HF_OK);
    assert_int_equal(chmod(path, mode), 0);
}

static struct hf_account_file sample(void)
{
    return (struct hf_account_file){
        .ca = HF_SPAN("example"),
        .directory = HF_SPAN("https://ca.example/dir"),
        .url = HF_SPAN("https://ca.example/acct/1"),
        .status = HF_SPAN("valid"),
        .contact = HF_SPAN("mailto:\"a b\"@example.com"),
        .eab_kid = HF_SPAN("kid"),
        .thumbprint = HF_SPAN(T1),
        .next = HF_SPAN(T2),
        .prior = {HF_SPAN(T3), HF_SPAN(T2)},
        .prior_count = 2,
        .plaintext = true,
        .passphrase = {HF_SPAN("/a/schl\xc3\xbcssel"), HF_SPAN("cred"),
                       HF_SPAN("cmd")},
        .next_plaintext = true,
        .next_passphrase = {HF_SPAN("/b"), HF_SPAN("cred2"), HF_SPAN("cmd2")},
        .tcti = HF_SPAN("device:/dev/tpmrm0"),
        .holes = {HF_SPAN("network"), HF_SPAN("/var/lib/softhsm")},
        .hole_count = 2,
        .created_at = 1,
        .checked_at = 2,
        .keyed_at = 3,
    };
}

/* ---- names ---- */

static void test_names(void **unused)
{
    static const char *const good[] = {"a", "default", "A-b_c.d", "9"};
    static const char *const bad[] = {"",    ".",   "..", ".a", "a/b",
                                      "a b", "a\n", "é",  "a*"};
    char long_name[HF_ACCOUNT_NAME_MAX + 1];
    char room[16];

    (void)unused;
    for (size_t i = 0; i < COUNT_OF(good); i++)
        assert_true(hf_account_name_is_good(hf_span_str(good[i])));
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        assert_false(hf_account_name_is_good(hf_span_str(bad[i])));
        assert_int_equal(hf_account_folder(state, hf_span_str(bad[i]), folder,
                                           sizeof(folder), NULL),
                         HF_EINVAL);
    }
    memset(long_name, 'a', sizeof(long_name));
    assert_true(hf_account_name_is_good(
        (struct hf_span){long_name, HF_ACCOUNT_NAME_MAX}));
    assert_false(hf_account_name_is_good(
        (struct hf_span){long_name, sizeof(long_name)}));
    assert_int_equal(
        hf_account_folder(state, HF_SPAN("one"), room, sizeof(room), NULL),
        HF_ELIMIT);
}

static void test_list(void **unused)
{
    static const char want[] = "a\0b\0z";
    struct hf_account_file account = sample();
    struct hf_buf names;
    char path[PATH_MAX];
    size_t count;

    (void)unused;
    hf_buf_init_grow(&names, 4096);
    assert_int_equal(hf_account_names(state, &names, &count, NULL), HF_OK);
    assert_int_equal(count, 0);
    for (const char *name = "zab"; *name != '\0'; name++) {
        assert_int_equal(hf_account_folder(state, (struct hf_span){name, 1},
                                           path, sizeof(path), NULL),
                         HF_OK);
        assert_int_equal(hf_account_file_write(path, &account, NULL), HF_OK);
    }
    (void)snprintf(path, sizeof(path), "%s/accounts/file", state);
    assert_int_equal(hf_file_replace_path(path, HF_SPAN("x"), NULL), HF_OK);
    assert_int_equal(hf_account_names(state, &names, &count, NULL), HF_OK);
    assert_int_equal(count, 3);
    assert_span_equal(hf_buf_span(&names),
                      ((struct hf_span){want, sizeof(want)}));
    hf_buf_clear(&names);
    hf_buf_init(&names, path, 3);
    assert_int_equal(hf_account_names(state, &names, &count, NULL), HF_ELIMIT);
}

/* ---- account.json ---- */

static void test_round_trip(void **unused)
{
    struct hf_account_file want = sample();
    struct hf_account_file got;
    struct stat about;

    (void)unused;
    assert_int_equal(hf_account_file_read(folder, &got, NULL), HF_ENOTFOUND);
    assert_int_equal(hf_account_file_write(folder, &want, NULL), HF_OK);
    assert_int_equal(hf_account_file_read(folder, &got, NULL), HF_OK);
    assert_span_equal(got.name, HF_SPAN("one"));
    assert_span_equal(got.ca, want.ca);
    assert_span_equal(got.directory, want.directory);
    assert_span_equal(got.url, want.url);
    assert_span_equal(got.status, want.status);
    assert_span_equal(got.contact, want.contact);
    assert_span_equal(got.eab_kid, want.eab_kid);
    assert_span_equal(got.thumbprint, want.thumbprint);
    assert_span_equal(got.next, want.next);
    assert_int_equal(got.prior_count, 2);
    assert_span_equal(got.prior[0], want.prior[0]);
    assert_span_equal(got.prior[1], want.prior[1]);
    assert_true(got.plaintext);
    assert_span_equal(got.passphrase.file, want.passphrase.file);
    assert_span_equal(got.passphrase.credential, want.passphrase.credential);
    assert_span_equal(got.passphrase.command, want.passphrase.command);
    assert_true(got.next_plaintext);
    assert_span_equal(got.next_passphrase.file, want.next_passphrase.file);
    assert_span_equal(got.next_passphrase.credential,
                      want.next_passphrase.credential);
    assert_span_equal(got.next_passphrase.command,
                      want.next_passphrase.command);
    assert_span_equal(got.tcti, want.tcti);
    assert_int_equal(got.hole_count, 2);
    assert_span_equal(got.holes[0], want.holes[0]);
    assert_span_equal(got.holes[1], want.holes[1]);
    assert_int_equal(got.created_at, 1);
    assert_int_equal(got.checked_at, 2);
    assert_int_equal(got.keyed_at, 3);
    hf_account_file_clear(&got);
    assert_int_equal(stat(folder, &about), 0);
    assert_int_equal(about.st_mode & 07777, 0700);
    assert_int_equal(stat(path_in(folder, "account.json"), &about), 0);
    assert_int_equal(about.st_mode & 07777, 0600);
}

#define URLS "\"directory\":\"https://a/d\",\"url\":\"https://a/1\","

static void test_hostile(void **unused)
{
    static const struct {
        const char *text;
        enum hf_err err;
    } cases[] = {
        {"", HF_ESYNTAX},
        {"{", HF_ESYNTAX},
        {"[]", HF_ESYNTAX},
        {"null", HF_ESYNTAX},
        {"{" URLS "\"thumbprint\":\"" T1 "\"} x", HF_ESYNTAX},
        {"{" URLS "\"thumbprint\":\"" T1 "\",\"url\":\"twice\"}", HF_ESYNTAX},
        {"{" URLS "\"thumbprint\":\"\xff\"}", HF_ESYNTAX},
        {"{}", HF_EINVAL},
        {"{" URLS "\"status\":\"valid\"}", HF_EINVAL},
        {"{\"thumbprint\":\"" T1 "\"}", HF_EINVAL},
        {"{" URLS "\"thumbprint\":1}", HF_EINVAL},
        {"{" URLS "\"thumbprint\":\"../../etc/passwd\"}", HF_EINVAL},
        {"{" URLS "\"thumbprint\":\"" T1 "\",\"next\":\"../x\"}", HF_EINVAL},
        {"{" URLS "\"thumbprint\":\"" T1 "\",\"next\":\"" T1 "\"}", HF_EINVAL},
        {"{" URLS "\"thumbprint\":\"" T1 "\"}", HF_OK},
        {"{" URLS "\"thumbprint\":\"" T1 "\",\"next\":7,\"prior\":{},"
         "\"createdAt\":\"x\",\"plaintext\":1,\"contact\":[]}",
         HF_OK},
        {"{" URLS "\"thumbprint\":\"" T1 "\",\"prior\":[1,null,\"\",\"../x\","
         "[],\"" T2 "\"]}",
         HF_OK},
    };
    struct hf_account_file got;

    (void)unused;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct hf_why why = {0};

        assert_int_equal(
            hf_account_key_write(folder, HF_SPAN("x"), HF_SPAN("x"), NULL),
            HF_OK); /* makes the folder */
        put(cases[i].text, 0600);
        assert_int_equal(hf_account_file_read(folder, &got, &why),
                         cases[i].err);
        assert_int_equal(why.text == NULL, cases[i].err == HF_OK);
        if (cases[i].err != HF_OK)
            continue;
        assert_int_equal(got.prior_count, strstr(cases[i].text, T2) != NULL);
        assert_int_equal(got.next.len, 0);
        assert_false(got.plaintext);
        hf_account_file_clear(&got);
    }
}

static void test_limits(void **unused)
{
    struct hf_account_file account = sample();
    struct hf_account_file got;
    char *text = hf_alloc(1, 70000);

    (void)unused;
    assert_non_null(text);
    memset(text, ' ', 69999);
    for (size_t i = 0; i < HF_ACCOUNT_PRIOR_MAX; i++)
        account.prior[i] = HF_SPAN(T3);
    account.prior_count = HF_ACCOUNT_PRIOR_MAX;
    assert_int_equal(hf_account_file_write(folder, &account, NULL), HF_OK);
    assert_int_equal(hf_account_file_read(folder, &got, NULL), HF_OK);
    assert_int_equal(got.prior_count, HF_ACCOUNT_PRIOR_MAX);
    hf_account_file_clear(&got);
    account.passphrase.file = HF_SPAN("/a/\xff");
    assert_int_equal(hf_account_file_write(folder, &account, NULL), HF_EINVAL);
    account.passphrase.file = (struct hf_span){0};
    account.contact = (struct hf_span){text, 69999};
    assert_int_equal(hf_account_file_write(folder, &account, NULL), HF_ELIMIT);
    put(text, 0600);
    assert_int_equal(hf_account_file_read(folder, &got, NULL), HF_ELIMIT);
    hf_free(text);
}

/* REQ CLI-23 */
static void test_private(void **unused)
{
    static const mode_t modes[] = {0640, 0620, 0604, 0602, 0601, 0666};
    struct hf_account_file account = sample();
    struct hf_account_file got;
    char room[64];
    struct hf_buf pem;

    (void)unused;
    hf_buf_init(&pem, room, sizeof(room));
    assert_int_equal(hf_account_file_write(folder, &account, NULL), HF_OK);
    assert_int_equal(
        hf_account_key_write(folder, HF_SPAN(T1), HF_SPAN("key"), NULL), HF_OK);
    for (size_t i = 0; i < COUNT_OF(modes); i++) {
        assert_int_equal(chmod(path_in(folder, "account.json"), modes[i]), 0);
        assert_int_equal(hf_account_file_read(folder, &got, NULL), HF_EINVAL);
        assert_int_equal(chmod(path_in(folder, "key-" T1 ".pem"), modes[i]), 0);
        assert_int_equal(hf_account_key_read(folder, HF_SPAN(T1), &pem, NULL),
                         HF_EINVAL);
        assert_int_equal(pem.len, 0);
    }
    assert_int_equal(chmod(path_in(folder, "key-" T1 ".pem"), 0400), 0);
    assert_int_equal(hf_account_key_read(folder, HF_SPAN(T1), &pem, NULL),
                     HF_OK);
    assert_span_equal(hf_buf_span(&pem), HF_SPAN("key"));
}

/* ---- keys ---- */

static void test_sweep(void **unused)
{
    static const char *const others[] = {
        ("key-" T2 ".pem"),      ("key-new.pem"),
        (".key-" T1 ".pem.new"), ("key-" T1 ".pem.orig"),
        (".key-" T2 ".pem.new"), ("key-" T1),
    };
    struct hf_account_file account = sample();

    (void)unused;
    assert_int_equal(hf_account_keys_sweep(folder, HF_SPAN(T1), NULL),
                     HF_ENOTFOUND);
    assert_int_equal(hf_account_file_write(folder, &account, NULL), HF_OK);
    assert_int_equal(
        hf_account_key_write(folder, HF_SPAN(T1), HF_SPAN("key"), NULL), HF_OK);
    for (size_t i = 0; i < COUNT_OF(others); i++)
        assert_int_equal(hf_file_replace_path(path_in(folder, others[i]),
                                              HF_SPAN("x"), NULL),
                         HF_OK);
    assert_int_equal(count_in(folder), 2 + COUNT_OF(others));
    assert_int_equal(hf_account_keys_sweep(folder, HF_SPAN(T1), NULL), HF_OK);
    assert_int_equal(count_in(folder), 2);
    assert_int_equal(access(path_in(folder, "key-" T1 ".pem"), F_OK), 0);
    assert_int_equal(access(path_in(folder, "account.json"), F_OK), 0);
}

/* ---- what may fail ---- */

/* The file is the old one or the new one, and then nothing else is there. */
static bool read_status(struct hf_span want)
{
    struct hf_account_file got;
    bool same;

    assert_int_equal(hf_account_file_read(folder, &got, NULL), HF_OK);
    same = hf_span_eq(got.status, want);
    hf_account_file_clear(&got);
    return same;
}

static bool write_at(enum fault fault, int at)
{
    struct hf_account_file account = sample();
    int status = -1;
    pid_t pid;

    account.status = HF_SPAN("new");
    pid = fork();
    if (pid == 0) {
        arm(fault, at);
        _exit(hf_account_file_write(folder, &account, NULL) == HF_OK ? 0 : 1);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static void test_faults(void **unused)
{
    static const enum fault kinds[] = {FAIL_EIO, FAIL_ENOSPC, KILL};
    struct hf_account_file account = sample();

    (void)unused;
    account.status = HF_SPAN("old");
    for (size_t i = 0; i < COUNT_OF(kinds); i++) {
        int at = 0;
        bool done = false;

        while (!done) {
            assert_int_equal(hf_account_file_write(folder, &account, NULL),
                             HF_OK);
            done = write_at(kinds[i], ++at);
            assert_true(read_status(HF_SPAN("new")) ||
                        (!done && read_status(HF_SPAN("old"))));
            if (kinds[i] != KILL)
                assert_int_equal(count_in(folder), 1);
        }
        assert_int_equal(at, 5); /* write, fsync, rename, fsync; and through */
    }
}

/* Where a key is, as its file says. */
static void test_key_place(void **unused)
{
    struct hf_key_place place;
    char room[2048];
    struct hf_buf pem;

    (void)unused;
    hf_buf_init(&pem, room, sizeof(room));
    assert_int_equal(hf_account_key_place(folder, HF_SPAN(T1), &place, NULL),
                     HF_ENOTFOUND);
    assert_int_equal(
        hf_key_note_write_uri(HF_SPAN("pkcs11:object=a"), &pem, NULL), HF_OK);
    assert_int_equal(
        hf_account_key_write(folder, HF_SPAN(T1), hf_buf_span(&pem), NULL),
        HF_OK);
    assert_int_equal(hf_account_key_place(folder, HF_SPAN(T1), &place, NULL),
                     HF_OK);
    assert_int_equal(place.home, HF_HOME_PKCS11);
    assert_string_equal(place.uri, "pkcs11:object=a");
    assert_false(place.plain);
    pem.len /= 2;
    assert_int_equal(
        hf_account_key_write(folder, HF_SPAN(T2), hf_buf_span(&pem), NULL),
        HF_OK);
    assert_int_equal(hf_account_key_place(folder, HF_SPAN(T2), &place, NULL),
                     HF_ESYNTAX);
    assert_int_equal(hf_account_key_write(folder, HF_SPAN(T3),
                                          HF_SPAN("-----BEGIN PRIVATE KEY"),
                                          NULL),
                     HF_OK);
    assert_int_equal(hf_account_key_place(folder, HF_SPAN(T3), &place, NULL),
                     HF_OK);
    assert_int_equal(place.home, HF_HOME_FILE);
    assert_true(place.plain);
    assert_string_equal(place.uri, "");
}

static void test_allocation(void **unused)
{
    struct hf_account_file account = sample();
    struct hf_account_file got;
    enum hf_err err = HF_ENOMEM;
    long n;

    (void)unused;
    for (n = 0; err != HF_OK; n++) {
        hf_alloc_fail_after(n, true);
        err = hf_account_file_write(folder, &account, NULL);
        hf_alloc_fail_after(-1, false);
        assert_true(err == HF_OK || err == HF_ENOMEM || err == HF_ELIMIT);
        assert_int_equal(access(path_in(folder, "account.json"), F_OK) == 0,
                         err == HF_OK);
    }
    err = HF_ENOMEM;
    for (n = 0; err != HF_OK; n++) {
        hf_alloc_fail_after(n, true);
        err = hf_account_file_read(folder, &got, NULL);
        hf_alloc_fail_after(-1, false);
        assert_true(err == HF_OK || err == HF_ENOMEM || err == HF_ESYNTAX);
    }
    assert_true(n > 1);
    hf_account_file_clear(&got);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_list, each),
        cmocka_unit_test_setup(test_round_trip, each),
        cmocka_unit_test_setup(test_hostile, each),
        cmocka_unit_test_setup(test_limits, each),
        cmocka_unit_test_setup(test_private, each),
        cmocka_unit_test_setup(test_sweep, each),
        cmocka_unit_test_setup(test_faults, each),
        cmocka_unit_test_setup(test_key_place, each),
        cmocka_unit_test_setup(test_allocation, each),
        cmocka_unit_test_setup(test_names, each),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
