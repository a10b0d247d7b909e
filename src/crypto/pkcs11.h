/* SPDX-License-Identifier: Apache-2.0 */
/* pkcs11.h -- what a PKCS #11 URI (RFC 7512) says about the PIN. */
#pragma once

#include "holdfast/buf.h"
#include "holdfast/err.h"
#include "holdfast/span.h"

/*
 * The path in the URI's pin-source, percent-decoded and without "file:", added
 * to `path`; nothing when there is none. Reading that file, whose first line
 * is the PIN, is the caller's business.
 * Fails: HF_ESYNTAX (broken percent-encoding), HF_EINVAL (a command, which is
 *        not run), HF_ELIMIT.
 */
enum hf_err hf_pkcs11_pin_source(struct hf_span uri, struct hf_buf *path,
                                 struct hf_why *why);
