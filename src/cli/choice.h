/* SPDX-License-Identifier: Apache-2.0 */
/*
 * choice.h -- by which method each name of an order is validated: the first
 * one of its means that can (REQ CLI-46). A record that serves is chosen
 * wherever dns-persist-01 comes first; whoever needs another method hears why,
 * and which record would have done.
 */
#pragma once

#include "cli/issue.h"

/*
 * Choose for every target, with what was seen of it. HF_EXIT_NO: for some there
 * is no method, after messages, and nothing should be ordered.
 */
enum hf_exit hf_choice_plan(struct hf_issue *issue);

/* Have at hand what was chosen: after the hooks that may have to make room for
 * it, and before the order. On failure a message was printed. */
enum hf_exit hf_choice_prepare(struct hf_issue *issue);

/* Choose the challenge of an authorization: of the method that was planned,
 * or of the next one when the CA does not offer that. */
hf_choose_fn hf_choice_make;

/* Take away all that was shown, whatever came of the order; also when a signal
 * asks to stop. */
void hf_choice_tidy(struct hf_issue *issue);
