/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <stdint.h>

#include "crypto/certificate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What was read is written as certificates only, and reads the same again. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct hf_span text = {(const char *)data, size};
    struct hf_certificate *again = NULL;
    struct hf_certificate *chain = NULL;
    struct hf_why why = {0};

    if (hf_certificate_read(text, &chain, &why) != HF_OK) {
        assert(chain == NULL && why.text != NULL);
        return 0;
    }
    assert(chain->leaf.len + chain->chain.len == chain->pem.len);
    if (chain->pem.len <= HF_CHAIN_TEXT_MAX &&
        hf_certificate_read(chain->pem, &again, &why) == HF_OK) {
        assert(again->count == chain->count);
        assert(hf_span_eq(again->ari_id, chain->ari_id));
        assert(hf_span_eq(again->serial, chain->serial));
    }
    hf_certificate_free(again);
    hf_certificate_free(chain);
    return 0;
}
