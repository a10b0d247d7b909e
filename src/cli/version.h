/* SPDX-License-Identifier: Apache-2.0 */
/* version.h -- what this build is made of. */
#pragma once

#include "holdfast/buf.h"

/* Version, then the libraries with the versions they have at run time. */
void hf_version_put(struct hf_buf *out);
