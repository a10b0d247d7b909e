/* SPDX-License-Identifier: Apache-2.0 */
#include "os/random.h"

#include <sys/random.h>
#include <sys/types.h>

#include "os/fail.h"

enum hf_err hf_random_fill(void *out, size_t len, struct hf_why *why)
{
    char *at = out;

    while (len > 0) {
        ssize_t n = getrandom(at, len, 0);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return hf_fail_sys(why, errno, "getrandom");
        at += n;
        len -= (size_t)n;
    }
    return HF_OK;
}
