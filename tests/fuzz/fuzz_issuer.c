/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <stdint.h>

#include "base/alloc.h"
#include "ca/grounds.h"
#include "ca/issuer_msg.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What a parent says to the process that has a CA's key, and what that says:
 * the first octet is the kind of the frame. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct hf_issuer_name names[HF_ISSUER_NAMES_MAX];
    struct hf_span permitted[HF_CA_PERMITTED_MAX];
    char said[HF_ISSUER_SAID_MAX + 1];
    struct hf_ca_certificate certificate;
    struct hf_issuer_ready ready;
    struct hf_issuer_reply reply;
    struct hf_issuer_order order;
    struct hf_issuer_want want;
    struct hf_issuer_profiles profiles;
    struct hf_issuer_crl crl;
    struct hf_revoked revoked[HF_ISSUED_BATCH_MAX];
    struct hf_issuer_revocations revocations;
    struct hf_frame frame;
    struct hf_span root;
    struct hf_buf again;

    if (size == 0)
        return 0;
    frame = (struct hf_frame){data[0], {(const char *)data + 1, size - 1}};
    hf_buf_init_grow(&again, size + HF_FRAME_HEAD);
    if (hf_issuer_read_want(&frame, &want, NULL) == HF_OK)
        hf_issuer_put_want(&again, &want);
    else if (frame.kind == HF_ISSUER_ISSUE &&
             hf_issuer_read_order(frame.body, names, &order, NULL) == HF_OK)
        hf_issuer_put_order(&again, &order);
    else if (frame.kind == HF_ISSUER_CERTIFY &&
             hf_issuer_read_certify(frame.body, permitted, &certificate, &root,
                                    NULL) == HF_OK)
        hf_issuer_put_certify(&again, &certificate, root);
    else if (frame.kind == HF_ISSUER_PROFILES &&
             hf_issuer_read_profiles(frame.body, &profiles, NULL) == HF_OK)
        hf_issuer_put_profiles(&again, &profiles);
    else if (frame.kind == HF_ISSUER_REVOKE &&
             hf_issuer_read_revocations(frame.body, revoked, &revocations,
                                        NULL) == HF_OK)
        hf_issuer_put_revocations(&again, &revocations);
    else if (hf_issuer_read_ready(&frame, &ready, NULL) == HF_OK)
        hf_issuer_put_ready(&again, &ready);
    else if (hf_issuer_read_reply(&frame, &reply, NULL) == HF_OK)
        hf_issuer_put_reply(&again, &reply);
    else if (hf_issuer_read_failed(&frame, said, NULL) != HF_EPEER)
        assert(strlen(said) <= HF_ISSUER_SAID_MAX);
    if (frame.kind == HF_ISSUER_LIST &&
        hf_issuer_read_crl(frame.body, &crl, NULL) == HF_OK) {
        hf_issuer_put_crl(&again, &crl);
        hf_free((void *)(uintptr_t)crl.revoked);
    }
    /* What was read would be said in the same octets. */
    assert(!again.full);
    if (again.len > 0)
        assert(again.len == size + HF_FRAME_HEAD &&
               memcmp(again.ptr + HF_FRAME_HEAD, data, size) == 0);
    for (size_t i = 0;
         frame.kind == HF_ISSUER_ISSUE && again.len > 0 && i < order.name_count;
         i++)
        (void)hf_grounds_fault(&order, &order.names[i]);
    hf_buf_clear(&again);
    return 0;
}
