/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tpm2_token.c -- the shared object for TPMs: a signing key of P-256 below the
 * storage key, which the TPM makes anew, always the same, from its own seed. It
 * leaves nothing but its driver to be seen.
 */
#include "crypto/tpm2_token.h"

#include <openssl/err.h>
#include <tss2/tss2_mu.h>
#include <tss2/tss2_tctildr.h>

#include "base/alloc.h"
#include "crypto/evp_key.h"

#define TCTI_DEFAULT "device:/dev/tpmrm0"
#define TCTI_MAX     1024
#define HALF         32 /* octets of r, s, x and y */

/* Nothing stays in the TPM, which may have room for three keys. */
static void flush(const struct hf_tpm2_token *token, ESYS_TR *object)
{
    if (*object != ESYS_TR_NONE)
        (void)Esys_FlushContext(token->esys, *object);
    *object = ESYS_TR_NONE;
}

static void token_free(void *opaque)
{
    struct hf_tpm2_token *token = opaque;

    flush(token, &token->key);
    flush(token, &token->session);
    flush(token, &token->primary);
    Esys_Finalize(&token->esys);
    Tss2_TctiLdr_Finalize(&token->tcti);
    EVP_PKEY_free(token->public_half);
    hf_free_wiped(token, sizeof(*token));
}

/* ---- the TPM ---- */

static enum hf_err connect_to(struct hf_tpm2_token *token, struct hf_span tcti,
                              struct hf_why *why)
{
    char text[TCTI_MAX] = TCTI_DEFAULT;
    TSS2_RC rc;

    if (tcti.len >= sizeof(text))
        return hf_fail(why, HF_ELIMIT, 0, "the TCTI is too long");
    if (tcti.len > 0) {
        memcpy(text, tcti.ptr, tcti.len);
        text[tcti.len] = '\0';
    }
    rc = Tss2_TctiLdr_Initialize(text, &token->tcti);
    if (rc == TSS2_RC_SUCCESS)
        rc = Esys_Initialize(&token->esys, token->tcti, NULL);
    return rc == TSS2_RC_SUCCESS ? HF_OK
                                 : hf_tpm2_fail(HF_TPM2_CONNECT, rc, why);
}

static enum hf_err token_open(const struct hf_token_plan *plan, void **out,
                              struct hf_why *why)
{
    struct hf_tpm2_token *token = hf_alloc(1, sizeof(*token));
    enum hf_err err = HF_OK;

    if (token == NULL)
        return hf_fail(why, HF_ENOMEM, 0, "out of memory");
    token->make = plan->make;
    token->primary = token->key = token->session = ESYS_TR_NONE;
    if (plan->make && plan->kind != HF_KEY_P256)
        err = hf_fail(why, HF_EINVAL, 0, "keys in a TPM are of type p256");
    else if (!plan->make)
        err =
            hf_key_note_read_tpm2(plan->where, token->room, &token->note, why);
    if (err == HF_OK)
        err = connect_to(token, plan->tcti, why);
    if (err == HF_OK)
        *out = token;
    else
        token_free(token);
    return err;
}

/* ---- the keys above and ours ---- */

#define KEPT                                                                   \
    (TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT |                          \
     TPMA_OBJECT_SENSITIVEDATAORIGIN | TPMA_OBJECT_USERWITHAUTH)

/* The storage key as the other programs make it that use such files: P-256,
 * AES-128-CFB, no entropy from us. */
static const TPM2B_PUBLIC storage = {
    .publicArea =
        {
            .type = TPM2_ALG_ECC,
            .nameAlg = TPM2_ALG_SHA256,
            .objectAttributes = KEPT | TPMA_OBJECT_RESTRICTED |
                                TPMA_OBJECT_DECRYPT | TPMA_OBJECT_NODA,
            .parameters.eccDetail =
                {
                    .symmetric = {.algorithm = TPM2_ALG_AES,
                                  .keyBits.aes = 128,
                                  .mode.aes = TPM2_ALG_CFB},
                    .scheme.scheme = TPM2_ALG_NULL,
                    .curveID = TPM2_ECC_NIST_P256,
                    .kdf.scheme = TPM2_ALG_NULL,
                },
        },
};

/* With a passphrase guesses are counted; without one there is nothing to guess,
 * and other people's guesses must not stop us. */
