/* SPDX-License-Identifier: Apache-2.0 */
#include "holdfast/txt.h"

/* REQ RECORD-01 */
enum hf_err hf_txt_join(struct hf_span rdata, char *room, struct hf_span *out,
                        struct hf_why *why)
{
    struct hf_span rest = rdata;
    struct hf_span joined = {room, 0};

    if (rest.len > 0 && (size_t)(unsigned char)rest.ptr[0] + 1 == rest.len) {
        *out = (struct hf_span){rest.ptr + 1, rest.len - 1};
        return HF_OK;
    }
    while (rest.len > 0) {
        size_t len = (unsigned char)rest.ptr[0];

        (void)hf_span_cut(&rest, 1);
        if (len > rest.len)
            return hf_fail(why, HF_ESYNTAX, rdata.len - rest.len,
                           "RFC 1035 3.3.14: a character-string runs past "
                           "the end of the TXT data");
        memcpy(room + joined.len, rest.ptr, len);
        joined.len += len;
        (void)hf_span_cut(&rest, len);
    }
    *out = joined;
    return HF_OK;
}

size_t hf_txt_string_count(size_t value_len)
{
    return value_len == 0
               ? 1
               : (value_len + HF_TXT_STRING_MAX - 1) / HF_TXT_STRING_MAX;
}

static struct hf_span next_string(struct hf_span *rest)
{
    return hf_span_cut(rest, rest->len < HF_TXT_STRING_MAX ? rest->len
                                                           : HF_TXT_STRING_MAX);
}

/* REQ RECORD-20, CLI-14 */
void hf_txt_put_rdata(struct hf_buf *out, struct hf_span value)
{
    do {
        struct hf_span string = next_string(&value);

        hf_buf_putc(out, (char)(unsigned char)string.len);
        hf_buf_put(out, string);
    } while (value.len > 0);
}

static void put_quoted(struct hf_buf *out, struct hf_span string)
{
    hf_buf_putc(out, '"');
    while (string.len > 0) {
        size_t plain = hf_span_find(string, '"');

        hf_buf_put_escaped(out, hf_span_cut(&string, plain), plain);
        if (hf_span_skip(&string, '"'))
            hf_buf_puts(out, "\\\"");
    }
    hf_buf_putc(out, '"');
}

void hf_txt_put_presentation(struct hf_buf *out, struct hf_span value)
{
    put_quoted(out, next_string(&value));
    while (value.len > 0) {
        hf_buf_putc(out, ' ');
        put_quoted(out, next_string(&value));
    }
}
