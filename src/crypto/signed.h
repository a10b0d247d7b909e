/* SPDX-License-Identifier: Apache-2.0 */
/* signed.h -- is it signed by the key in this certificate of a CA? All in DER.
 * What else stands in either is not looked at. */
#pragma once

#include <stdbool.h>

#include "holdfast/span.h"

bool hf_signed_certificate(struct hf_span certificate, struct hf_span ca);
bool hf_signed_crl(struct hf_span crl, struct hf_span ca);
