/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/manager.h"

#include <stdlib.h>

enum hf_exit hf_manager_open(const struct hf_cli *cli, struct hf_notify *out)
{
    const struct hf_notify_wish wish = {
        .socket = getenv("NOTIFY_SOCKET"),
        .watchdog_us = getenv("WATCHDOG_USEC"),
        .watchdog_pid = getenv("WATCHDOG_PID"),
    };
    struct hf_why why = {0};

    if (hf_notify_open(&wish, out, &why) == HF_OK)
        return HF_EXIT_GOOD;
    hf_cli_fail(cli, HF_SPAN("NOTIFY_SOCKET"), &why);
    return HF_EXIT_ERROR;
}

enum hf_exit hf_manager_sockets(const struct hf_cli *cli, struct hf_handed *out)
{
    struct hf_why why = {0};

    if (hf_handed_find(getenv("LISTEN_FDS"), getenv("LISTEN_PID"), out, &why) ==
        HF_OK)
        return HF_EXIT_GOOD;
    hf_cli_fail(cli, HF_SPAN("LISTEN_FDS"), &why);
    return HF_EXIT_ERROR;
}
