/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <stdint.h>

#include "crypto/csr.h"
#include "holdfast/name.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What was read has names that a request of our own may have. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct hf_span text = {(const char *)data, size};
    struct hf_csr csr = {0};
    struct hf_why why = {0};

    if (hf_csr_read(text, &csr, &why) != HF_OK) {
        assert(csr.bytes == NULL && why.text != NULL);
        return 0;
    }
    assert(csr.san.names.dns_count + csr.san.names.ip_count > 0);
    for (size_t i = 0; i < csr.san.names.dns_count; i++) {
        struct hf_span name = csr.san.names.dns[i];

        (void)hf_name_take_star(&name);
        assert(hf_name_is_canonical(name));
    }
    hf_csr_clear(&csr);
    return 0;
}
