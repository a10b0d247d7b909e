/* SPDX-License-Identifier: Apache-2.0 */
/* dry_run.h -- what would be ordered, when everything but the order is done. */
#pragma once

#include "cli/issue.h"

/* Ask the CA whether the account is good, and say what would be ordered: the
 * names, each with its method, and the key. On failure a message was printed.
 */
enum hf_exit hf_dry_run_tell(struct hf_issue *issue);
