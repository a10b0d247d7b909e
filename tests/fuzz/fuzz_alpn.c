/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <stdint.h>

#include "net/alpn.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What reads well stays inside the input and has lengths that can be. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct hf_span text = {(const char *)data, size};
    struct hf_alpn seen = {.name_count = 7};

    if (!hf_alpn_read(text, &seen)) {
        assert(seen.name_count == 7); /* untouched */
        return 0;
    }
    assert(seen.kind <= HF_ALPN_OTHER && seen.name_count <= 255);
    assert(seen.name.ptr >= text.ptr && seen.hash.len <= 32 &&
           seen.fingerprint.len <= 32);
    assert(seen.fingerprint.ptr + seen.fingerprint.len == text.ptr + text.len);
    return 0;
}
