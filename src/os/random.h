/* SPDX-License-Identifier: Apache-2.0 */
/* random.h -- unpredictable bytes from the kernel. */
#pragma once

#include <stddef.h>

#include "holdfast/err.h"

/* Fails: HF_ESYSTEM; then nothing in `out` may be used. */
enum hf_err hf_random_fill(void *out, size_t len, struct hf_why *why);
