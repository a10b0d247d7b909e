/* SPDX-License-Identifier: Apache-2.0 */
#include "keys/reach.h"

#include "base/octets.h"

void hf_key_reach_put(struct hf_buf *out, const struct hf_key_reach *reach)
{
    hf_put_text(out, reach->tcti);
    hf_put_text(out, reach->holes);
    hf_put_text(out, reach->environment);
}

static bool take_list(struct hf_span *rest, size_t max, struct hf_span *out)
{
    return hf_take_text(rest, max, out) &&
           (out->len == 0 || out->ptr[out->len - 1] == '\0');
}

bool hf_key_reach_take(struct hf_span *rest, struct hf_key_reach *out)
{
    return hf_take_text(rest, HF_KEY_TCTI_MAX, &out->tcti) &&
           take_list(rest, HF_KEY_HOLES_TEXT_MAX, &out->holes) &&
           take_list(rest, HF_KEY_ENVIRONMENT_MAX, &out->environment);
}
