/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/tpm2_token.h"

/* Without the layer, and without the number of the parameter, handle or
 * session that it is about (TPM 2.0 Library, part 2, 6.6). */
static TSS2_RC code_of(TSS2_RC rc)
{
    rc &= ~(TSS2_RC)TSS2_RC_LAYER_MASK;
    return (rc & TPM2_RC_FMT1) != 0 ? rc & (TPM2_RC_FMT1 | 0x3fU) : rc;
}

static const char *text_of(enum hf_tpm2_step step)
{
    switch (step) {
    case HF_TPM2_CONNECT:
        return "no TPM can be reached: is there one, may we open it (group "
               "tss), and is --tcti right?";
    case HF_TPM2_PARENT:
        return "the TPM makes no storage key of the P-256 kind";
    case HF_TPM2_MAKE:
        return "the TPM makes no key";
    case HF_TPM2_LOAD:
        return "the TPM does not load the key";
    case HF_TPM2_SIGN:
        break;
    }
    return "the TPM does not sign, or is no longer there";
}

enum hf_err hf_tpm2_fail(enum hf_tpm2_step step, TSS2_RC rc, struct hf_why *why)
{
    if (step != HF_TPM2_CONNECT && rc == TSS2_TCTI_RC_IO_ERROR)
        return hf_fail(why, HF_EPEER, 0,
                       "the TPM can no longer be reached; one that is reached "
                       "by a network, as swtpm, needs --token-allow network");
    switch (code_of(rc)) {
    case TPM2_RC_LOCKOUT:
        return hf_fail(why, HF_EINVAL, 0,
                       "the TPM is locked after too many wrong passphrases: "
                       "wait until it forgets them (tpm2_getcap "
                       "properties-variable says when), or let its owner "
                       "run tpm2_dictionarylockout --clear-lockout");
    case TPM2_RC_AUTH_FAIL:
    case TPM2_RC_BAD_AUTH:
        if (step == HF_TPM2_PARENT)
            return hf_fail(why, HF_EINVAL, 0,
                           "the owner of this TPM has set a password, and "
                           "without it no key can be used below its storage "
                           "key");
        return hf_fail(why, HF_EINVAL, 0,
                       "the passphrase of the key in the TPM is wrong: after "
                       "some more tries it locks");
    case TPM2_RC_HIERARCHY:
        return hf_fail(why, HF_EINVAL, 0,
                       "the owner hierarchy of this TPM is switched off: the "
                       "firmware's settings switch it on");
    case TPM2_RC_INTEGRITY:
        return hf_fail(why, HF_EINVAL, 0,
                       "this key belongs to another TPM, or this one was "
                       "cleared since, and nothing brings it back: where that "
                       "TPM still is, 'holdfast account rollover --key file' "
                       "there saves the account, else make a new one and "
                       "publish its records");
    case TPM2_RC_INITIALIZE:
        return hf_fail(why, HF_EPEER, 0,
                       "the TPM was not started: tpm2_startup does, and the "
                       "firmware or kernel should have");
    case TPM2_RC_OBJECT_MEMORY:
    case TPM2_RC_SESSION_MEMORY:
        return hf_fail(why, HF_EPEER, 0,
                       "the TPM is full of what others left there: reach it by "
                       "the kernel's device:/dev/tpmrm0, or run "
                       "tpm2_flushcontext --transient-object");
    default:
        return hf_fail(why, HF_EPEER, 0, text_of(step));
    }
}
