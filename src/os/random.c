/* SPDX-License-Identifier: Apache-2.0 */
#include "os/random.h"

#include <errno.h>
#include <sys/random.h>
#include <sys/types.h>

enum hf_err hf_random_fill(void *out, size_t len, struct hf_why *why)
{
    char *at = out;
    enum hf_err err;

    while (len > 0) {
        ssize_t n = getrandom(at, len, 0);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            int sys = errno;

            err = hf_fail(why, HF_ESYSTEM, 0, "getrandom");
            if (why != NULL)
                why->sys = sys;
            return err;
        }
        at += n;
        len -= (size_t)n;
    }
    return HF_OK;
}
