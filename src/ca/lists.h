/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lists.h -- keeping the lists of revoked certificates fresh (RFC 5280, section
 * 5; BR 4.9.7): one for each shard, made anew by the issuer in time, and soon
 * after a revocation. For ca/service.c.
 */
#pragma once

#include "ca/service.h"

struct hf_lists;

/* Owns: hf_lists_free(). Fails: HF_ENOMEM. */
enum hf_err hf_lists_new(const struct hf_service_config *config,
                         struct hf_lists **out, struct hf_why *why);
void hf_lists_free(struct hf_lists *lists);

/* Somebody revoked a certificate of this shard: its list is due in a moment. */
void hf_lists_hurry(struct hf_lists *lists, uint32_t shard, int64_t now_at);

/* Hand one that is due to the issuer. Fails: as the store and the issuer do; a
 * store that is away for a while is no failure. */
enum hf_err hf_lists_renew(struct hf_lists *lists, int64_t now_at,
                           struct hf_why *why);

/* Keep what the issuer made, if the reply is one of these. */
void hf_lists_take(struct hf_lists *lists, const struct hf_issuer_reply *reply);
