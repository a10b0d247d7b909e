/* SPDX-License-Identifier: Apache-2.0 */
/* Ctrl-C asks once and then ends: each case in a process of its own. */
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "os/signals.h"
#include "tests/unit/unit.h"

static int ask_once(int number)
{
    hf_signals_watch();
    if (hf_signals_stop_wanted() || hf_signals_which() != 0)
        return 1;
    (void)raise(number);
    return hf_signals_stop_wanted() && hf_signals_which() == number ? 0 : 2;
}

/* One that serves goes on, and is told once for each time. */
static int ask_reload(int number)
{
    int before;

    hf_signals_watch();
    hf_signals_reload_on_hangup();
    before = hf_signals_take_reload();
    (void)raise(number);
    if (before || hf_signals_stop_wanted() || !hf_signals_take_reload())
        return 5;
    return hf_signals_take_reload() ? 6 : 0;
}

static int ask_twice(int number)
{
    int status = ask_once(number);

    (void)raise(number); /* in the same breath: as if sent once */
    (void)poll(NULL, 0, 150);
    (void)raise(number);
    return status + 100;
}

static int tidy_up(int number)
{
    int status = ask_once(number);

    hf_signals_tidy(true);
    if (hf_signals_stop_wanted() || hf_signals_which() != number)
        return 3;
    hf_signals_tidy(false);
    return hf_signals_stop_wanted() ? status : 4;
}

static int raise_pipe(int number)
{
    hf_signals_watch();
    (void)raise(number);
    return hf_signals_stop_wanted();
}

static int status_of(int (*child)(int), int number)
{
    int status = -1;
    pid_t pid = fork();

    assert_true(pid >= 0);
    if (pid == 0)
        _exit(child(number));
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return status;
}

static void asks_and_ends(void **state)
{
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(numbers); i++) {
        int status = status_of(ask_twice, numbers[i]);

        assert_int_equal(status_of(ask_once, numbers[i]), 0);
        assert_int_equal(status_of(tidy_up, numbers[i]), 0);
        assert_true(WIFSIGNALED(status));
        assert_int_equal(WTERMSIG(status), numbers[i]);
    }
}

static void hangup_asks_to_reload(void **state)
{
    (void)state;
    assert_int_equal(status_of(ask_reload, SIGHUP), 0);
}

static void closed_pipe_kills_nobody(void **state)
{
    (void)state;
    assert_int_equal(status_of(raise_pipe, SIGPIPE), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(asks_and_ends),
        cmocka_unit_test(hangup_asks_to_reload),
        cmocka_unit_test(closed_pipe_kills_nobody),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
