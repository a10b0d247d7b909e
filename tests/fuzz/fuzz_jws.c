/* SPDX-License-Identifier: Apache-2.0 */
/* Requests to the CA: whatever is accepted holds together. */
#include <assert.h>

#include "crypto/jws_read.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct hf_span body = {(const char *)data, size};
    struct hf_public_key *key;
    struct hf_jws jws;

    if (hf_jws_read(body, &jws, NULL) != HF_OK)
        return 0;
    assert((jws.kid.len > 0) != (jws.jwk.len > 0));
    assert(jws.alg.len > 0 && jws.url.len > 0);
    assert(jws.input.len > jws.payload.len);
    assert(!hf_jws_has_mac_of(&jws, HF_SPAN("no such key")));
    if (jws.jwk.len > 0 && hf_public_key_read(jws.jwk, &key, NULL) == HF_OK) {
        (void)hf_jws_is_signed_by(&jws, key);
        hf_public_key_free(key);
    }
    hf_jws_clear(&jws);
    return 0;
}
