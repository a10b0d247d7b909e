/* SPDX-License-Identifier: Apache-2.0 */
#include "os/fence.h"

#include <errno.h>
#include <limits.h>
#include <link.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "os/calls.h"
#include "os/fail.h"
#include "os/landlock.h"
#include "os/role.h"

/* ---- files ---- */

/* Who loads this program: the kernel executes that, too. */
static int find_loader(struct dl_phdr_info *info, size_t size, void *state)
{
    const char **loader = state;

    (void)size;
    for (size_t i = 0; i < info->dlpi_phnum; i++)
        if (info->dlpi_phdr[i].p_type == PT_INTERP)
            /* NOLINTNEXTLINE(performance-no-int-to-ptr): the loader's way */
            *loader =
                (const char *)(info->dlpi_addr + info->dlpi_phdr[i].p_vaddr);
    return 1; /* this program comes first */
}

static enum hf_err allow_self(const struct hf_landlock *rules,
                              struct hf_why *why)
{
    const char *loader = NULL;
    char room[PATH_MAX];
    enum hf_err err = hf_landlock_allow(rules, hf_role_self(room, sizeof(room)),
                                        HF_LANDLOCK_EXECUTE, why);

    (void)dl_iterate_phdr(find_loader, &loader);
    if (err == HF_OK && loader != NULL)
        err = hf_landlock_allow(rules, loader, HF_LANDLOCK_EXECUTE, why);
    return err;
}

static enum hf_err allow_roles(const struct hf_landlock *rules,
                               const struct hf_fence *fence, struct hf_why *why)
{
    enum hf_err err = HF_OK;
    char room[PATH_MAX];

    for (size_t i = 0; i < fence->role_count && err == HF_OK; i++)
        err = hf_landlock_allow(
            rules, hf_role_program(fence->roles[i], room, sizeof(room)),
            HF_LANDLOCK_EXECUTE, why);
    return err;
}

/* Where there is no terminal, nobody is asked. */
static void allow_devices(const struct hf_landlock *rules)
{
    static const char *const devices[] = {"/dev/null", "/dev/tty"};

    for (size_t i = 0; i < sizeof(devices) / sizeof(devices[0]); i++)
        (void)!hf_landlock_allow(rules, devices[i], HF_LANDLOCK_WRITE, NULL);
}

static enum hf_err fence_files(const struct hf_fence *fence, struct hf_why *why)
{
    struct hf_landlock rules;
    enum hf_err err = hf_landlock_begin(
        HF_LANDLOCK_CHANGE | HF_LANDLOCK_EXECUTE, &rules, why);

    if (err != HF_OK)
        return err;
    allow_devices(&rules);
    err = allow_self(&rules, why);
    if (err == HF_OK)
        err = allow_roles(&rules, fence, why);
    for (size_t i = 0; i < fence->folder_count && err == HF_OK; i++)
        err = hf_landlock_allow(&rules, fence->folders[i], HF_LANDLOCK_CHANGE,
                                why);
    if (err == HF_OK)
        err = hf_landlock_enter(&rules, why);
    hf_landlock_clear(&rules);
    return err;
}

/* ---- calls ---- */

/*
 * What no command ever needs, and a stranger in this process would like.
 * Tracing is not here: Landlock leaves it to those behind the same fence, of
 * whom a search for leaks is one.
 */
static const int denied_calls[] = {
    SYS_add_key,          SYS_bpf,
    SYS_chroot,           SYS_delete_module,
    SYS_finit_module,     SYS_fsconfig,
    SYS_fsmount,          SYS_fsopen,
    SYS_init_module,      SYS_io_uring_setup,
    SYS_kexec_file_load,  SYS_kexec_load,
    SYS_keyctl,           SYS_mount,
    SYS_move_mount,       SYS_open_by_handle_at,
    SYS_open_tree,        SYS_perf_event_open,
    SYS_pidfd_getfd,      SYS_pivot_root,
    SYS_process_vm_readv, SYS_process_vm_writev,
    SYS_request_key,      SYS_setns,
    SYS_umount2,          SYS_unshare,
    SYS_userfaultfd,
};

static const int families[] = {AF_UNIX, AF_INET, AF_INET6, AF_NETLINK};

static enum hf_err fence_calls(struct hf_why *why)
{
    static const int sockets[] = {SYS_socket};
    struct hf_call call = {.number = SYS_socket, .mask = UINT32_MAX};
    struct hf_calls calls;

    hf_calls_begin(&calls);
    hf_calls_add(&calls, denied_calls,
                 sizeof(denied_calls) / sizeof(denied_calls[0]),
                 HF_CALLS_REFUSE(EPERM));
    for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++) {
        call.value = (uint32_t)families[i];
        hf_calls_add_when(&calls, &call, HF_CALLS_ALLOW);
    }
    hf_calls_add(&calls, sockets, 1, HF_CALLS_REFUSE(EPERM));
    return hf_calls_enter(&calls, HF_CALLS_ALLOW, why);
}

enum hf_err hf_fence_enter(const struct hf_fence *fence, struct hf_why *why)
{
    enum hf_err err;

    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return hf_fail_sys(why, errno, "give up new privileges");
    err = fence_files(fence, why);
    return err == HF_OK ? fence_calls(why) : err;
}
