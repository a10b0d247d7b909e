/* SPDX-License-Identifier: Apache-2.0 */
/* One process at a time, and who it is; also when it dies. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "os/clock.h"
#include "os/lock.h"
#include "tests/unit/unit.h"

static char path[] = "/tmp/hf-lock-XXXXXX";

static int set_up(void **unused)
{
    int fd = mkstemp(path);

    (void)unused;
    /* More than a pid is long: what an earlier holder wrote does not stay. */
    return fd < 0 || write(fd, "123456789012345678\n", 19) != 19 || close(fd);
}

static int tear_down(void **unused)
{
    (void)unused;
    return unlink(path);
}

/* A process that has the lock until it is killed. */
static pid_t hold(void)
{
    struct hf_lock lock = {0};
    int64_t holder;
    int pair[2];
    char c = 0;
    pid_t pid;

    assert_int_equal(pipe(pair), 0);
    pid = fork();
    if (pid == 0) {
        if (hf_lock_take(path, 0, &lock, &holder, NULL) == HF_OK && lock.held)
            (void)!write(pair[1], "x", 1);
        (void)pause();
        _exit(1);
    }
    assert_int_equal(read(pair[0], &c, 1), 1);
    (void)close(pair[0]);
    (void)close(pair[1]);
    return pid;
}

static void end(pid_t pid)
{
    (void)kill(pid, SIGKILL);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void test_nobody(void **unused)
{
    struct hf_lock lock = {0};
    int64_t holder = 7;
    char room[32] = {0};
    int fd;

    (void)unused;
    hf_lock_drop(&lock); /* harmless */
    assert_int_equal(hf_lock_take(path, 0, &lock, &holder, NULL), HF_OK);
    assert_true(lock.held);
    assert_int_equal(holder, 0);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    assert_true(read(fd, room, sizeof(room) - 1) > 0);
    (void)close(fd);
    assert_int_equal(strtol(room, NULL, 10), getpid());
    assert_int_equal(strlen(room), strcspn(room, "\n") + 1);
    hf_lock_drop(&lock);
    assert_false(lock.held);
    assert_int_equal(hf_lock_take("/nowhere/lock", 0, &lock, &holder, NULL),
                     HF_ENOTFOUND);
    assert_false(lock.held);
}

static void test_held(void **unused)
{
    struct hf_lock lock = {0};
    int64_t begin_ms = hf_clock_ms();
    pid_t pid = hold();
    int64_t holder;

    (void)unused;
    assert_int_equal(hf_lock_take(path, 60, &lock, &holder, NULL), HF_OK);
    assert_false(lock.held);
    assert_int_equal(holder, pid);
    assert_true(hf_clock_ms() - begin_ms >= 60);
    end(pid);
    assert_int_equal(hf_lock_take(path, 0, &lock, &holder, NULL), HF_OK);
    assert_true(lock.held);
    hf_lock_drop(&lock);
}

/* It is let go of while we wait. */
static void test_wait(void **unused)
{
    struct hf_lock lock = {0};
    pid_t pid = hold();
    pid_t killer = fork();
    int64_t holder;

    (void)unused;
    if (killer == 0) {
        (void)usleep(50000);
        (void)kill(pid, SIGKILL);
        _exit(0);
    }
    assert_int_equal(hf_lock_take(path, 20000, &lock, &holder, NULL), HF_OK);
    assert_true(lock.held);
    hf_lock_drop(&lock);
    assert_int_equal(waitpid(killer, NULL, 0), killer);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
}

/* Where a link leads may be somebody else's file. */
static void test_link(void **unused)
{
    struct hf_lock lock = {0};
    char link[64];
    int64_t holder;

    (void)unused;
    (void)snprintf(link, sizeof(link), "%s.link", path);
    assert_int_equal(symlink(path, link), 0);
    assert_int_equal(hf_lock_take(link, 0, &lock, &holder, NULL), HF_ESYSTEM);
    assert_false(lock.held);
    assert_int_equal(unlink(link), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nobody),
        cmocka_unit_test(test_held),
        cmocka_unit_test(test_wait),
        cmocka_unit_test(test_link),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
