/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/evp_key.h"
#include "crypto/pkcs11_token.h"

/* What is signed for each algorithm: the token computes no digests. */
struct job {
    CK_MECHANISM mechanism;
    const EVP_MD *md; /* NULL: inside the algorithm */
    struct hf_span prefix;
};

static struct job job_of(enum hf_sig_alg alg)
{
    /* RFC 8017, 9.2, note 1: DigestInfo of SHA-256. */
    static const unsigned char digest_info[] = {
        0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01,
        0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20};

    switch (alg) {
    case HF_ES256:
        return (struct job){{CKM_ECDSA, NULL, 0}, EVP_sha256(), {0}};
    case HF_ES384:
        return (struct job){{CKM_ECDSA, NULL, 0}, EVP_sha384(), {0}};
    case HF_EDDSA:
        return (struct job){{CKM_EDDSA, NULL, 0}, NULL, {0}};
    case HF_RS256:
        break;
    }
    return (struct job){{CKM_RSA_PKCS, NULL, 0},
                        EVP_sha256(),
                        {(const char *)digest_info, sizeof(digest_info)}};
}

static CK_RV ask(struct hf_pkcs11_token *token, struct job *job,
                 struct hf_span data, struct hf_pkcs11_octets *out)
{
    CK_FUNCTION_LIST *module = token->module;
    CK_RV rv = module->C_SignInit(token->session, &job->mechanism, token->key);
    /* C_Sign() does not write there, whatever its type says. */
    CK_BYTE *octets = (CK_BYTE *)(uintptr_t)data.ptr;

    if (rv == CKR_OK && token->asks_each_time)
        rv = hf_pkcs11_login(token, CKU_CONTEXT_SPECIFIC);
    out->len = sizeof(out->data);
    if (rv == CKR_OK)
        rv = module->C_Sign(token->session, octets, data.len, out->data,
                            &out->len);
    return rv;
}

enum hf_err hf_pkcs11_sign(void *opaque, struct hf_span data,
                           struct hf_buf *out, struct hf_why *why)
{
    struct hf_pkcs11_token *token = opaque;
    struct job job = job_of(token->alg);
    unsigned char input[EVP_MAX_MD_SIZE + 32];
    struct hf_span wanted = data;
    struct hf_pkcs11_octets signature;
    unsigned size = 0;

    if (job.md != NULL) {
        if (job.prefix.len > 0)
            memcpy(input, job.prefix.ptr, job.prefix.len);
        if (EVP_Digest(data.ptr, data.len, input + job.prefix.len, &size,
                       job.md, NULL) != 1)
            return hf_evp_failed(why);
        wanted = (struct hf_span){(char *)input, job.prefix.len + size};
    }
    if (ask(token, &job, wanted, &signature) != CKR_OK)
        return hf_fail(why, HF_EPEER, 0,
                       "the token refuses to sign, or is no longer there");
    return hf_evp_give_signature(
        token->public_half, data,
        (struct hf_span){(char *)signature.data, signature.len}, out, why);
}
