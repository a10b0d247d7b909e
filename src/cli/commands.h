/* SPDX-License-Identifier: Apache-2.0 */
/* commands.h -- the commands, each defined in a cmd_*.c of its own. */
#pragma once

#include "cli/cli.h"

extern const struct hf_command hf_cmd_account_create; /* cmd_account_create.c */
extern const struct hf_command hf_cmd_account_list;   /* cmd_account.c */
extern const struct hf_command hf_cmd_account_show;
extern const struct hf_command hf_cmd_account_check; /* cmd_account_call.c */
extern const struct hf_command hf_cmd_account_rollover;
extern const struct hf_command hf_cmd_account_update;
extern const struct hf_command hf_cmd_account_deactivate;
extern const struct hf_command hf_cmd_account_public;
extern const struct hf_command hf_cmd_account_import; /* cmd_account_import.c */
extern const struct hf_command hf_cmd_account_export; /* cmd_account_export.c */
extern const struct hf_command hf_cmd_account_deauthorize;
extern const struct hf_command hf_cmd_account_serve_signer;
extern const struct hf_command hf_cmd_cert_issue; /* cmd_cert_issue.c */
extern const struct hf_command hf_cmd_cert_renew; /* cmd_cert_renew.c */
extern const struct hf_command hf_cmd_cert_list;  /* cmd_cert.c */
extern const struct hf_command hf_cmd_cert_show;
extern const struct hf_command hf_cmd_cert_revoke;  /* cmd_cert_revoke.c */
extern const struct hf_command hf_cmd_config_check; /* cmd_config.c */
extern const struct hf_command hf_cmd_config_show;
extern const struct hf_command hf_cmd_eval;         /* cmd_eval.c */
extern const struct hf_command hf_cmd_record_make;  /* cmd_record_make.c */
extern const struct hf_command hf_cmd_record_parse; /* cmd_record.c */
extern const struct hf_command hf_cmd_record_lint;
extern const struct hf_command hf_cmd_record_diff;
extern const struct hf_command hf_cmd_record_explain;
extern const struct hf_command hf_cmd_record_publish;
extern const struct hf_command hf_cmd_record_unpublish;
extern const struct hf_command hf_cmd_record_list;
extern const struct hf_command hf_cmd_check;           /* cmd_check.c */
extern const struct hf_command hf_cmd_scan;            /* cmd_scan.c */
extern const struct hf_command hf_cmd_audit;           /* cmd_audit.c */
extern const struct hf_command hf_cmd_ca_init;         /* cmd_ca_init.c */
extern const struct hf_command hf_cmd_ca_audit_verify; /* cmd_ca_audit.c */
extern const struct hf_command hf_cmd_ca_audit_head;
extern const struct hf_command hf_cmd_ca_audit_show;
extern const struct hf_command hf_cmd_check;           /* cmd_check.c */
extern const struct hf_command hf_cmd_scan;            /* cmd_scan.c */
extern const struct hf_command hf_cmd_audit;           /* cmd_audit.c */
extern const struct hf_command hf_cmd_ca_account_list; /* cmd_ca_ledger.c */
extern const struct hf_command hf_cmd_ca_account_show;
extern const struct hf_command hf_cmd_ca_account_block; /* cmd_ca_change.c */
extern const struct hf_command hf_cmd_ca_order_list;    /* cmd_ca_ledger.c */
extern const struct hf_command hf_cmd_ca_order_show;
extern const struct hf_command hf_cmd_ca_cert_list;
extern const struct hf_command hf_cmd_ca_cert_show;
extern const struct hf_command hf_cmd_ca_cert_revoke; /* cmd_ca_change.c */
extern const struct hf_command hf_cmd_ca_external_add;
extern const struct hf_command hf_cmd_ca_backup;
extern const struct hf_command hf_cmd_ca_status; /* cmd_ca_control.c */
extern const struct hf_command hf_cmd_ca_reload;
extern const struct hf_command hf_cmd_ca_drain;
extern const struct hf_command hf_cmd_ca_doctor;  /* cmd_ca_doctor.c */
extern const struct hf_command hf_cmd_ca_restore; /* cmd_ca_restore.c */
extern const struct hf_command hf_cmd_ca_serve;   /* cmd_ca_serve.c */
extern const struct hf_command hf_cmd_ca_table;   /* cmd_ca_table.c */
extern const struct hf_command hf_cmd_perspective_serve;
extern const struct hf_command hf_cmd_lab;     /* cmd_lab.c */
extern const struct hf_command hf_cmd_lab_run; /* cmd_lab_run.c */
extern const struct hf_command hf_cmd_lab_dns; /* cmd_lab_dns.c */
