/* SPDX-License-Identifier: Apache-2.0 */
/* main_net.c -- one role, with its libraries and no others (os/role.h). */
#include <unistd.h>

#include "net/http_worker.h"

int main(void)
{
    return hf_http_worker_run(STDIN_FILENO) ? 0 : 1;
}
