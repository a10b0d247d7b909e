/* SPDX-License-Identifier: Apache-2.0 */
/* What a service manager is told, at a real socket of it: a path, and an
 * abstract name; and behind a fence. */
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "os/clock.h"
#include "os/fence.h"
#include "os/notify.h"
#include "tests/unit/scratch.h"
#include "tests/unit/unit.h"

static char folder[SCRATCH_MAX];
static char heard[4096];

static int set_up(void **state)
{
    (void)state;
    return scratch_make(folder);
}

static int tear_down(void **state)
{
    (void)state;
    return scratch_remove(folder);
}

/* A manager at this address, as the environment would have it. */
static int listen_at(const char *name)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    size_t len = strlen(name);
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    memcpy(at.sun_path, name, len);
    if (name[0] == '@')
        at.sun_path[0] = '\0';
    assert_true(fd >= 0);
    assert_int_equal(
        bind(fd, (struct sockaddr *)&at,
             (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)),
        0);
    return fd;
}

static bool hears(int fd)
{
    ssize_t n = recv(fd, heard, sizeof(heard) - 1, 0);

    heard[n > 0 ? n : 0] = '\0';
    return n > 0;
}

static void expect(int fd, const char *text)
{
    assert_true(hears(fd));
    assert_string_equal(heard, text);
}

static void open_at(const char *name, const char *us, struct hf_notify *out)
{
    const struct hf_notify_wish wish = {.socket = name, .watchdog_us = us};
    struct hf_why why = {0};

    if (hf_notify_open(&wish, out, &why) != HF_OK)
        fail_msg("%s", why.text);
}

static void says_all(const char *name)
{
    struct hf_notify notify;
    int fd = listen_at(name);
    long long at = 0;
    char end;

    open_at(name, NULL, &notify);
    hf_notify_ready(&notify, HF_SPAN("serving x\nREADY=0"));
    expect(fd, "READY=1\nSTATUS=serving x\\010READY=0");
    hf_notify_reloading(&notify);
    assert_true(hears(fd));
    assert_int_equal(
        sscanf(heard, "RELOADING=1\nMONOTONIC_USEC=%lld%c", &at, &end), 1);
    assert_in_range(at, 1, hf_clock_ns() / 1000);
    hf_notify_stopping(&notify, HF_SPAN("waiting"));
    expect(fd, "STOPPING=1\nSTATUS=waiting");
    hf_notify_alive(&notify); /* nobody asked for it */
    assert_false(hears(fd));
    (void)close(fd); /* nobody listens any more */
    hf_notify_ready(&notify, HF_SPAN(""));
    hf_notify_close(&notify);
}

static void at_a_path(void **state)
{
    char path[SCRATCH_MAX + 16];

    (void)state;
    (void)snprintf(path, sizeof(path), "%s/notify", folder);
    says_all(path);
}

static void at_an_abstract_name(void **state)
{
    char name[64];

    (void)state;
    (void)snprintf(name, sizeof(name), "@holdfast-test-%d", (int)getpid());
    says_all(name);
}

static void the_longest_status(void **state)
{
    char path[SCRATCH_MAX + 16];
    char status[5000];
    struct hf_notify notify;
    int fd;

    (void)state;
    (void)snprintf(path, sizeof(path), "%s/notify", folder);
    fd = listen_at(path);
    open_at(path, NULL, &notify);
    memset(status, 1, sizeof(status));
    hf_notify_ready(&notify, (struct hf_span){status, sizeof(status)});
    assert_true(hears(fd));
    assert_int_equal(strlen(heard), sizeof("READY=1\nSTATUS=...") - 1 + 1600);
    hf_notify_close(&notify);
    (void)close(fd);
}

static void watchdog(void **state)
{
    char path[SCRATCH_MAX + 16];
    char pid[24];
    struct hf_notify_wish wish = {.watchdog_us = "1000", .watchdog_pid = pid};
    struct hf_notify notify;
    int fd;

    (void)state;
    (void)snprintf(path, sizeof(path), "%s/notify", folder);
    fd = listen_at(path);
    open_at(path, "3600000000", &notify); /* an hour */
    assert_int_equal(notify.every_ms, 1800000);
    hf_notify_alive(&notify);
    expect(fd, "WATCHDOG=1");
    hf_notify_alive(&notify);
    assert_false(hears(fd));
    notify.next_ms = hf_clock_ms();
    hf_notify_alive(&notify);
    expect(fd, "WATCHDOG=1");
    hf_notify_close(&notify);
    /* It may be for another process. */
    wish.socket = path;
    (void)snprintf(pid, sizeof(pid), "%d", (int)getpid() + 1);
    assert_int_equal(hf_notify_open(&wish, &notify, NULL), HF_OK);
    hf_notify_alive(&notify);
    assert_false(hears(fd));
    hf_notify_close(&notify);
    (void)snprintf(pid, sizeof(pid), "%d", (int)getpid());
    assert_int_equal(hf_notify_open(&wish, &notify, NULL), HF_OK);
    assert_int_equal(notify.every_ms, 1);
    hf_notify_close(&notify);
    (void)close(fd);
}

