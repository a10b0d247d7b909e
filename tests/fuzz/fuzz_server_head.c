/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <stdint.h>

#include "net/field.h"
#include "net/server_read.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct hf_server_bounds bounds = {.header_max = 16384,
                                               .body_max = 65536};

/* How often a field of this name is there, read as naively as can be. */
static unsigned count(struct hf_span text, struct hf_span name)
{
    unsigned found = 0;

    while (text.len > 0) {
        struct hf_span line = hf_span_cut(&text, hf_span_find(text, '\n'));

        (void)hf_span_skip(&text, '\n');
        line.len = hf_span_find(line, ':');
        found += hf_span_eq_nocase(hf_field_trim(line), name);
    }
    return found;
}

/* What is good has one reading: lines end in CR LF, one Host, one length at
 * most, no coding, no control octet. */
static void check(struct hf_span text, const struct hf_server_head *head)
{
    const struct hf_server_request *r = &head->request;

    assert(head->len <= text.len && head->len <= bounds.header_max);
    assert(head->body_len <= bounds.body_max);
    assert(r->target.len > 0 && r->target.ptr[0] == '/');
    assert(hf_field_is_token(r->method_text));
    text.len = head->len;
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];

        assert(c >= ' ' || c == '\t' || c == '\r' || c == '\n');
        assert(c != '\n' || text.ptr[i - 1] == '\r');
        assert(c != '\r' || text.ptr[i + 1] == '\n');
    }
    assert(count(text, HF_SPAN("host")) <= 1);
    assert(count(text, HF_SPAN("content-length")) <= 1);
    assert(count(text, HF_SPAN("transfer-encoding")) == 0);
}

/* However the octets come, the same is said of them. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct hf_span text = {(const char *)data, size};
    struct hf_server_head whole = {0};
    struct hf_server_head parts = {0};
    size_t seen = 0;
    int status = hf_server_read_head(text, &seen, &bounds, &whole);
    int later = 0;

    assert(status == 0 || (status >= 400 && status <= 505));
    if (status == 0 && whole.len > 0)
        check(text, &whole);
    seen = 0;
    for (size_t n = 1; n <= size && later == 0 && parts.len == 0; n++)
        later = hf_server_read_head((struct hf_span){text.ptr, n}, &seen,
                                    &bounds, &parts);
    assert(parts.len == whole.len);
    assert(later == status || whole.len == 0);
    return 0;
}
