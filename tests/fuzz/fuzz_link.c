/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <stdint.h>

#include "net/link.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool is_inside(struct hf_span part, struct hf_span text)
{
    return part.len == 0 ||
           (part.ptr >= text.ptr && part.ptr + part.len <= text.ptr + text.len);
}

/* Reading goes forward, and what is read lies in the text. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct hf_span text = {(const char *)data, size};
    struct hf_span rest = text;
    struct hf_http_link link;
    size_t left = size;

    while (hf_link_next(&rest, &link)) {
        assert(rest.len < left);
        left = rest.len;
        assert(is_inside(link.url, text) && is_inside(link.rel, text));
        assert(hf_span_find(link.url, '>') == link.url.len);
    }
    return 0;
}
