/* SPDX-License-Identifier: Apache-2.0 */
/* identifier.h -- names of certificates as people write them. */
#pragma once

#include <stdbool.h>

#include "holdfast/buf.h"
#include "holdfast/err.h"

/*
 * Append the canonical form of a domain name, with "*." where there was one, or
 * of an address, which may come in brackets.
 * Fails: as hf_idna_canonical(); `out` may then have grown.
 */
enum hf_err hf_identifier_put(struct hf_span text, struct hf_buf *out,
                              bool *is_address, struct hf_why *why);
