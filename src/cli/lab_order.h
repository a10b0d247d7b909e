/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lab_order.h -- orders of a laboratory step by step: what a client does in one
 * go, taken apart, so that things can happen between two steps. The answer of
 * each is the order, with its authorizations in it, or the problem.
 */
#pragma once

#include "cli/lab_world.h"

/*
 * ORDER, VALIDATE, AWAIT, FINALIZE and GET; lab->answer says what came of it.
 * Fails: HF_EINVAL (no such order), HF_EPEER (the CA does not answer, or talks
 *        nonsense), HF_ETIMEOUT, and as an account's files are read.
 */
enum hf_err hf_lab_order_do(struct hf_lab *lab, const struct hf_lab_verb *verb,
                            struct hf_why *why);
