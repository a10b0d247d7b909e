/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lists.h -- keeping the lists of revoked certificates fresh (RFC 5280, section
 * 5; BR 4.9.7): one for each shard, made anew by the issuer when the tables say
 * that it is due, which is each day, and soon after a revocation, whoever did
 * it. Of several processes that serve, the one that has the chores makes them
 * (ca/seat.h). For ca/service.c.
 */
#pragma once

#include "ca/seat.h"
#include "ca/service.h"

struct hf_lists;

/* The seat is borrowed for its life. Owns: hf_lists_free(). Fails:
 * HF_ENOMEM. */
enum hf_err hf_lists_new(const struct hf_service_config *config,
                         const struct hf_seat *seat, struct hf_lists **out,
                         struct hf_why *why);
void hf_lists_free(struct hf_lists *lists);

/* Hand those that are due to the issuer. Fails: as the issuer does; a store
 * that is away for a while is no failure. */
enum hf_err hf_lists_renew(struct hf_lists *lists, int64_t now_at,
                           struct hf_why *why);

/* Keep what the issuer made, if the reply is one of these. True when it is. */
bool hf_lists_take(struct hf_lists *lists, const struct hf_issuer_reply *reply);
