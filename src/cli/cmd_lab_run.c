/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_lab_run.c -- a scenario from its first line to its last. */

#include "cli/commands.h"
#include "cli/holder.h"
#include "cli/lab_world.h"

static const struct hf_option options[] = {
    {.name = "listen",
     .arg = "ADDR@PORT",
     .many = true,
     .help = "Address of 127.0.0.0/8 to answer at; port 0 takes a free one"},
    HF_SANDBOX_OPTION,
};

static enum hf_exit run(struct hf_cli *cli)
{
    struct hf_lab lab;
    enum hf_exit status = hf_lab_begin(cli, &lab);
    struct hf_why why = {0};

    if (status == HF_EXIT_GOOD)
        status = hf_lab_listen(&lab);
    if (status == HF_EXIT_GOOD && hf_lab_world_new(&lab, &why) != HF_OK) {
        hf_cli_fail(cli, HF_SPAN(""), &why);
        status = HF_EXIT_ERROR;
    }
    if (status == HF_EXIT_GOOD) {
        hf_lab_tell(&lab);
        status = hf_lab_play(&lab, cli->operands[0]);
    }
    hf_lab_end(&lab);
    return status;
}

const struct hf_command hf_cmd_lab_run = {
    .name = "lab run",
    .operands = "FILE",
    .summary = "Play a scenario in a laboratory of its own",
    .details = "Does what the lines of FILE say and tells of it. Status 2: "
               "something was not as\nthe scenario expects.\n",
    .options = options,
    .option_count = sizeof(options) / sizeof(options[0]),
    .operands_min = 1,
    .operands_max = 1,
    .run = run,
};
