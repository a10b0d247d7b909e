/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/state_dir.h"

enum hf_exit hf_state_register(const struct hf_cli *cli, bool must_exist,
                               struct hf_register **out)
{
    struct hf_why why = {0};
    char room[PATH_MAX];
    struct hf_buf path;
    enum hf_err err;

    err = hf_register_open(cli->state, must_exist, out, &why);
    if (err == HF_OK || (err == HF_ENOTFOUND && must_exist))
        return HF_EXIT_GOOD;
    hf_buf_init(&path, room, sizeof(room));
    hf_buf_puts(&path, cli->state);
    hf_buf_puts(&path, "/" HF_REGISTER_FILE);
    hf_cli_fail(cli, hf_buf_span(&path), &why);
    return err == HF_ECANCELED ? HF_EXIT_INTERRUPTED : HF_EXIT_ERROR;
}
