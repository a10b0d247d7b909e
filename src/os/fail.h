/* SPDX-License-Identifier: Apache-2.0 */
/* fail.h -- failing because the kernel said no. */
#pragma once

#include <errno.h>

#include "holdfast/err.h"

/*
 * return hf_fail_sys(why, errno, "open"): HF_ENOTFOUND when a name does not
 * exist, else HF_ESYSTEM.
 */
static inline enum hf_err hf_fail_sys(struct hf_why *why, int sys,
                                      const char *doing)
{
    enum hf_err err =
        hf_fail(why, sys == ENOENT ? HF_ENOTFOUND : HF_ESYSTEM, 0, doing);

    if (why != NULL)
        why->sys = sys;
    return err;
}
