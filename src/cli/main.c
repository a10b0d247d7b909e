/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/commands.h"
#include "os/signals.h"

#include <unistd.h>

int main(int argc, char **argv)
{
    /* In the order of the help; each row is a cmd_*.c. */
    const struct hf_command commands[] = {
        hf_cmd_ca_table,
    };
    static struct hf_out out; /* 64 kB, too much for the stack */

    hf_signals_watch();
    hf_out_init(&out, STDOUT_FILENO);
    return (int)hf_cli_main(commands, sizeof(commands) / sizeof(commands[0]),
                            &out, argc, argv);
}
