/* SPDX-License-Identifier: Apache-2.0 */
#include "os/fence.h"

#include <errno.h>
#include <limits.h>
#include <link.h>
#include <seccomp.h>
#include <stdbool.h>
#include <sys/prctl.h>
#include <sys/socket.h>

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
    SCMP_SYS(add_key),          SCMP_SYS(bpf),
    SCMP_SYS(chroot),           SCMP_SYS(delete_module),
    SCMP_SYS(finit_module),     SCMP_SYS(fsconfig),
    SCMP_SYS(fsmount),          SCMP_SYS(fsopen),
    SCMP_SYS(init_module),      SCMP_SYS(io_uring_setup),
    SCMP_SYS(kexec_file_load),  SCMP_SYS(kexec_load),
    SCMP_SYS(keyctl),           SCMP_SYS(mount),
    SCMP_SYS(move_mount),       SCMP_SYS(open_by_handle_at),
    SCMP_SYS(open_tree),        SCMP_SYS(perf_event_open),
    SCMP_SYS(pidfd_getfd),      SCMP_SYS(pivot_root),
    SCMP_SYS(process_vm_readv), SCMP_SYS(process_vm_writev),
    SCMP_SYS(request_key),      SCMP_SYS(setns),
    SCMP_SYS(umount2),          SCMP_SYS(unshare),
    SCMP_SYS(userfaultfd),
};

static bool is_allowed_family(int family)
{
    return family == AF_UNIX || family == AF_INET || family == AF_INET6 ||
           family == AF_NETLINK;
}

static bool deny_family(scmp_filter_ctx filter, enum scmp_compare how,
                        int family)
{
    return seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(socket), 1,
                            SCMP_A0(how, (scmp_datum_t)family, 0)) == 0;
}

/* One by one, as rules of a filter are alternatives; and all that are above
 * those that are allowed. */
static bool deny_families(scmp_filter_ctx filter)
{
    bool good = deny_family(filter, SCMP_CMP_GT, AF_NETLINK);

    for (int family = 0; family < AF_NETLINK && good; family++)
        good = is_allowed_family(family) ||
               deny_family(filter, SCMP_CMP_EQ, family);
    return good;
}

static bool deny_calls(scmp_filter_ctx filter)
{
    size_t count = sizeof(denied_calls) / sizeof(denied_calls[0]);

    for (size_t i = 0; i < count; i++)
        if (seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), denied_calls[i],
                             0) != 0)
            return false;
    return true;
}

static enum hf_err fence_calls(struct hf_why *why)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
    enum hf_err err = HF_OK;

    if (filter == NULL)
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    if (!deny_calls(filter) || !deny_families(filter)) {
        err = hf_fail(why, HF_ENOMEM, 0, "seccomp: the rules do not compile");
    } else if (seccomp_load(filter) != 0) {
        (void)hf_fail_sys(why, errno, "this kernel offers no seccomp filters");
        err = HF_EPEER;
    }
    seccomp_release(filter);
    return err;
}

enum hf_err hf_fence_enter(const struct hf_fence *fence, struct hf_why *why)
{
    enum hf_err err;

    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return hf_fail_sys(why, errno, "give up new privileges");
    err = fence_files(fence, why);
    return err == HF_OK ? fence_calls(why) : err;
}
