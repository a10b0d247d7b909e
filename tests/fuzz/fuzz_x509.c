/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <stdint.h>

#include "crypto/leaf_lint.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Any octets, as a certificate, as what would be signed, and as a key: all
 * that is found lies inside them, and what was read once is read again. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct hf_leaf_rules rules = {.lifetime_s = INT64_MAX};
    struct hf_span text = {(const char *)data, size};
    struct hf_x509_extension extension;
    struct hf_x509_issuer issuer = {0};
    struct hf_span rest;
    struct hf_x509 read;

    (void)hf_leaf_fault(text, &rules);
    (void)hf_spki_fault(text, true);
    (void)hf_x509_read_issuer(text, &issuer, NULL);
    if (hf_x509_read(text, &read, NULL) != HF_OK)
        return 0;
    assert(read.tbs.ptr >= text.ptr &&
           read.tbs.ptr + read.tbs.len <= text.ptr + text.len);
    assert(hf_x509_read_tbs(read.tbs, &read, NULL) == HF_OK);
    rest = read.extensions;
    while (hf_x509_next_extension(&rest, &extension))
        assert(extension.value.ptr + extension.value.len <=
               text.ptr + text.len);
    return 0;
}
