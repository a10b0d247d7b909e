/* SPDX-License-Identifier: Apache-2.0 */
/*
 * time_text.h -- moments as text: UNIX seconds, RFC 3339, "+90d". Pure; the
 * proleptic Gregorian calendar, UTC, no leap seconds.
 */
#pragma once

#include "holdfast/buf.h"
#include "holdfast/err.h"
#include "holdfast/time.h"

/* Room for what hf_time_put() writes. */
#define HF_TIME_TEXT_MAX 32

/* "2026-09-21T13:33:20Z"; plain seconds for years outside 0000 to 9999. */
void hf_time_put(struct hf_buf *out, int64_t at);

/*
 * Read a moment: seconds since the epoch with an optional fraction
 * ("1790000000.5", also negative), an RFC 3339 date ("2026-09-21") or date
 * and time ("2026-09-21T13:33:20Z", "...+02:00"), or a distance from `now`:
 * "+90d", "-12h", with s, m, h, d, w or y (365 days).
 *
 * Fails: HF_ESYNTAX with why->at where reading stopped, HF_ELIMIT when the
 *        number does not fit.
 */
enum hf_err hf_time_parse(struct hf_span text, struct hf_time now,
                          struct hf_time *out, struct hf_why *why);
