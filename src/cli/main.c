/* SPDX-License-Identifier: Apache-2.0 */
#include <unistd.h>

#include "cli/commands.h"
#include "client/key_worker.h"
#include "dns/worker.h"
#include "net/http_worker.h"
#include "os/runner_worker.h"
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
        hf_cmd_record_publish,
        hf_cmd_record_unpublish,
        hf_cmd_record_list,
        hf_cmd_account_create,
        hf_cmd_account_list,
        hf_cmd_account_show,
        hf_cmd_account_check,
        hf_cmd_account_rollover,
        hf_cmd_account_deactivate,
        hf_cmd_account_deauthorize,
        hf_cmd_account_public,
        hf_cmd_account_import,
        hf_cmd_account_export,
        hf_cmd_account_serve_signer,
        hf_cmd_cert_issue,
        hf_cmd_cert_renew,
        hf_cmd_cert_list,
        hf_cmd_cert_show,
        hf_cmd_cert_revoke,
        hf_cmd_check,
        hf_cmd_scan,
        hf_cmd_audit,
        hf_cmd_ca_table,
    };
    /* clang-format on */
    static struct hf_out out; /* 64 kB, too much for the stack */

    /* Not commands: this program as its own resolver (dns/worker.h), its own
     * HTTP client (net/http_worker.h), its own signer (client/key_worker.h)
     * and its own runner of programs (os/runner_worker.h). */
    if (argc == 2 && strcmp(argv[1], HF_WORKER_ROLE) == 0)
        return hf_worker_run(STDIN_FILENO) ? 0 : 1;
    if (argc == 2 && strcmp(argv[1], HF_NET_ROLE) == 0)
        return hf_http_worker_run(STDIN_FILENO) ? 0 : 1;

    if (argc == 2 && strcmp(argv[1], HF_KEY_ROLE) == 0)
        return hf_key_worker_run(STDIN_FILENO) ? 0 : 1;
    if (argc == 2 && strcmp(argv[1], HF_RUNNER_ROLE) == 0)
        return hf_runner_worker_run(STDIN_FILENO) ? 0 : 1;

    hf_signals_watch();
    hf_out_init(&out, STDOUT_FILENO);
    return (int)hf_cli_main(commands, sizeof(commands) / sizeof(commands[0]),
                            &out, argc, argv);
}
