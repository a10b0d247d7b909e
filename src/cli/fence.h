/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fence.h -- the wall (os/fence.h) around a command that has opened what it
 * needs, and runs nobody else's programs from now on.
 */
#pragma once

#include "cli/cli.h"

/*
 * Change nothing any more but what is below these folders. One that does not
 * exist is passed over: what is to be made there will fail. Does nothing with
 * --sandbox=off. On failure a message was printed.
 */
enum hf_exit hf_fence_from_cli(const struct hf_cli *cli,
                               const char *const *folders, size_t count);
