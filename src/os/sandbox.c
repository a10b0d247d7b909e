/* SPDX-License-Identifier: Apache-2.0 */
#include "os/sandbox.h"

#include <errno.h>
#include <sched.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "os/landlock.h"

static enum hf_err fail_sys(struct hf_why *why, enum hf_err err,
                            const char *doing)
{
    if (why != NULL)
        *why = (struct hf_why){.text = doing, .sys = errno};
    return err;
}

struct holes {
    unsigned needs;
    const char *const *paths;
    size_t count;
};

/* All but to execute what is there. */
static enum hf_err allow_paths(const struct hf_landlock *rules,
                               const struct holes *holes, struct hf_why *why)
{
    enum hf_err err = HF_OK;

    for (size_t i = 0; i < holes->count && err == HF_OK; i++)
        err = hf_landlock_allow(rules, holes->paths[i], ~HF_LANDLOCK_EXECUTE,
                                why);
    return err;
}

/* Deny everything that this kernel can deny: nothing is allowed but the holes.
 */
static enum hf_err deny_files(const struct holes *holes, struct hf_why *why)
{
    struct hf_landlock rules;
    enum hf_err err = hf_landlock_begin_all(&rules, why);

    if (err != HF_OK)
        return err;
    err = allow_paths(&rules, holes, why);
    if (err == HF_OK)
        err = hf_landlock_enter(&rules, why);
    hf_landlock_clear(&rules);
    return err;
}

/* Calls that every role may make. */
static const int basic_calls[] = {
    SCMP_SYS(brk),          SCMP_SYS(clock_gettime),  SCMP_SYS(clock_nanosleep),
    SCMP_SYS(close),        SCMP_SYS(epoll_create),   SCMP_SYS(epoll_create1),
    SCMP_SYS(epoll_ctl),    SCMP_SYS(epoll_pwait),    SCMP_SYS(epoll_wait),
    SCMP_SYS(eventfd2),     SCMP_SYS(exit),           SCMP_SYS(exit_group),
    SCMP_SYS(fcntl),        SCMP_SYS(fstat),          SCMP_SYS(futex),
    SCMP_SYS(getpid),       SCMP_SYS(getrandom),      SCMP_SYS(gettid),
    SCMP_SYS(gettimeofday), SCMP_SYS(lseek),          SCMP_SYS(madvise),
    SCMP_SYS(mremap),       SCMP_SYS(munmap),         SCMP_SYS(nanosleep),
    SCMP_SYS(pipe2),        SCMP_SYS(poll),           SCMP_SYS(ppoll),
    SCMP_SYS(pselect6),     SCMP_SYS(read),           SCMP_SYS(readv),
    SCMP_SYS(recvfrom),     SCMP_SYS(recvmsg),        SCMP_SYS(restart_syscall),
    SCMP_SYS(rt_sigaction), SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigreturn),
    SCMP_SYS(sched_yield),  SCMP_SYS(select),         SCMP_SYS(sendmsg),
    SCMP_SYS(sendto),       SCMP_SYS(sigaltstack),    SCMP_SYS(write),
    SCMP_SYS(writev),
};

/* Those on sockets of its own. */
static const int network_calls[] = {
    SCMP_SYS(bind),        SCMP_SYS(connect),    SCMP_SYS(getpeername),
    SCMP_SYS(getsockname), SCMP_SYS(getsockopt), SCMP_SYS(recvmmsg),
    SCMP_SYS(sendmmsg),    SCMP_SYS(setsockopt), SCMP_SYS(shutdown),
};

/* Those on files: the rule set says which may be opened. It says nothing about
 * modes and owners, so that calls to change those are not here. */
static const int file_calls[] = {
    SCMP_SYS(access),    SCMP_SYS(faccessat),  SCMP_SYS(faccessat2),
    SCMP_SYS(fdatasync), SCMP_SYS(flock),      SCMP_SYS(fsync),
    SCMP_SYS(ftruncate), SCMP_SYS(getdents64), SCMP_SYS(lstat),
    SCMP_SYS(mkdir),     SCMP_SYS(mkdirat),    SCMP_SYS(newfstatat),
    SCMP_SYS(open),      SCMP_SYS(openat),     SCMP_SYS(pread64),
    SCMP_SYS(pwrite64),  SCMP_SYS(readlink),   SCMP_SYS(readlinkat),
    SCMP_SYS(rename),    SCMP_SYS(renameat),   SCMP_SYS(renameat2),
    SCMP_SYS(rmdir),     SCMP_SYS(stat),       SCMP_SYS(statx),
    SCMP_SYS(unlink),    SCMP_SYS(unlinkat),   SCMP_SYS(umask),
};

