/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <stdint.h>

#include "base/base64.h"
#include "holdfast/hashed_uri.h"
#include "holdfast/issue_value.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The parts of a URI that was read are all of it. */
static void check_parts(const struct hf_hashed_uri *got, struct hf_span uri)
{
    struct hf_span rest = uri;
    struct hf_span name = hf_span_str(hf_hash_alg_name(got->alg));
    unsigned char hash[HF_HASH_MAX + 1];
    char text[HF_HASH_TEXT_MAX];

    assert(got->prefix.len > 0 && hf_span_starts(rest, got->prefix));
    (void)hf_span_cut(&rest, got->prefix.len);
    assert(hf_span_starts(rest, name));
    (void)hf_span_cut(&rest, name.len);
    assert(hf_span_skip(&rest, '/'));
    assert(hf_span_eq(rest, got->digest));
    assert(hf_base64url_decode(rest, hash));
    hf_base64url(
        (struct hf_span){(const char *)hash, hf_hash_alg_size(got->alg)}, text);
    assert(hf_span_eq((struct hf_span){text, rest.len}, rest));
    assert(memcmp(hash, got->hash, hf_hash_alg_size(got->alg)) == 0);
    assert(hf_value_is_safe(uri) == hf_value_is_safe(got->prefix));
}

/* The first line is a prefix, the second a URI. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct hf_span uri = {(const char *)data, size};
    struct hf_span prefixes[2] = {{0}, HF_SPAN_INIT("https://ca.example/")};
    enum hf_prefix_state state;
    struct hf_hashed_uri got;
    enum hf_reason reason;
    size_t at;

    prefixes[0] = hf_span_cut(&uri, hf_span_find(uri, '\n'));
    (void)hf_span_skip(&uri, '\n');
    state = hf_prefix_check(prefixes[0]);
    if (state == HF_PREFIX_USABLE || state == HF_PREFIX_USABLE_NO_SLASH)
        assert(hf_value_is_safe(prefixes[0]) && prefixes[0].len > 7);
    assert((state == HF_PREFIX_USABLE) <=
           hf_span_ends(prefixes[0], HF_SPAN("/")));

    reason = hf_hashed_uri_read(uri, prefixes, 2, 0x7ff, &got, &at);
    assert(at <= uri.len);
    if (reason == HF_REASON_OK)
        check_parts(&got, uri);
    else
        assert(hf_reason_outcome(reason) == HF_OUTCOME_MALFORMED);
    return 0;
}
