/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/standing.h"

#include "cli/holder.h"

static enum hf_err walk(struct hf_register *reg, struct hf_span account_url,
                        void (*each)(void *to, const struct hf_entry *entry),
                        void *to, struct hf_why *why)
{
    const struct hf_register_filter filter = {.account_url = account_url};
    enum hf_err err = hf_register_list(reg, &filter, why);
    struct hf_entry entry;
    bool more = true;

    while (err == HF_OK && more) {
        err = hf_register_next(reg, &entry, &more, why);
        if (err == HF_OK && more)
            each(to, &entry);
    }
    hf_register_end(reg);
    return err;
}

enum hf_exit
hf_standing_walk(const struct hf_cli *cli, struct hf_span account_url,
                 void (*each)(void *to, const struct hf_entry *entry), void *to)
{
    struct hf_register *reg = NULL;
    struct hf_why why = {0};
    enum hf_err err = hf_register_open(cli->state, true, &reg, &why);

    if (err == HF_ENOTFOUND)
        return HF_EXIT_GOOD;
    if (err == HF_OK)
        err = walk(reg, account_url, each, to, &why);
    hf_register_close(reg);
    if (err == HF_OK)
        return HF_EXIT_GOOD;
    hf_cli_fail(cli, HF_SPAN(HF_REGISTER_FILE), &why);
    return HF_EXIT_ERROR;
}
