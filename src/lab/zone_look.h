/* SPDX-License-Identifier: Apache-2.0 */
/*
 * zone_look.h -- answering a question from the records of one zone: data,
 * aliases, wildcards, referrals, and the proofs that DNSSEC wants of each (RFC
 * 1034, section 4.3.2; RFC 4035, section 3.1). For zone*.c only.
 */
#pragma once

#include "lab/zone_reply.h"

/*
 * Fill the reply to its request. Faults that concern what is said strike here.
 * Fails: HF_ENOMEM, HF_ECRYPTO.
 */
enum hf_err hf_lab_look(const struct hf_lab_dns *dns,
                        struct hf_lab_reply *reply, struct hf_why *why);

/*
 * Add one RRset of the zone to the answer as a transfer has it: with its
 * signature, and with the NSEC when it is the first of its name.
 */
enum hf_err hf_lab_look_rrset(const struct hf_lab_dns *dns,
                              struct hf_lab_zone *zone,
                              struct hf_lab_range rrset,
                              struct hf_lab_reply *reply, struct hf_why *why);
