/* SPDX-License-Identifier: Apache-2.0 */
/* region.h -- the service regions of Internet registries, which BR 3.2.2.9
 * counts: perspectives that agree are in two of them. */
#pragma once

#include "holdfast/span.h"

#define HF_REGION_WORDS "ARIN, RIPE NCC, APNIC, LACNIC or AFRINIC"

/* The one spelling of a region, so that two of the same are no two regions:
 * case does not matter, and RIPE is RIPE NCC. Empty: there is no such one.
 * REQ VAL-42. */
struct hf_span hf_region_find(struct hf_span word);
