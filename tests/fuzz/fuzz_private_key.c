/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <stdint.h>

#include "crypto/private_key.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A key that was read can be written; what was refused has its reason. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct hf_span text = {(const char *)data, size};
    struct hf_private_key *key = NULL;
    struct hf_why why = {0};
    struct hf_buf out;
    enum hf_err err;

    hf_buf_init_grow(&out, 65536);
    if (size > 0 && data[0] == '{')
        err = hf_private_key_from_jwk(text, &key, &why);
    else
        err = hf_private_key_read(text, HF_SPAN("secret"), &key, &why);
    assert((err == HF_OK) == (key != NULL));
    assert(err == HF_OK || why.text != NULL);
    if (key != NULL) {
        err = hf_private_key_write(key, HF_SPAN(""), &out, NULL);
        assert(err == HF_OK);
        err = hf_private_key_to_jwk(key, &out, NULL);
        assert(err == HF_OK);
    }
    (void)hf_private_key_is_encrypted(text);
    hf_private_key_free(key);
    hf_buf_clear_wiped(&out);
    return 0;
}
