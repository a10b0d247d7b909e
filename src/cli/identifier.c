/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/identifier.h"

#include "holdfast/idna.h"
#include "names/ip.h"

enum hf_err hf_identifier_put(struct hf_span text, struct hf_buf *out,
                              bool *is_address, struct hf_why *why)
{
    struct hf_span name = text;
    uint8_t octets[16];
    size_t len;
    struct hf_name canonical;
    enum hf_err err;

    if (hf_span_starts(name, HF_SPAN("[")) && hf_span_ends(name, HF_SPAN("]")))
        name = (struct hf_span){name.ptr + 1, name.len - 2};
    *is_address = hf_ip_parse(name, octets, &len);
    if (*is_address) {
        hf_ip_put(out, octets, len);
        return HF_OK;
    }
    name = text;
    if (hf_name_take_star(&name))
        hf_buf_puts(out, "*.");
    err = hf_idna_canonical(name, &canonical, why);
    if (err == HF_OK)
        hf_buf_put(out, hf_name_span(&canonical));
    return err;
}
