/* SPDX-License-Identifier: Apache-2.0 */
/* grounds.h -- does the evidence that is given support the certificate that is
 * asked for? Pure. */
#pragma once

#include "ca/issuer.h"

/* What is missing, a sentence, of this name of the order; NULL: nothing. */
const char *hf_grounds_fault(const struct hf_issuer_order *order,
                             const struct hf_issuer_name *name);
