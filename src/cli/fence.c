/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/fence.h"

#include <unistd.h>

#include "base/alloc.h"
#include "client/key_worker.h"
#include "client/listener_worker.h"
#include "dns/worker.h"
#include "net/http_worker.h"
#include "net/server_worker.h"
#include "os/fence.h"

enum hf_exit hf_fence_from_cli(const struct hf_cli *cli,
                               const char *const *folders, size_t count)
{
    static const char *const roles[] = {HF_KEY_ROLE, HF_LISTENER_ROLE,
                                        HF_NET_ROLE, HF_SERVER_ROLE,
                                        HF_WORKER_ROLE};
    struct hf_fence fence = {.roles = roles,
                             .role_count = sizeof(roles) / sizeof(roles[0])};
    const char **there;
    struct hf_why why = {0};
    enum hf_err err;

    if (hf_cli_no_wall(cli))
        return HF_EXIT_GOOD;
    there = hf_alloc(count + 1, sizeof(there[0]));
    if (there == NULL) {
        hf_cli_error(cli, HF_SPAN(""), "out of memory");
        return HF_EXIT_ERROR;
    }
    for (size_t i = 0; i < count; i++)
        if (access(folders[i], F_OK) == 0)
            there[fence.folder_count++] = folders[i];
    fence.folders = there;
    err = hf_fence_enter(&fence, &why);
    hf_free((void *)there);
    if (err == HF_OK)
        return HF_EXIT_GOOD;
    if (err == HF_EPEER)
        why.text = "this kernel cannot wall this command in (Landlock and "
                   "seccomp); --sandbox=off goes without";
    hf_cli_fail(cli, hf_span_str(cli->command->name), &why);
    return HF_EXIT_ERROR;
}
