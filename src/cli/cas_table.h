/* SPDX-License-Identifier: Apache-2.0 */
/* cas_table.h -- the table that the build makes from data/cas.json. */
#pragma once

#include "cli/cas.h"

extern const struct hf_ca_entry hf_ca_table[];
extern const size_t hf_ca_table_count;
