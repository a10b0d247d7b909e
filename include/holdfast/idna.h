/* SPDX-License-Identifier: Apache-2.0 */
/* idna.h -- any spelling of a domain name to its canonical form, by libidn2. */
#pragma once

#include "holdfast/name.h"

/*
 * UTF-8 or ASCII, upper or lower case, one trailing dot allowed; the result
 * is canonical (draft -02, section 9.2; REQ RECORD-21): lower-cased, NFC,
 * IDNA2008 A-labels. A leading `*.` must be cut off before.
 *
 * Fails: HF_ESYNTAX (not a name; A-labels that do not decode), HF_ENOMEM.
 */
enum hf_err hf_idna_canonical(struct hf_span text, struct hf_name *out,
                              struct hf_why *why);
