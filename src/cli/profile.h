/* SPDX-License-Identifier: Apache-2.0 */
/* profile.h -- which of a CA's certificate profiles an order asks for. */
#pragma once

#include "acme/directory.h"
#include "cli/cli.h"
#include "client/lineage.h"

/*
 * The profile that `lineage` insists on, or prefers where the CA offers it;
 * else empty. Nothing is to be ordered when it insists in vain: HF_EXIT_ERROR
 * after a message with the profiles that there are.
 */
enum hf_exit hf_profile_choose(const struct hf_cli *cli,
                               const struct hf_directory *directory,
                               const struct hf_lineage *lineage,
                               struct hf_span *out);