static TPM2B_PUBLIC signing_key(bool has_auth)
{
    TPM2B_PUBLIC template = {
        .publicArea =
            {
                .type = TPM2_ALG_ECC,
                .nameAlg = TPM2_ALG_SHA256,
                .objectAttributes = KEPT | TPMA_OBJECT_SIGN_ENCRYPT,
                .parameters.eccDetail =
                    {
                        .symmetric.algorithm = TPM2_ALG_NULL,
                        .scheme.scheme = TPM2_ALG_NULL,
                        .curveID = TPM2_ECC_NIST_P256,
                        .kdf.scheme = TPM2_ALG_NULL,
                    },
            },
    };

    if (!has_auth)
        template.publicArea.objectAttributes |= TPMA_OBJECT_NODA;
    return template;
}

/* What goes over the bus is sealed for the storage key: there may be somebody
 * on it. */
static TSS2_RC open_session(struct hf_tpm2_token *token)
{
    const TPMT_SYM_DEF aes = {.algorithm = TPM2_ALG_AES,
                              .keyBits.aes = 128,
                              .mode.aes = TPM2_ALG_CFB};
    TSS2_RC rc = Esys_StartAuthSession(token->esys, token->primary,
                                       ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
                                       ESYS_TR_NONE, NULL, TPM2_SE_HMAC, &aes,
                                       TPM2_ALG_SHA256, &token->session);

    if (rc != TSS2_RC_SUCCESS) {
        token->session = ESYS_TR_NONE;
        return rc;
    }
    return Esys_TRSess_SetAttributes(
        token->esys, token->session,
        TPMA_SESSION_CONTINUESESSION | TPMA_SESSION_DECRYPT, 0xff);
}

static enum hf_err make_parent(struct hf_tpm2_token *token, struct hf_why *why)
{
    const TPM2B_SENSITIVE_CREATE nothing = {0};
    const TPM2B_DATA no_data = {0};
    const TPML_PCR_SELECTION no_pcrs = {0};
    TSS2_RC rc = Esys_CreatePrimary(
        token->esys, ESYS_TR_RH_OWNER, ESYS_TR_PASSWORD, ESYS_TR_NONE,
        ESYS_TR_NONE, &nothing, &storage, &no_data, &no_pcrs, &token->primary,
        NULL, NULL, NULL, NULL);

    if (rc != TSS2_RC_SUCCESS)
        token->primary = ESYS_TR_NONE;
    else
        rc = open_session(token);
    return rc == TSS2_RC_SUCCESS ? HF_OK
                                 : hf_tpm2_fail(HF_TPM2_PARENT, rc, why);
}

static enum hf_err load(struct hf_tpm2_token *token,
                        const TPM2B_PRIVATE *private,
                        const TPM2B_PUBLIC *public, struct hf_span pin,
                        struct hf_why *why)
{
    TPM2B_AUTH auth = {.size = (UINT16)pin.len};
    TSS2_RC rc =
        Esys_Load(token->esys, token->primary, ESYS_TR_PASSWORD, ESYS_TR_NONE,
                  ESYS_TR_NONE, private, public, &token->key);

    if (rc != TSS2_RC_SUCCESS) {
        token->key = ESYS_TR_NONE;
        return hf_tpm2_fail(HF_TPM2_LOAD, rc, why);
    }
    if (pin.len > 0)
        memcpy(auth.buffer, pin.ptr, pin.len);
    rc = Esys_TR_SetAuth(token->esys, token->key, &auth);
    OPENSSL_cleanse(&auth, sizeof(auth));
    return rc == TSS2_RC_SUCCESS ? HF_OK : hf_tpm2_fail(HF_TPM2_LOAD, rc, why);
}

/* ---- notes ---- */

static enum hf_err put_note(const TPM2B_PRIVATE *private,
                            const TPM2B_PUBLIC *public, bool has_auth,
                            struct hf_buf *out, struct hf_why *why)
{
    uint8_t octets[2][HF_TPM2_NOTE_MAX];
    size_t public_len = 0;
    size_t private_len = 0;
    struct hf_tpm2_note note = {.has_auth = has_auth, .parent = TPM2_RH_OWNER};

