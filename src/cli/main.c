/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/commands.h"
#include "os/signals.h"

#include <unistd.h>

int main(int argc, char **argv)
{
    const struct hf_command commands[] = {
        hf_cmd_record_make, hf_cmd_record_parse, hf_cmd_record_lint,
        hf_cmd_record_diff, hf_cmd_record_explain, hf_cmd_eval,
        hf_cmd_check,       hf_cmd_scan,           hf_cmd_audit,
    };
    struct hf_out out;

    hf_signals_watch();
    hf_out_init(&out, STDOUT_FILENO);
    return (int)hf_cli_main(commands, sizeof(commands) / sizeof(commands[0]),
                            &out, argc, argv);
}
