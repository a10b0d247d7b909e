/* SPDX-License-Identifier: Apache-2.0 */
/* main_signer.c -- one role, with its libraries and no others (os/role.h). */
#include <unistd.h>

#include "client/key_worker.h"

int main(void)
{
    return hf_key_worker_run(STDIN_FILENO) ? 0 : 1;
}
