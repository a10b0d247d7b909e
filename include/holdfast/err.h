/* SPDX-License-Identifier: Apache-2.0 */
/*
 * err.h -- the one way a holdfast function fails.
 *
 * A function that can fail returns enum hf_err; the compiler warns when a
 * caller drops it. A check that says "no" is not a failure: it is an answer,
 * returned through an out parameter with HF_OK.
 */
#pragma once

#include <stddef.h>

#if defined(__STDC_VERSION__) && __STDC_VERSION__ >= 202000L
#define HF_NODISCARD [[nodiscard]]
#else
#define HF_NODISCARD
#endif

enum HF_NODISCARD hf_err {
    HF_OK = 0,
    HF_ENOMEM,    /* the allocator said no */
    HF_ELIMIT,    /* a size or count limit of ours was reached */
    HF_ESYNTAX,   /* input does not match its grammar */
    HF_EINVAL,    /* well formed, but the law or the caller's data forbids it */
    HF_ESYSTEM,   /* the kernel said no; hf_why.sys has its errno */
    HF_ENOTFOUND, /* the named thing does not exist */
    HF_ETIMEOUT,  /* a deadline passed */
    HF_ECANCELED, /* the user or a signal asked to stop */
    HF_EPEER,     /* a remote server answered wrongly or refused */
    HF_ECRYPTO,   /* the cryptographic library said no */
};

/* Why a call failed, for people to read. */
struct hf_why {
    const char *text; /* static, never freed; names the law it cites */
    size_t at;        /* byte offset in the input, or 0 */
    int sys;          /* errno, or 0 */
};

/*
 * Record the reason and hand back the code: return hf_fail(why, ...).
 * `why` may be NULL: the caller does not want the reason.
 */
static inline enum hf_err hf_fail(struct hf_why *why, enum hf_err err,
                                  size_t at, const char *text)
{
    if (why != NULL) {
        why->text = text;
        why->at = at;
        why->sys = 0;
    }
    return err;
}
