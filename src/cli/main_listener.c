/* SPDX-License-Identifier: Apache-2.0 */
/* main_listener.c -- one role, with its libraries and no others (os/role.h). */
#include <unistd.h>

#include "client/listener_worker.h"

int main(void)
{
    return hf_listener_worker_run(STDIN_FILENO) ? 0 : 1;
}
