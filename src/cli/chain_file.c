/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/chain_file.h"

#include "os/file.h"

enum hf_err hf_chain_file_read(const char *path, struct hf_certificate **out,
                               struct hf_why *why)
{
    struct hf_buf text;
    enum hf_err err;

    hf_buf_init_grow(&text, HF_CHAIN_TEXT_MAX);
    err = hf_file_read(path, &text, why);
    if (err == HF_OK)
        err = hf_certificate_read(hf_buf_span(&text), out, why);
    hf_buf_clear(&text);
    return err;
}