static void what_is_none(void **state)
{
    static const struct hf_notify_wish bad[] = {
        {.socket = "vsock:2:1"},
        {.socket = "@"},
        {.socket = ""},
        {.socket = "/nowhere/at/all"},
        {.socket = "/dev/null", .watchdog_us = "1s"},
        {.socket = "/dev/null", .watchdog_us = ""},
        {.socket = "/dev/null", .watchdog_us = "0"},
        {.socket = "/dev/null", .watchdog_us = "1", .watchdog_pid = "x"},
        {.socket = "/12345678901234567890123456789012345678901234567890123456"
                   "7890123456789012345678901234567890123456789012345678901"},
    };
    const struct hf_notify_wish none = {.watchdog_us = "1000"};
    struct hf_notify notify = {0};
    struct hf_why why;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        why = (struct hf_why){0};
        if (hf_notify_open(&bad[i], &notify, &why) == HF_OK || why.text == NULL)
            fail_msg("%s", bad[i].socket);
    }
    assert_false(notify.is_open);
    assert_int_equal(hf_notify_open(&none, &notify, NULL), HF_OK);
    hf_notify_ready(&notify, HF_SPAN(""));
    hf_notify_alive(&notify);
    hf_notify_close(&notify);
}

/* Connected before, it speaks behind a fence. */
static void behind_a_fence(void **state)
{
    const struct hf_fence fence = {0};
    char path[SCRATCH_MAX + 16];
    struct hf_notify notify;
    int status = 0;
    int fd;
    pid_t pid;

    (void)state;
    (void)snprintf(path, sizeof(path), "%s/notify", folder);
    fd = listen_at(path);
    open_at(path, NULL, &notify);
    pid = fork();
    if (pid == 0) {
        struct hf_why why = {0};

        if (hf_fence_enter(&fence, &why) != HF_OK)
            _exit(77);
        hf_notify_ready(&notify, HF_SPAN("behind it"));
        _exit(0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == 77)
        skip();
    expect(fd, "READY=1\nSTATUS=behind it");
    hf_notify_close(&notify);
    (void)close(fd);
}

static void sockets(void **state)
{
    static const struct {
        const char *count;
        const char *pid; /* NULL: ours */
        enum hf_err err;
        int handed;
    } rows[] = {
        {NULL, NULL, HF_OK, 0},     {"0", NULL, HF_OK, 0},
        {"1", NULL, HF_OK, 1},      {"1", "1", HF_OK, 0},
        {"17", NULL, HF_ELIMIT, 0}, {"16", NULL, HF_ESYSTEM, 0},
        {"-1", NULL, HF_EINVAL, 0}, {"", NULL, HF_EINVAL, 0},
        {"1", "one", HF_EINVAL, 0}, {"1x", NULL, HF_EINVAL, 0},
    };
    char own[32];

    (void)state;
    (void)snprintf(own, sizeof(own), "%d", (int)getpid());
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const char *pid = rows[i].pid == NULL ? own : rows[i].pid;
        struct hf_handed handed = {-1, -1};

        (void)dup2(STDIN_FILENO, 3);
        for (int fd = 4; fd < 32; fd++)
            (void)close(fd);
        assert_int_equal(hf_handed_find(rows[i].count, pid, &handed, NULL),
                         rows[i].err);
        assert_int_equal(handed.count, rows[i].handed);
        assert_int_equal(handed.first, 3);
        assert_int_equal(
            fcntl(3, F_GETFD),
            rows[i].handed > 0 || rows[i].err == HF_ESYSTEM ? FD_CLOEXEC : 0);
        assert_int_equal(hf_handed_find(rows[i].count, NULL, &handed, NULL),
                         HF_OK);
        assert_int_equal(handed.count, 0);
    }
    (void)close(3);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(at_a_path), TEST(at_an_abstract_name), TEST(the_longest_status),
        TEST(watchdog),  TEST(what_is_none),        TEST(behind_a_fence),
        TEST(sockets),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
