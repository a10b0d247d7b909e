/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the wall keeps in: each attempt is made in a process of its own, once
 * without the wall, where it must work, and once behind it.
 */
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wall_table),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
