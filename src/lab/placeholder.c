/* SPDX-License-Identifier: Apache-2.0 */
#include "lab/placeholder.h"

static enum hf_err keep_braces(struct hf_buf *out)
{
    hf_buf_puts(out, "{}");
    return HF_OK;
}

enum hf_err hf_lab_fill(struct hf_span line, hf_lab_known_fn *known,
                        void *state, struct hf_buf *out, struct hf_why *why)
{
    struct hf_span rest = line;
    enum hf_err err;

    while (rest.len > 0 && line.ptr[0] != '#') {
        struct hf_span word;
        size_t len;

        hf_buf_put(out, hf_span_cut(&rest, hf_span_find(rest, '{')));
        len = hf_span_find(rest, '}');
        if (len == rest.len)
            break;
        word = (struct hf_span){rest.ptr + 1, len - 1};
        err = word.len == 0 ? keep_braces(out) : known(state, word, out, why);
        if (err != HF_OK) {
            if (why != NULL)
                why->at = (size_t)(rest.ptr - line.ptr);
            return err;
        }
        (void)hf_span_cut(&rest, len + 1);
    }
    hf_buf_put(out, rest);
    return out->full ? hf_fail(why, HF_ELIMIT, 0, "the line is too long")
                     : HF_OK;
}
