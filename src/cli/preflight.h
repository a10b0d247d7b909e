/* SPDX-License-Identifier: Apache-2.0 */
/*
 * preflight.h -- before an order: look at its names as the CA will, at every
 * authoritative server, through DNSSEC and CAA, so that what would fail is
 * never ordered (REQ CLI-20, CLI-21, CLI-28).
 */
#pragma once

#include "cli/applicant.h"
#include "cli/target.h"

/*
 * Look at all targets but addresses, of which DNS knows nothing, side by side.
 * Owns: hf_preflight_clear(), whatever comes back.
 * HF_EXIT_ERROR: after a message. HF_EXIT_INTERRUPTED.
 */
enum hf_exit hf_preflight_look(struct hf_applicant *applicant,
                               struct hf_target *const *targets, size_t count);

/* Judge what was seen; whether its record serves is an answer, see
 * hf_preflight_serves(). HF_EXIT_ERROR: after a message. */
enum hf_exit hf_preflight_judge(struct hf_applicant *applicant,
                                const struct hf_target *targets, size_t count);
void hf_preflight_clear(struct hf_target *targets, size_t count);

/* The CA would validate it by its record; or nobody looked. */
bool hf_preflight_serves(const struct hf_target *target);

/* The parent at which the record stands that serves it; empty: it stands at the
 * name itself, or there is none. */
struct hf_span hf_preflight_ancestor(const struct hf_target *target);

/* CAA lets the CA use this other method for it; or nobody looked. */
bool hf_preflight_permits(struct hf_applicant *applicant,
                          const struct hf_target *target,
                          enum hf_method method);

/* Tell what was seen, which record to publish, and what the register knows of
 * one that was there. */
void hf_preflight_show(struct hf_applicant *applicant,
                       const struct hf_target *target);

/* The CA's challenge may speak another draft, or name another issuer, than its
 * directory let us expect: judge what was seen again, by its words; and it may
 * be for another name than the one at which the record stands. */
bool hf_preflight_still_serves(struct hf_applicant *applicant,
                               struct hf_target *target, struct hf_span name,
                               const struct hf_recognised *recognised);
