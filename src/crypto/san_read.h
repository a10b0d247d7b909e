/* SPDX-License-Identifier: Apache-2.0 */
/* san_read.h -- a struct hf_san of what OpenSSL has. For this layer only. */
#pragma once

#include <openssl/x509v3.h>

#include "crypto/san.h"

/*
 * The names in `list`, NULL for none, and one more if `common_name` is not
 * NULL. Owns: hf_san_clear(). Fails: HF_ELIMIT, HF_ENOMEM.
 */
enum hf_err hf_san_read(const GENERAL_NAMES *list,
                        const ASN1_STRING *common_name, struct hf_san *out,
                        struct hf_why *why);
