/* SPDX-License-Identifier: Apache-2.0 */
#include "os/landlock.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "os/fail.h"

#define RIGHTS_OF_FILES                                                        \
    (HF_LANDLOCK_EXECUTE | HF_LANDLOCK_WRITE | HF_LANDLOCK_READ |              \
     HF_LANDLOCK_TRUNCATE)

/* Rights that came with later versions, oldest first. */
static const struct {
    long abi;
    uint64_t right;
} later[] = {
    {2, UINT64_C(1) << 13}, /* move and link between folders */
    {3, HF_LANDLOCK_TRUNCATE},
    {5, UINT64_C(1) << 15}, /* ioctl on devices */
};

/* struct landlock_ruleset_attr as of ABI 6; older kernels take its head. */
struct ruleset {
    uint64_t handled_fs;
    uint64_t handled_net;
    uint64_t scoped;
};

#define SCOPE_ALL      UINT64_C(3) /* abstract sockets, signals */
#define ABI_WITH_SCOPE 6

static uint64_t known_rights(long abi)
{
    uint64_t rights = (UINT64_C(1) << 13) - 1;

    for (size_t i = 0; i < sizeof(later) / sizeof(later[0]); i++)
        if (abi >= later[i].abi)
            rights |= later[i].right;
    return rights;
}

static enum hf_err begin(uint64_t rights, uint64_t scopes,
                         struct hf_landlock *out, struct hf_why *why)
{
    struct ruleset rules = {0};
    size_t size = sizeof(rules.handled_fs);
    long abi = syscall(SYS_landlock_create_ruleset, NULL, 0,
                       LANDLOCK_CREATE_RULESET_VERSION);
    long fd;

    if (abi < 1) {
        (void)hf_fail_sys(why, errno, "this kernel offers no Landlock");
        return HF_EPEER;
    }
    rules.handled_fs = rights & known_rights(abi);
    if (abi >= ABI_WITH_SCOPE && scopes != 0) {
        rules.scoped = scopes;
        size = sizeof(rules);
    }
    fd = syscall(SYS_landlock_create_ruleset, &rules, size, 0);
    if (fd < 0)
        return hf_fail_sys(why, errno, "make a Landlock rule set");
    *out = (struct hf_landlock){.fd = (int)fd, .handled = rules.handled_fs};
    return HF_OK;
}

enum hf_err hf_landlock_begin(uint64_t rights, struct hf_landlock *out,
                              struct hf_why *why)
{
    return begin(rights, 0, out, why);
}

enum hf_err hf_landlock_begin_all(struct hf_landlock *out, struct hf_why *why)
{
    return begin(UINT64_MAX, SCOPE_ALL, out, why);
}

enum hf_err hf_landlock_allow(const struct hf_landlock *rules, const char *path,
                              uint64_t rights, struct hf_why *why)
{
    struct landlock_path_beneath_attr rule = {.allowed_access =
                                                  rights & rules->handled};
    struct stat about;
    long done;

    rule.parent_fd = open(path, O_PATH | O_CLOEXEC);
    if (rule.parent_fd < 0)
        return hf_fail_sys(why, errno, "allow a path behind the wall");
    done = fstat(rule.parent_fd, &about);
    if (!S_ISDIR(about.st_mode))
        rule.allowed_access &= RIGHTS_OF_FILES;
    if (done == 0)
        done = syscall(SYS_landlock_add_rule, rules->fd,
                       LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
    (void)close(rule.parent_fd);
    return done == 0 ? HF_OK
                     : hf_fail_sys(why, errno, "allow a path behind the wall");
}

enum hf_err hf_landlock_enter(const struct hf_landlock *rules,
                              struct hf_why *why)
{
    return syscall(SYS_landlock_restrict_self, rules->fd, 0) == 0
               ? HF_OK
               : hf_fail_sys(why, errno, "enter the Landlock rule set");
}

void hf_landlock_clear(struct hf_landlock *rules)
{
    (void)close(rules->fd);
    rules->fd = -1;
}
