/* SPDX-License-Identifier: Apache-2.0 */
/*
 * field.h -- names and values of HTTP fields (RFC 9110, section 5), strictly.
 * Pure.
 */
#pragma once

#include <stdbool.h>

#include "holdfast/span.h"

/* A character of a token (RFC 9110, section 5.6.2). */
bool hf_field_is_token_char(char c);

/* One token, not empty: what names and methods are. */
bool hf_field_is_token(struct hf_span text);

/* No control octets but tabs; octets beyond ASCII may be there. */
bool hf_field_is_value(struct hf_span text);

/* Without the blanks around it. */
struct hf_span hf_field_trim(struct hf_span text);

/* The next element of a list with commas, trimmed; perhaps empty. */
bool hf_field_next(struct hf_span *rest, struct hf_span *out);
