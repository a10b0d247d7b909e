/* SPDX-License-Identifier: Apache-2.0 */
#include <unistd.h>

#include "cli/commands.h"
#include "dns/worker.h"
#include "os/signals.h"

int main(int argc, char **argv)
{
    /* In the order of the help; each row is a cmd_*.c. */
    /* clang-format off */
    const struct hf_command commands[] = {
        hf_cmd_eval,
        hf_cmd_record_make,
        hf_cmd_record_parse,
        hf_cmd_record_lint,
        hf_cmd_record_diff,
        hf_cmd_record_explain,
        hf_cmd_check,
        hf_cmd_scan,
        hf_cmd_audit,
        hf_cmd_ca_table,
    };
    /* clang-format on */
    static struct hf_out out; /* 64 kB, too much for the stack */

    /* Not a command: this program as its own resolver (dns/worker.h). */
    if (argc == 2 && strcmp(argv[1], HF_WORKER_ROLE) == 0)
        return hf_worker_run(STDIN_FILENO) ? 0 : 1;

    hf_signals_watch();
    hf_out_init(&out, STDOUT_FILENO);
    return (int)hf_cli_main(commands, sizeof(commands) / sizeof(commands[0]),
                            &out, argc, argv);
}
