/* SPDX-License-Identifier: Apache-2.0 */
/*
 * zone_update.h -- what a message of RFC 2136 asks for, done as a whole or not
 * at all. For zone*.c only.
 */
#pragma once

#include "lab/zone_reply.h"

/*
 * Check the prerequisites, then the changes, then make them; the reply gets
 * the code that says how it went. Fails: HF_ENOMEM.
 */
enum hf_err hf_lab_update(struct hf_lab_dns *dns, struct hf_lab_reply *reply,
                          struct hf_why *why);
