/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <stdint.h>

#include "crypto/crl.h"
#include "crypto/leaf_lint.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_list(struct hf_span text)
{
    struct hf_revoked revoked;
    struct hf_crl_read list;
    size_t left;

    if (hf_crl_read(text, &list, NULL) != HF_OK)
        return;
    assert(list.url.ptr + list.url.len <= text.ptr + text.len);
    for (left = list.revoked.len; hf_crl_next(&list.revoked, &revoked);
         left = list.revoked.len)
        assert(list.revoked.len < left && revoked.serial_len > 0);
}

/* Any octets, as a certificate, as a list, as what would be signed, and as a
 * key: all that is found lies inside them, and what was read once is read
 * again. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct hf_leaf_rules rules = {.lifetime_s = INT64_MAX};
    struct hf_span text = {(const char *)data, size};
    struct hf_x509_extension extension;
    struct hf_x509_issuer issuer = {0};
    struct hf_span rest, url;
    struct hf_x509 read;

    (void)hf_leaf_fault(text, &rules);
    (void)hf_spki_fault(text, true);
    check_list(text);
    (void)hf_x509_read_issuer(text, &issuer, NULL);
    if (hf_x509_read(text, &read, NULL) != HF_OK)
        return 0;
    assert(read.tbs.ptr >= text.ptr &&
           read.tbs.ptr + read.tbs.len <= text.ptr + text.len);
    assert(hf_x509_read_tbs(read.tbs, &read, NULL) == HF_OK);
    if (hf_x509_find_crl_point(read.extensions, &url))
        assert(url.ptr + url.len <= text.ptr + text.len);
    rest = read.extensions;
    while (hf_x509_next_extension(&rest, &extension))
        assert(extension.value.ptr + extension.value.len <=
               text.ptr + text.len);
    return 0;
}
