/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>

#include "holdfast/txt.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What zone-file text says, read by the rules of RFC 1035, section 5.1. */
static unsigned char unescape(struct hf_span *rest)
{
    struct hf_span part = hf_span_cut(rest, 1);

    assert(part.ptr[0] >= 0x20 && part.ptr[0] <= 0x7e && part.ptr[0] != '"');
    if (part.ptr[0] != '\\')
        return (unsigned char)part.ptr[0];
    if (!hf_is_digit(rest->ptr[0]))
        return (unsigned char)hf_span_cut(rest, 1).ptr[0];
    part = hf_span_cut(rest, 3);
    return (unsigned char)((part.ptr[0] - '0') * 100 +
                           (part.ptr[1] - '0') * 10 + (part.ptr[2] - '0'));
}

static void check_presentation(struct hf_span value)
{
    struct hf_buf out;
    struct hf_span rest;
    size_t strings = 0;

    hf_buf_init_grow(&out, 6 * value.len + 64);
    hf_txt_put_presentation(&out, value);
    assert(!out.full);
    rest = hf_buf_span(&out);
    do {
        size_t len = 0;

        assert(hf_span_skip(&rest, '"'));
        for (; rest.ptr[0] != '"'; len++)
            assert(unescape(&rest) ==
                   (unsigned char)hf_span_cut(&value, 1).ptr[0]);
        assert(hf_span_skip(&rest, '"') && len <= 255);
        strings++;
    } while (hf_span_skip(&rest, ' '));
    assert(rest.len == 0 && value.len == 0 && strings > 0);
    hf_buf_clear(&out);
}

/* What was joined splits into as few strings as it needs, and joins again. */
static void check_value(struct hf_span value, char *room)
{
    struct hf_buf out;
    struct hf_span again;

    hf_buf_init_grow(&out, 2 * value.len + 64);
    hf_txt_put_rdata(&out, value);
    assert(out.len == value.len + hf_txt_string_count(value.len));
    assert(hf_txt_join(hf_buf_span(&out), room, &again, NULL) == HF_OK);
    assert(hf_span_eq(again, value));
    hf_buf_clear(&out);
    check_presentation(value);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct hf_span rdata = {(const char *)data, size};
    char *first = malloc(size + 1);
    char *second = malloc(2 * size + 64);
    struct hf_span value;
    struct hf_why why = {0};

    if (first == NULL || second == NULL)
        abort();
    if (hf_txt_join(rdata, first, &value, &why) == HF_OK) {
        assert(value.len <= size);
        check_value(value, second);
    } else {
        assert(why.at <= size);
    }
    free(first);
    free(second);
    return 0;
}
