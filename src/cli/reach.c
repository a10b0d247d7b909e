/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/reach.h"

#include <unistd.h>

enum hf_err hf_reach_environment(struct hf_buf *out, struct hf_why *why)
{
    for (size_t i = 0; environ != NULL && environ[i] != NULL; i++)
        hf_buf_put(out, (struct hf_span){environ[i], strlen(environ[i]) + 1});
    if (out->full)
        return hf_fail(why, HF_ELIMIT, 0,
                       "the environment has more than 65,535 octets: run this "
                       "with less");
    return HF_OK;
}

enum hf_err hf_reach_holes(const struct hf_span *list, size_t count,
                           struct hf_buf *out, struct hf_why *why)
{
    for (size_t i = 0; i < count; i++) {
        hf_buf_put(out, list[i]);
        hf_buf_putc(out, '\0');
    }
    if (out->full)
        return hf_fail(why, HF_ELIMIT, 0, "--token-allow: too long");
    return HF_OK;
}