/* Those on connections that others open. */
static const int accept_calls[] = {
    SCMP_SYS(accept4),    SCMP_SYS(getpeername), SCMP_SYS(getsockname),
    SCMP_SYS(getsockopt), SCMP_SYS(setsockopt),  SCMP_SYS(shutdown),
};

static bool allow_all(scmp_filter_ctx filter, const int *calls, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (seccomp_rule_add(filter, SCMP_ACT_ALLOW, calls[i], 0) != 0)
            return false;
    return true;
}

/* Memory may never become executable. */
static bool allow_memory(scmp_filter_ctx filter)
{
    return seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1,
                            SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0)) == 0 &&
           seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1,
                            SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0)) == 0;
}

/* A failed assertion may end this process, and no other. */
static bool allow_suicide(scmp_filter_ctx filter)
{
    return seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1,
                            SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid(), 0)) ==
           0;
}

static bool allow_family(scmp_filter_ctx filter, int family)
{
    return seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(socket), 1,
                            SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)family, 0)) == 0;
}

static bool allow_sockets(scmp_filter_ctx filter, unsigned needs)
{
    if ((needs & (HF_SANDBOX_NETWORK | HF_SANDBOX_LOCAL)) != 0 &&
        !allow_all(filter, network_calls,
                   sizeof(network_calls) / sizeof(network_calls[0])))
        return false;
    if ((needs & HF_SANDBOX_NETWORK) != 0 &&
        (!allow_family(filter, AF_INET) || !allow_family(filter, AF_INET6)))
        return false;
    return (needs & HF_SANDBOX_LOCAL) == 0 || allow_family(filter, AF_UNIX);
}

/* Threads, and no processes. What clone3() is asked for no filter can see: the
 * C library does without it where there is none. */
static bool allow_threads(scmp_filter_ctx filter)
{
    return seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3),
                            0) == 0 &&
           seccomp_rule_add(
               filter, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1,
               SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD)) == 0 &&
           seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(set_robust_list),
                            0) == 0 &&
           seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(rseq), 0) == 0 &&
           seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(sched_getaffinity),
                            0) == 0;
}

static bool allow_needs(scmp_filter_ctx filter, const struct holes *holes)
{
    if (holes->count > 0 &&
        !allow_all(filter, file_calls,
                   sizeof(file_calls) / sizeof(file_calls[0])))
        return false;
    if ((holes->needs & HF_SANDBOX_THREADS) != 0 && !allow_threads(filter))
        return false;
    if ((holes->needs & HF_SANDBOX_ACCEPT) != 0 &&
        !allow_all(filter, accept_calls,
                   sizeof(accept_calls) / sizeof(accept_calls[0])))
        return false;
    return allow_sockets(filter, holes->needs);
}

static enum hf_err allow_calls(const struct holes *holes, struct hf_why *why)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
    enum hf_err err = HF_OK;

    if (filter == NULL)
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    if (!allow_all(filter, basic_calls,
                   sizeof(basic_calls) / sizeof(basic_calls[0])) ||
        !allow_memory(filter) || !allow_suicide(filter) ||
        !allow_needs(filter, holes))
        err = hf_fail(why, HF_ENOMEM, 0, "seccomp: the rules do not compile");
    else if (seccomp_load(filter) != 0)
        err = fail_sys(why, HF_EPEER, "this kernel offers no seccomp filters");
    seccomp_release(filter);
    return err;
}

enum hf_err hf_sandbox_enter_with(unsigned needs, const char *const *paths,
                                  size_t count, struct hf_why *why)
{
    const struct holes holes = {needs, paths, count};
    const struct rlimit none = {0, 0};
    enum hf_err err;

    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return fail_sys(why, HF_EPEER, "give up new privileges");
    /* What strangers sent must not reach a core file. */
    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0 ||
        setrlimit(RLIMIT_CORE, &none) != 0)
        return fail_sys(why, HF_ESYSTEM, "give up core files");
    err = deny_files(&holes, why);
    if (err != HF_OK)
        return err;
    return allow_calls(&holes, why);
}

enum hf_err hf_sandbox_enter(unsigned needs, struct hf_why *why)
{
    return hf_sandbox_enter_with(needs, NULL, 0, why);
}
