/* SPDX-License-Identifier: Apache-2.0 */
#include <unistd.h>

#include "ca/issuer_worker.h"
#include "cli/commands.h"
#include "client/key_worker.h"
#include "client/listener_worker.h"
#include "crypto/openssl.h"
#include "dns/asker_worker.h"
#include "dns/primary_worker.h"
#include "dns/worker.h"
#include "net/http_worker.h"
#include "net/server_worker.h"
#include "os/role.h"
#include "os/runner_worker.h"
#include "os/signals.h"

typedef bool role_fn(int fd);

/* The roles, but those that have a program of their own (main_*.c): they come
 * here when that is missing. */
static const struct {
    const char *word;
    role_fn *run;
} roles[] = {
    {HF_ASKER_ROLE, hf_asker_worker_run},
    {HF_ISSUER_ROLE, hf_issuer_worker_run},
    {HF_PRIMARY_ROLE, hf_primary_worker_run},
    {HF_RUNNER_ROLE, hf_runner_worker_run},
    {HF_KEY_ROLE, NULL},
    {HF_LISTENER_ROLE, NULL},
    {HF_NET_ROLE, NULL},
    {HF_SERVER_ROLE, NULL},
    {HF_WORKER_ROLE, NULL},
};

/* Their parent hears that. */
static bool run_role(size_t row)
{
    return roles[row].run != NULL
               ? roles[row].run(STDIN_FILENO)
               : hf_role_greet(STDIN_FILENO, HF_GREETING_MISSING);
}

/* In the order of the help; each row is a cmd_*.c. */
/* clang-format off */
static const struct hf_command *const table[] = {
    &hf_cmd_eval,
    &hf_cmd_record_make,
    &hf_cmd_record_parse,
    &hf_cmd_record_lint,
    &hf_cmd_record_diff,
    &hf_cmd_record_explain,
    &hf_cmd_record_publish,
    &hf_cmd_record_unpublish,
    &hf_cmd_record_list,
    &hf_cmd_account_create,
    &hf_cmd_account_list,
    &hf_cmd_account_show,
    &hf_cmd_account_check,
    &hf_cmd_account_update,
    &hf_cmd_account_rollover,
    &hf_cmd_account_deactivate,
    &hf_cmd_account_deauthorize,
    &hf_cmd_account_public,
    &hf_cmd_account_import,
    &hf_cmd_account_export,
    &hf_cmd_account_serve_signer,
    &hf_cmd_cert_issue,
    &hf_cmd_cert_renew,
    &hf_cmd_cert_list,
    &hf_cmd_cert_show,
    &hf_cmd_cert_revoke,
    &hf_cmd_config_check,
    &hf_cmd_config_show,
    &hf_cmd_check,
    &hf_cmd_scan,
    &hf_cmd_audit,
    &hf_cmd_ca_init,
    &hf_cmd_ca_serve,
    &hf_cmd_ca_status,
    &hf_cmd_ca_reload,
    &hf_cmd_ca_drain,
    &hf_cmd_ca_account_list,
    &hf_cmd_ca_account_show,
    &hf_cmd_ca_account_block,
    &hf_cmd_ca_order_list,
    &hf_cmd_ca_order_show,
    &hf_cmd_ca_cert_list,
    &hf_cmd_ca_cert_show,
    &hf_cmd_ca_cert_revoke,
    &hf_cmd_ca_external_add,
    &hf_cmd_ca_backup,
    &hf_cmd_ca_restore,
    &hf_cmd_ca_doctor,
    &hf_cmd_ca_audit_verify,
    &hf_cmd_ca_audit_head,
    &hf_cmd_ca_audit_show,
    &hf_cmd_ca_table,
    &hf_cmd_perspective_serve,
    &hf_cmd_lab,
    &hf_cmd_lab_dns,
    &hf_cmd_lab_run,
};
/* clang-format on */

#define COMMANDS (sizeof(table) / sizeof(table[0]))

int main(int argc, char **argv)
{
    struct hf_command commands[COMMANDS];
    static struct hf_out out; /* 64 kB, too much for the stack */

    /* Not a command: this program in one of its roles. */
    for (size_t i = 0; argc == 2 && i < sizeof(roles) / sizeof(roles[0]); i++)
        if (strcmp(argv[1], roles[i].word) == 0)
            return run_role(i) ? 0 : 1;

    for (size_t i = 0; i < COMMANDS; i++)
        commands[i] = *table[i];
    hf_openssl_start(true);
    hf_signals_watch();
    hf_out_init(&out, STDOUT_FILENO);
    return (int)hf_cli_main(commands, COMMANDS, &out, argc, argv);
}
