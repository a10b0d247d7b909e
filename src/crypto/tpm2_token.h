/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tpm2_token.h -- inside the shared object for TPMs (TPM 2.0 Library, revision
 * 1.59). Nobody else includes this.
 */
#pragma once

#include <openssl/evp.h>
#include <tss2/tss2_esys.h>

#include "crypto/token.h"

struct hf_tpm2_token {
    TSS2_TCTI_CONTEXT *tcti;
    ESYS_CONTEXT *esys;
    bool make;
    struct hf_tpm2_note note; /* of the key that is there */
    unsigned char room[HF_TPM2_NOTE_MAX];
    ESYS_TR primary; /* ESYS_TR_NONE: is not there; these three */
    ESYS_TR key;
    ESYS_TR session;
    EVP_PKEY *public_half;
};

/* What was being done when the TPM said no. */
enum hf_tpm2_step {
    HF_TPM2_CONNECT,
    HF_TPM2_PARENT, /* make the key above ours */
    HF_TPM2_MAKE,
    HF_TPM2_LOAD,
    HF_TPM2_SIGN,
};

/* A sentence about it, with the way out. HF_EINVAL when that is a person's,
 * else HF_EPEER. */
enum hf_err hf_tpm2_fail(enum hf_tpm2_step step, TSS2_RC rc,
                         struct hf_why *why);
