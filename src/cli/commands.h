/* SPDX-License-Identifier: Apache-2.0 */
/* commands.h -- the commands, each defined in a cmd_*.c of its own. */
#pragma once

#include "cli/cli.h"

extern const struct hf_command hf_cmd_eval;         /* cmd_eval.c */
extern const struct hf_command hf_cmd_record_make;  /* cmd_record_make.c */
extern const struct hf_command hf_cmd_record_parse; /* cmd_record.c */
extern const struct hf_command hf_cmd_record_lint;
extern const struct hf_command hf_cmd_record_diff;
extern const struct hf_command hf_cmd_record_explain;
extern const struct hf_command hf_cmd_check;    /* cmd_check.c */
extern const struct hf_command hf_cmd_scan;     /* cmd_scan.c */
extern const struct hf_command hf_cmd_audit;    /* cmd_audit.c */
extern const struct hf_command hf_cmd_ca_table; /* cmd_ca_table.c */
