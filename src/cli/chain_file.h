/* SPDX-License-Identifier: Apache-2.0 */
/* chain_file.h -- a certificate, perhaps with its chain, in a file that
 * somebody names. */
#pragma once

#include "crypto/certificate.h"

/* Owns: hf_certificate_free(). Fails: as hf_file_read() and
 * hf_certificate_read() do. */
enum hf_err hf_chain_file_read(const char *path, struct hf_certificate **out,
                               struct hf_why *why);
