/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What comes to a process that has a key, and what comes back: the first octet
 * is the kind of frame, the rest its body; and the whole as octets to be
 * signed.
 */
#include <assert.h>

#include "client/key_msg.h"
#include "client/sign_rule.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct hf_span all = {(const char *)data, size};
    struct hf_frame frame = {.kind = size == 0 ? 0 : data[0], .body = all};
    struct hf_sign_request request;
    char said[HF_KEY_SAID_MAX + 1];
    struct hf_key_ready ready;
    struct hf_key_want want;
    struct hf_why why = {0};

    if (hf_sign_read(all, &request, NULL) == HF_OK) {
        assert(request.url.len > 0);
        (void)hf_sign_is_at(&request, HF_SPAN("https://ca.example/"));
        hf_sign_clear(&request);
    }
    (void)hf_span_cut(&frame.body, size == 0 ? 0 : 1);
    if (hf_key_read_want(&frame, &want, NULL) == HF_OK)
        assert(want.pem.len <= size && want.passphrase.len <= size &&
               want.reach.environment.len <= size);
    if (hf_key_read_ready(&frame, &ready, NULL) == HF_OK)
        assert(ready.signer.jwk_len <= HF_JWK_MAX);
    assert(hf_key_read_failed(&frame, said, &why) != HF_OK);
    assert(why.text != NULL);
    return 0;
}