    if (Tss2_MU_TPM2B_PUBLIC_Marshal(public, octets[0], sizeof(octets[0]),
                                     &public_len) != TSS2_RC_SUCCESS ||
        Tss2_MU_TPM2B_PRIVATE_Marshal(private, octets[1], sizeof(octets[1]),
                                      &private_len) != TSS2_RC_SUCCESS)
        return hf_fail(why, HF_ECRYPTO, 0, "the TPM made no sensible key");
    note.public = (struct hf_span){(char *)octets[0], public_len};
    note.private = (struct hf_span){(char *)octets[1], private_len};
    return hf_key_note_write_tpm2(&note, out, why);
}

static enum hf_err take_note(const struct hf_tpm2_note *note,
                             TPM2B_PRIVATE *private, TPM2B_PUBLIC *public,
                             struct hf_why *why)
{
    size_t public_at = 0;
    size_t private_at = 0;

    if (note->parent != TPM2_RH_OWNER)
        return hf_fail(why, HF_EINVAL, 0,
                       "this TPM key lies below another one than the storage "
                       "key of the owner");
    if (Tss2_MU_TPM2B_PUBLIC_Unmarshal((const uint8_t *)note->public.ptr,
                                       note->public.len, &public_at,
                                       public) != TSS2_RC_SUCCESS ||
        Tss2_MU_TPM2B_PRIVATE_Unmarshal((const uint8_t *)note->private.ptr,
                                        note->private.len, &private_at,
                                        private) != TSS2_RC_SUCCESS ||
        public_at != note->public.len || private_at != note->private.len)
        return hf_fail(why, HF_ESYNTAX, 0,
                       "what the TPM wrapped is damaged: restore the file from "
                       "a backup");
    return HF_OK;
}

/* ---- the two ways to a key ---- */

static enum hf_err make_key(struct hf_tpm2_token *token, struct hf_span pin,
                            TPM2B_PUBLIC *public, struct hf_buf *note,
                            struct hf_why *why)
{
    const TPM2B_PUBLIC template = signing_key(pin.len > 0);
    TPM2B_SENSITIVE_CREATE sensitive = {.sensitive.userAuth.size =
                                            (UINT16)pin.len};
    const TPM2B_DATA no_data = {0};
    const TPML_PCR_SELECTION no_pcrs = {0};
    TPM2B_PRIVATE *private = NULL;
    TPM2B_PUBLIC *made = NULL;
    enum hf_err err;
    TSS2_RC rc;

    if (pin.len > 0)
        memcpy(sensitive.sensitive.userAuth.buffer, pin.ptr, pin.len);
    rc = Esys_Create(token->esys, token->primary, token->session, ESYS_TR_NONE,
                     ESYS_TR_NONE, &sensitive, &template, &no_data, &no_pcrs,
                     &private, &made, NULL, NULL, NULL);
    OPENSSL_cleanse(&sensitive, sizeof(sensitive));
    if (rc != TSS2_RC_SUCCESS)
        return hf_tpm2_fail(HF_TPM2_MAKE, rc, why);
    err = load(token, private, made, pin, why);
    if (err == HF_OK)
        err = put_note(private, made, pin.len > 0, note, why);
    *public = *made;
    Esys_Free(private);
    Esys_Free(made);
    return err;
}

static enum hf_err find_key(struct hf_tpm2_token *token, struct hf_span pin,
                            TPM2B_PUBLIC *public, struct hf_buf *note,
                            struct hf_why *why)
{
    TPM2B_PRIVATE private = {0};
    enum hf_err err = take_note(&token->note, &private, public, why);

    if (err == HF_OK)
        err = load(token, &private, public, pin, why);
    return err == HF_OK ? hf_key_note_write_tpm2(&token->note, note, why) : err;
}

/* ---- the public half ---- */

/* To `size` octets, zeros in front: the TPM may leave them out. */
static bool pad(unsigned char *to, const TPM2B_ECC_PARAMETER *number)
{
    if (number->size > HALF)
        return false;
    memset(to, 0, HALF);
    memcpy(to + HALF - number->size, number->buffer, number->size);
    return true;
}

