/* SPDX-License-Identifier: Apache-2.0 */
/*
 * look.h -- how one errand is looked at: which question comes next, given the
 * answers so far. No input or output; the shell around it asks.
 *
 *     dns-persist-01, dns-01   one question
 *     caa                      the name and those above it, until one has CAA
 *     http-01, tls-alpn-01     addresses, then a probe; http-01 again for
 *                              every redirect
 */
#pragma once

#include "ca/eye.h"
#include "holdfast/name.h"

#define HF_LOOK_QUESTIONS_MAX 128
#define HF_REDIRECTS_MAX      10 /* RFC 8555 8.3 leaves it open */

struct hf_look;

/* Copies the errand; borrows the rules. Owns: hf_look_free(). Fails:
 * HF_EINVAL (there is nothing to look at), HF_ENOMEM. */
enum hf_err hf_look_new(const struct hf_errand *errand,
                        const struct hf_eye_rules *rules, struct hf_look **out,
                        struct hf_why *why);
void hf_look_free(struct hf_look *look);

/* The next question and its number, borrowed until hf_look_asked() says that
 * it is under way; false when there is none now. */
bool hf_look_question(struct hf_look *look, struct hf_lookup *out,
                      size_t *number);
void hf_look_asked(struct hf_look *look);

/* Its answer, which belongs to `look` then. Fails: HF_ENOMEM. */
enum hf_err hf_look_answer(struct hf_look *look, size_t number,
                           struct hf_found *found, struct hf_why *why);

/* A probe that is to be made now, borrowed until hf_look_probing() says that
 * it is under way; false when there is none now. */
bool hf_look_probe(const struct hf_look *look, struct hf_http_request *out);
void hf_look_probing(struct hf_look *look);

/* What it brought; the reply belongs to `look` then. Fails: HF_ENOMEM. */
enum hf_err hf_look_probed(struct hf_look *look, struct hf_http_reply *reply,
                           struct hf_why *why);

bool hf_look_is_done(const struct hf_look *look);

/* Hand over what was seen. Fails: HF_ENOMEM. */
enum hf_err hf_look_take(struct hf_look *look, struct hf_view *out,
                         struct hf_why *why);
