/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <stdint.h>

#include "base/base64.h"
#include "crypto/jwk.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A thumbprint is one, or nothing is written and a sentence says why. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct hf_span text = {(const char *)data, size};
    char out[HF_THUMBPRINT_LEN] = {0};
    struct hf_why why = {0};

    if (hf_jwk_thumbprint(text, out, &why) == HF_OK)
        assert(hf_base64url_is_canonical(
            (struct hf_span){out, HF_THUMBPRINT_LEN}));
    else
        assert(out[0] == '\0' && why.text != NULL);
    return 0;
}