static enum hf_err describe(struct hf_tpm2_token *token,
                            const TPM2B_PUBLIC *public,
                            struct hf_token_key *out, struct hf_why *why)
{
    const TPMS_ECC_POINT *at = &public->publicArea.unique.ecc;
    unsigned char point[1 + 2 * HALF] = {0x04};
    enum hf_err err;

    if (public->publicArea.type == TPM2_ALG_ECC &&
        public->publicArea.parameters.eccDetail.curveID == TPM2_ECC_NIST_P256 &&
        pad(point + 1, &at->x) && pad(point + 1 + HALF, &at->y))
        token->public_half = hf_evp_from_point(
            "prime256v1", (struct hf_span){(char *)point, sizeof(point)}, NULL);
    ERR_clear_error();
    if (token->public_half == NULL)
        return hf_fail(why, HF_EINVAL, 0,
                       "this TPM key is not of the P-256 kind");
    err = hf_signer_describe(&out->signer, token->public_half, why);
    return err == HF_OK ? hf_evp_kind(token->public_half, &out->kind, why)
                        : err;
}

/* ---- signing ---- */

static enum hf_err sign(void *opaque, struct hf_span data, struct hf_buf *out,
                        struct hf_why *why)
{
    static const TPMT_SIG_SCHEME ecdsa = {
        .scheme = TPM2_ALG_ECDSA, .details.ecdsa.hashAlg = TPM2_ALG_SHA256};
    static const TPMT_TK_HASHCHECK no_ticket = {.tag = TPM2_ST_HASHCHECK,
                                                .hierarchy = TPM2_RH_NULL};
    struct hf_tpm2_token *token = opaque;
    TPM2B_DIGEST digest = {.size = HALF};
    unsigned char pair[2 * HALF];
    TPMT_SIGNATURE *made = NULL;
    bool good;
    TSS2_RC rc;

    if (EVP_Digest(data.ptr, data.len, digest.buffer, NULL, EVP_sha256(),
                   NULL) != 1)
        return hf_evp_failed(why);
    rc = Esys_Sign(token->esys, token->key, token->session, ESYS_TR_NONE,
                   ESYS_TR_NONE, &digest, &ecdsa, &no_ticket, &made);
    if (rc != TSS2_RC_SUCCESS)
        return hf_tpm2_fail(HF_TPM2_SIGN, rc, why);
    good = made->sigAlg == TPM2_ALG_ECDSA &&
           pad(pair, &made->signature.ecdsa.signatureR) &&
           pad(pair + HALF, &made->signature.ecdsa.signatureS);
    Esys_Free(made);
    if (!good)
        return hf_fail(why, HF_ECRYPTO, 0, "the TPM made no P-256 signature");
    return hf_evp_give_signature(token->public_half, data,
                                 (struct hf_span){(char *)pair, sizeof(pair)},
                                 out, why);
}

/* A wrong passphrase is found out when it is used: so that it is now, and not
 * in the middle of something, one signature is thrown away. */
static enum hf_err try_key(struct hf_tpm2_token *token, struct hf_why *why)
{
    char room[HF_SIGNATURE_MAX];
    struct hf_buf unused;

    hf_buf_init(&unused, room, sizeof(room));
    return sign(token, HF_SPAN("holdfast"), &unused, why);
}

static enum hf_err token_use(void *opaque, struct hf_span pin,
                             struct hf_token_key *out, struct hf_buf *note,
                             struct hf_why *why)
{
    struct hf_tpm2_token *token = opaque;
    struct hf_token_key made = {
        .signer = {.sign = sign, .free = token_free, .state = token}};
    TPM2B_PUBLIC public = {0};
    enum hf_err err;

    if (pin.len > HALF)
        return hf_fail(why, HF_ELIMIT, 0,
                       "the passphrase of a key in a TPM has at most 32 "
                       "octets");
    err = make_parent(token, why);
    if (err == HF_OK)
        err = token->make ? make_key(token, pin, &public, note, why)
                          : find_key(token, pin, &public, note, why);
    flush(token, &token->primary);
    if (err == HF_OK)
        err = describe(token, &public, &made, why);
    if (err == HF_OK)
        err = try_key(token, why);
    if (err == HF_OK)
        *out = made;
    return err;
}

__attribute__((visibility("default")))
const struct hf_token_driver hf_token_driver_1 = {
    .open = token_open, .use = token_use, .free = token_free};
