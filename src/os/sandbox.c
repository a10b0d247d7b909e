/* SPDX-License-Identifier: Apache-2.0 */
#include "os/sandbox.h"

#include <errno.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "os/calls.h"
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

/* What younger architectures never had. */
#ifndef SYS_open
#define SYS_access       (-1)
#define SYS_epoll_create (-1)
#define SYS_epoll_wait   (-1)
#define SYS_lstat        (-1)
#define SYS_mkdir        (-1)
#define SYS_open         (-1)
#define SYS_poll         (-1)
#define SYS_readlink     (-1)
#define SYS_rename       (-1)
#define SYS_rmdir        (-1)
#define SYS_select       (-1)
#define SYS_stat         (-1)
#define SYS_unlink       (-1)
#endif
#ifndef SYS_renameat
#define SYS_renameat (-1)
#endif

/* Calls that every role may make. */
static const int basic_calls[] = {
    SYS_brk,          SYS_clock_gettime,  SYS_clock_nanosleep,
    SYS_close,        SYS_epoll_create,   SYS_epoll_create1,
    SYS_epoll_ctl,    SYS_epoll_pwait,    SYS_epoll_wait,
    SYS_eventfd2,     SYS_exit,           SYS_exit_group,
    SYS_fcntl,        SYS_fstat,          SYS_futex,
    SYS_getpid,       SYS_getrandom,      SYS_gettid,
    SYS_gettimeofday, SYS_lseek,          SYS_madvise,
    SYS_mremap,       SYS_munmap,         SYS_nanosleep,
    SYS_pipe2,        SYS_poll,           SYS_ppoll,
    SYS_pselect6,     SYS_read,           SYS_readv,
    SYS_recvfrom,     SYS_recvmsg,        SYS_restart_syscall,
    SYS_rt_sigaction, SYS_rt_sigprocmask, SYS_rt_sigreturn,
    SYS_sched_yield,  SYS_select,         SYS_sendmsg,
    SYS_sendto,       SYS_sigaltstack,    SYS_write,
    SYS_writev,
};

/* Those on sockets of its own. */
static const int network_calls[] = {
    SYS_bind,        SYS_connect,    SYS_getpeername,
    SYS_getsockname, SYS_getsockopt, SYS_recvmmsg,
    SYS_sendmmsg,    SYS_setsockopt, SYS_shutdown,
};

/* Those on files: the rule set says which may be opened. It says nothing about
 * modes and owners, so that calls to change those are not here. */
static const int file_calls[] = {
    SYS_access,    SYS_faccessat,  SYS_faccessat2, SYS_fdatasync, SYS_flock,
    SYS_fsync,     SYS_ftruncate,  SYS_getdents64, SYS_lstat,     SYS_mkdir,
    SYS_mkdirat,   SYS_newfstatat, SYS_open,       SYS_openat,    SYS_pread64,
    SYS_pwrite64,  SYS_readlink,   SYS_readlinkat, SYS_rename,    SYS_renameat,
    SYS_renameat2, SYS_rmdir,      SYS_stat,       SYS_statx,     SYS_unlink,
    SYS_unlinkat,  SYS_umask,
};

/* Those on connections that others open. */
static const int accept_calls[] = {
    SYS_accept4,    SYS_getpeername, SYS_getsockname,
    SYS_getsockopt, SYS_setsockopt,  SYS_shutdown,
};

/* Those of threads. */
static const int thread_calls[] = {
    SYS_rseq,
    SYS_sched_getaffinity,
    SYS_set_robust_list,
};

#define ALLOW(calls, table)                                                    \
    hf_calls_add(calls, table, sizeof(table) / sizeof((table)[0]),             \
                 HF_CALLS_ALLOW)

static void allow_when(struct hf_calls *calls, int number, unsigned arg,
                       uint32_t mask, uint32_t value)
{
    const struct hf_call call = {number, arg, mask, value};

    hf_calls_add_when(calls, &call, HF_CALLS_ALLOW);
}

static void allow_family(struct hf_calls *calls, int family)
{
    allow_when(calls, SYS_socket, 0, UINT32_MAX, (uint32_t)family);
}

/* Memory may never become executable; a failed assertion may end this process,
 * and no other. */
static void allow_basics(struct hf_calls *calls)
{
    ALLOW(calls, basic_calls);
    allow_when(calls, SYS_mmap, 2, PROT_EXEC, 0);
    allow_when(calls, SYS_mprotect, 2, PROT_EXEC, 0);
    allow_when(calls, SYS_tgkill, 0, UINT32_MAX, (uint32_t)getpid());
}

static void allow_sockets(struct hf_calls *calls, unsigned needs)
{
    if ((needs & (HF_SANDBOX_NETWORK | HF_SANDBOX_LOCAL)) != 0)
        ALLOW(calls, network_calls);
    if ((needs & HF_SANDBOX_NETWORK) != 0) {
        allow_family(calls, AF_INET);
        allow_family(calls, AF_INET6);
    }
    if ((needs & HF_SANDBOX_LOCAL) != 0)
        allow_family(calls, AF_UNIX);
}

/* Threads, and no processes. What clone3() is asked for no filter can see: the
 * C library does without it where there is none. */
static void allow_threads(struct hf_calls *calls)
{
    static const int unseen[] = {SYS_clone3};

    hf_calls_add(calls, unseen, 1, HF_CALLS_REFUSE(ENOSYS));
    allow_when(calls, SYS_clone, 0, CLONE_THREAD, CLONE_THREAD);
    ALLOW(calls, thread_calls);
}

static enum hf_err allow_calls(const struct holes *holes, struct hf_why *why)
{
    struct hf_calls calls;

    hf_calls_begin(&calls);
    allow_basics(&calls);
    if (holes->count > 0)
        ALLOW(&calls, file_calls);
    if ((holes->needs & HF_SANDBOX_THREADS) != 0)
        allow_threads(&calls);
    if ((holes->needs & HF_SANDBOX_ACCEPT) != 0)
        ALLOW(&calls, accept_calls);
    allow_sockets(&calls, holes->needs);
    return hf_calls_enter(&calls, HF_CALLS_REFUSE(EPERM), why);
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
