/* SPDX-License-Identifier: Apache-2.0 */
/*
 * primary_talk.h -- talking with a zone's primary server: the part of
 * primary.h that has the key and the socket and reads what the server says.
 * It runs in a process of its own (primary_worker.h).
 */
#pragma once

#include "dns/primary.h"

struct hf_primary_talk;

/* `config` is copied; what it points to must outlive it. Owns:
 * hf_primary_talk_free(). Fails: HF_ENOMEM. */
enum hf_err hf_primary_talk_new(const struct hf_primary_config *config,
                                struct hf_primary_talk **out,
                                struct hf_why *why);
void hf_primary_talk_free(struct hf_primary_talk *talk);

/* The real time, for the signatures of the questions to come. */
void hf_primary_talk_set_time(struct hf_primary_talk *talk, int64_t now_s);

/* As their siblings in primary.h; `update` is signed here. */
enum hf_err hf_primary_talk_zone(struct hf_primary_talk *talk,
                                 const struct hf_wire_name *owner,
                                 struct hf_wire_name *zone, struct hf_why *why);
enum hf_err hf_primary_talk_read(struct hf_primary_talk *talk,
                                 const struct hf_wire_name *owner,
                                 uint16_t type, struct hf_found *out,
                                 struct hf_why *why);
enum hf_err hf_primary_talk_send(struct hf_primary_talk *talk,
                                 struct hf_update *update,
                                 enum hf_update_answer *out,
                                 struct hf_why *why);
