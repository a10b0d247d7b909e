/* SPDX-License-Identifier: Apache-2.0 */
/* zone_type.h -- the words of a zone file: types, classes, TTLs. Pure. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "holdfast/span.h"

/* A type by its mnemonic in any case, or TYPEnnn (RFC 3597, section 5). */
bool hf_zone_type_find(struct hf_span word, uint16_t *out);

/* The mnemonic of a type; NULL when it has none here. */
const char *hf_zone_type_word(uint16_t type);

/* A class by its mnemonic, or CLASSnnn. */
bool hf_zone_class_find(struct hf_span word, uint16_t *out);

/* Seconds, or numbers with w, d, h, m and s behind them: "1h30m". */
bool hf_zone_ttl_read(struct hf_span word, uint32_t *out);
