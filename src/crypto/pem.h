/* SPDX-License-Identifier: Apache-2.0 */
/* pem.h -- certificates as text (RFC 7468). */
#pragma once

#include "holdfast/buf.h"

/* Add a certificate in DER. */
void hf_pem_put_certificate(struct hf_buf *out, struct hf_span der);
