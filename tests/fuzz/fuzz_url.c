/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <stdint.h>

#include "net/url.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool is_inside(struct hf_span part, struct hf_span text)
{
    return part.ptr >= text.ptr && part.ptr + part.len <= text.ptr + text.len;
}

static void check_url(const struct hf_url *url, struct hf_span text)
{
    assert(is_inside(url->authority, text) && url->port != 0);
    assert(is_inside(url->host, url->authority) && url->host.len > 0);
    assert(url->target.len > 0 && url->target.ptr[0] == '/');
    for (size_t i = 0; i < text.len; i++)
        assert(text.ptr[i] > ' ' && text.ptr[i] < 0x7f && text.ptr[i] != '#');
    assert(hf_url_same_origin(url, url));
}

/* A base, a line feed, a reference: whatever is made of them is a URL, and
 * resolves to itself. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct hf_span reference = {(const char *)data, size};
    struct hf_span base =
        hf_span_cut(&reference, hf_span_find(reference, '\n'));
    char room[HF_URL_MAX], again[HF_URL_MAX];
    struct hf_buf made, same;
    struct hf_url url;
    struct hf_why why = {0};

    (void)hf_span_skip(&reference, '\n');
    hf_buf_init(&made, room, sizeof(room));
    hf_buf_init(&same, again, sizeof(again));
    if (hf_url_parse(base, &url, &why) != HF_OK) {
        assert(why.at <= base.len && why.text != NULL);
        assert(hf_url_resolve(base, reference, &made, NULL) != HF_OK);
        return 0;
    }
    check_url(&url, base);
    if (hf_url_resolve(base, reference, &made, NULL) != HF_OK) {
        assert(made.full || made.len == 0);
        return 0;
    }
    assert(hf_url_parse(hf_buf_span(&made), &url, NULL) == HF_OK);
    check_url(&url, hf_buf_span(&made));
    assert(hf_url_resolve(base, hf_buf_span(&made), &same, NULL) == HF_OK);
    assert(hf_span_eq(hf_buf_span(&made), hf_buf_span(&same)));
    return 0;
}
