/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each filter counts in a process of its own, which says what became of a call.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "os/calls.h"
#include "tests/unit/unit.h"

#define KILLED 255

typedef void rules_fn(struct hf_calls *calls);
typedef long attempt_fn(void);

static const int getppids[] = {SYS_getppid};
static const int sockets[] = {SYS_socket};

/* The first rule that a call meets decides. */
static void first_counts(struct hf_calls *calls)
{
    hf_calls_add(calls, getppids, 1, HF_CALLS_REFUSE(EXDEV));
    hf_calls_add(calls, getppids, 1, HF_CALLS_REFUSE(ENOSYS));
}

static void only_inet(struct hf_calls *calls)
{
    const struct hf_call inet = {SYS_socket, 0, UINT32_MAX, AF_INET};

    hf_calls_add_when(calls, &inet, HF_CALLS_ALLOW);
    hf_calls_add(calls, sockets, 1, HF_CALLS_REFUSE(EXDEV));
    /* Behind a rule with an argument, numbers are compared again. */
    hf_calls_add(calls, getppids, 1, HF_CALLS_REFUSE(EXDEV));
}

/* Of the second argument some bits. */
static void only_blocking(struct hf_calls *calls)
{
    const struct hf_call blocking = {SYS_socket, 1, SOCK_NONBLOCK, 0};

    hf_calls_add_when(calls, &blocking, HF_CALLS_ALLOW);
    hf_calls_add(calls, sockets, 1, HF_CALLS_REFUSE(EXDEV));
}

static void no_such_call(struct hf_calls *calls)
{
    static const int none[] = {-1};
    const struct hf_call call = {.number = -1};

    hf_calls_add(calls, none, 1, HF_CALLS_REFUSE(EXDEV));
    hf_calls_add_when(calls, &call, HF_CALLS_REFUSE(EXDEV));
}

static long call_getppid(void)
{
    return syscall(SYS_getppid);
}

static long call_inet(void)
{
    return socket(AF_INET, SOCK_STREAM, 0);
}

static long call_unix(void)
{
    return socket(AF_UNIX, SOCK_STREAM, 0);
}

static long call_nonblocking(void)
{
    return socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
}

#ifdef __x86_64__
/* getpid() as programs of 32 bits call it. */
static long call_32_bits(void)
{
    long result = 20;

    __asm__ volatile("int $0x80" : "+a"(result) : : "memory");
    return result;
}

/* getppid() of x32. */
static long call_x32(void)
{
    return syscall(SYS_getppid | 0x40000000);
}
#endif

static const struct {
    const char *name;
    rules_fn *rules;
    attempt_fn *attempt;
    int result; /* 0, errno, or KILLED */
} cases[] = {
    {"first", first_counts, call_getppid, EXDEV},
    {"other", first_counts, call_unix, 0},
    {"family", only_inet, call_inet, 0},
    {"other family", only_inet, call_unix, EXDEV},
    {"behind it", only_inet, call_getppid, EXDEV},
    {"bit", only_blocking, call_unix, 0},
    {"other bit", only_blocking, call_nonblocking, EXDEV},
    {"none", no_such_call, call_getppid, 0},
#ifdef __x86_64__
    {"32 bits", no_such_call, call_32_bits, KILLED},
    {"x32", no_such_call, call_x32, KILLED},
#endif
};

static int result_of(size_t row)
{
    struct hf_calls calls;
    int status = 0;
    pid_t pid = fork();

    assert_true(pid >= 0);
    if (pid == 0) {
        hf_calls_begin(&calls);
        cases[row].rules(&calls);
        if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
            hf_calls_enter(&calls, HF_CALLS_ALLOW, NULL) != HF_OK)
            _exit(254);
        _exit(cases[row].attempt() >= 0 ? 0 : errno);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS
               ? KILLED
               : WEXITSTATUS(status);
}

static void rules_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        if (result_of(i) != cases[i].result)
            fail_msg("%s: %d", cases[i].name, result_of(i));
}

static void too_many(void **state)
{
    struct hf_calls calls;

    (void)state;
    hf_calls_begin(&calls);
    for (size_t i = 0; i < HF_CALLS_MAX; i++)
        hf_calls_add(&calls, getppids, 1, HF_CALLS_ALLOW);
    assert_int_equal(hf_calls_enter(&calls, HF_CALLS_ALLOW, NULL), HF_ELIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rules_table),
        cmocka_unit_test(too_many),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
