/* SPDX-License-Identifier: Apache-2.0 */
/* main_resolver.c -- one role, with its libraries and no others (os/role.h). */
#include <unistd.h>

#include "dns/worker.h"

int main(void)
{
    return hf_worker_run(STDIN_FILENO) ? 0 : 1;
}
