/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/ca_ledger.h"

#include <stdio.h>

#include "cli/layers.h"

static const char *location_of(const struct hf_cli *cli, char *room,
                               size_t size)
{
    (void)snprintf(room, size, "%s/ca/" HF_CA_LEDGER, cli->state);
    return hf_cli_value(cli, "store", room);
}

void hf_ca_ledger_section(const struct hf_cli *cli)
{
    hf_layers_use_authority(
        cli, hf_span_str(hf_cli_value(cli, "authority", "default")));
}

enum hf_exit hf_ca_ledger_fail(const struct hf_cli *cli,
                               const struct hf_why *why)
{
    char path[PATH_MAX + 16];
    char name[HF_STORE_NAME_MAX];

    hf_cli_fail(
        cli,
        hf_span_str(hf_store_name(location_of(cli, path, sizeof(path)), name)),
        why);
    return HF_EXIT_ERROR;
}

enum hf_exit hf_ca_ledger_open(const struct hf_cli *cli, struct hf_store **out)
{
    char path[PATH_MAX + 16];
    struct hf_why why = {0};
    enum hf_err err;

    hf_ca_ledger_section(cli);
    err = hf_store_open(location_of(cli, path, sizeof(path)), &hf_ca_plan, true,
                        out, &why);
    if (err == HF_ENOTFOUND)
        why.text = "no CA has served from here yet";
    return err == HF_OK ? HF_EXIT_GOOD : hf_ca_ledger_fail(cli, &why);
}
