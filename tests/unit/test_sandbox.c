/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the wall keeps in: each attempt is made in a process of its own, once
 * without the wall, where it must work, and once behind it.
 */
#include <pthread.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "os/sandbox.h"
#include "tests/unit/climb.h"
#include "tests/unit/unit.h"

enum { NO_WALL = -1 };

/* What gets over this wall, in a child. */
static unsigned attempt(int needs)
{
    unsigned over = 0;
    int ends[2];
    int status = 0;
    pid_t pid;

    assert_int_equal(pipe(ends), 0);
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        if (needs != NO_WALL &&
            hf_sandbox_enter((unsigned)needs, NULL) != HF_OK)
            _exit(99);
        over = climb_all();
        _exit(write(ends[1], &over, sizeof(over)) == sizeof(over) ? 0 : 98);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    assert_int_equal(read(ends[0], &over, sizeof(over)), sizeof(over));
    (void)close(ends[0]);
    (void)close(ends[1]);
    return over;
}

static const struct {
    const char *name;
    int needs;
    unsigned over;
} cases[] = {
    {"no wall", NO_WALL, CLIMB_ALL},
    {"nothing", 0, 0},
    {"network", HF_SANDBOX_NETWORK, CLIMB_NETWORK},
    {"local", HF_SANDBOX_LOCAL | HF_SANDBOX_THREADS, CLIMB_UNIX_SOCKET},
    {"accept", HF_SANDBOX_ACCEPT, 0}, /* only on what listens already */
};

static void wall_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        unsigned over = attempt(cases[i].needs);

        for (size_t j = 0; j < COUNT_OF(climbs); j++)
            if (((over ^ cases[i].over) & climbs[j].bit) != 0)
                fail_msg("%s: %s", cases[i].name, climbs[j].name);
    }
}

/* ---- one attempt ---- */

static void *nothing(void *state)
{
    return state;
}

static bool can_start_thread(void)
{
    pthread_t thread;

    return pthread_create(&thread, NULL, nothing, NULL) == 0 &&
           pthread_join(thread, NULL) == 0;
}

static bool can_listen_locally(void)
{
    struct sockaddr any = {.sa_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    return fd >= 0 && bind(fd, &any, sizeof(any.sa_family)) == 0 &&
           listen(fd, 1) == 0;
}

/* Does it work, in a child, behind a wall with these holes? */
static bool works(bool (*can)(void), unsigned needs, const char *const *paths,
                  size_t count)
{
    int status = 0;
    pid_t pid = fork();

    assert_true(pid >= 0);
    if (pid == 0) {
        if (hf_sandbox_enter_with(needs, paths, count, NULL) != HF_OK)
            _exit(99);
        _exit(can() ? 1 : 0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) != 99);
    return WEXITSTATUS(status) == 1;
}

static void local(void **state)
{
    const unsigned needs = HF_SANDBOX_LOCAL | HF_SANDBOX_THREADS;

    (void)state;
    assert_true(works(can_start_thread, needs, NULL, 0));
    assert_false(works(can_start_thread, HF_SANDBOX_LOCAL, NULL, 0));
    assert_false(works(can_listen_locally, needs, NULL, 0));
}

/* ---- holes ---- */

static char hole[] = "/tmp/holdfast-hole-XXXXXX";

static bool can_write_in_hole(void)
{
    int fd = open(hole, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

    return fd >= 0 && write(fd, "x", 1) == 1 && fsync(fd) == 0;
}

static bool can_change_modes(void)
{
    return chmod(hole, 0755) == 0;
}

static bool can_read_group(void)
{
    return open("/etc/group", O_RDONLY | O_CLOEXEC) >= 0;
}

static void holes(void **state)
{
    const char *const paths[] = {hole, "/etc/passwd"};
    static const char *const nowhere[] = {"/no/such/path"};
    const struct {
        bool (*can)(void);
        bool works;
    } rows[] = {
        {can_write_in_hole, true}, {climb_write_file, false},
        {can_change_modes, false}, {climb_read_file, true},
        {can_read_group, false},   {climb_execute, false},
        {climb_network, false},    {climb_fork, false},
    };

    (void)state;
    assert_non_null(mkdtemp(hole));
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (works(rows[i].can, 0, paths, COUNT_OF(paths)) != rows[i].works)
            fail_msg("%zu", i);
    assert_int_equal(rmdir(hole), 0);
    /* Nothing was walled in yet when a path is not there. */
    assert_int_equal(hf_sandbox_enter_with(0, nowhere, 1, NULL), HF_ENOTFOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wall_table),
        cmocka_unit_test(local),
        cmocka_unit_test(holes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
