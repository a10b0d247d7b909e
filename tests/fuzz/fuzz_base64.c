/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/base64.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Octets have one spelling, and a spelling has one meaning. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct hf_span span = {(const char *)data, size};
    size_t len = HF_BASE64URL_LEN(size);
    char *text = malloc(len + 1);
    unsigned char *octets = malloc(len + 1);

    if (text == NULL || octets == NULL)
        abort();
    hf_base64url(span, text);
    assert(hf_base64url_decode((struct hf_span){text, len}, octets));
    assert(size == 0 || memcmp(octets, data, size) == 0);

    if (hf_base64url_decode(span, octets)) {
        struct hf_span decoded = {(const char *)octets, size * 3 / 4};

        assert(HF_BASE64URL_LEN(decoded.len) == size);
        hf_base64url(decoded, text);
        assert(hf_span_eq((struct hf_span){text, size}, span));
    }
    free(text);
    free(octets);
    return 0;
}
