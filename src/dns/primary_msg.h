/* SPDX-License-Identifier: Apache-2.0 */
/*
 * primary_msg.h -- what is said to the process that talks with a primary
 * server, and what it says, in frames (os/role.h).
 *
 *     CONFIG    wall (1), milliseconds for each step (4), until the end (4, 0
 *               is never), server (text), key: name, algorithm, secret (texts)
 *     ZONE      now (8), type (2, does not count), owner (text)
 *     READ      now (8), type (2), owner (text)
 *     UPDATE    now (8), a message that is not signed
 *
 *     ZONE_IS   zone (text)
 *     FOUND     as found.h writes it
 *     ANSWERED  enum hf_update_answer (1)
 *     FAILED    error (1), errno (2), sentence
 *
 * Names are in presentation form; now is the real time, for the signature. One
 * answer for each question. Pure.
 */
#pragma once

#include "dns/primary.h"
#include "os/role.h"

#define HF_PRIMARY_ASK_MAX   (HF_WIRE_MESSAGE_MAX + 16)
#define HF_PRIMARY_REPLY_MAX (HF_FOUND_MAX + 64)
#define HF_PRIMARY_SAID_MAX  400 /* octets of a sentence */

enum hf_primary_frame {
    HF_PRIMARY_ZONE = HF_FRAME_OTHERS,
    HF_PRIMARY_READ,
    HF_PRIMARY_UPDATE,
    HF_PRIMARY_ZONE_IS,
    HF_PRIMARY_FOUND,
    HF_PRIMARY_ANSWERED,
    HF_PRIMARY_FAILED,
};

/* How the start of the role went. */
enum hf_primary_start {
    HF_PRIMARY_STARTED,
    HF_PRIMARY_NO_MEMORY,
    HF_PRIMARY_BAD_CONFIG,
    HF_PRIMARY_NO_CRYPTO,
    HF_PRIMARY_NO_WALL,
    HF_PRIMARY_STARTS, /* how many there are */
};

extern const struct hf_greeting hf_primary_greetings[HF_PRIMARY_STARTS];

/* The configuration, with what it points to. */
struct hf_primary_room {
    struct hf_primary_config config;
    struct hf_server server;
    struct hf_tsig_key *key; /* hf_tsig_key_free() */
};

/* What is asked. */
struct hf_primary_question {
    int64_t now_s;
    uint16_t type;
    struct hf_wire_name owner;
    struct hf_span update; /* of UPDATE, instead of both; borrowed */
};

/* Write whole frames; `now_ms` is hf_clock_ms(). What does not fit sets
 * out->full. */
void hf_primary_put_config(struct hf_buf *out,
                           const struct hf_primary_config *config,
                           int64_t now_ms);
void hf_primary_put_question(struct hf_buf *out, enum hf_primary_frame kind,
                             const struct hf_primary_question *question);
void hf_primary_put_zone(struct hf_buf *out, const struct hf_wire_name *zone);
void hf_primary_put_found(struct hf_buf *out, const struct hf_found *found);
void hf_primary_put_answer(struct hf_buf *out, enum hf_update_answer answer);
void hf_primary_put_failed(struct hf_buf *out, enum hf_err err,
                           const struct hf_why *why);

/* Read bodies. Fail: HF_ESYNTAX; the first one also HF_ENOMEM. */
enum hf_err hf_primary_read_config(struct hf_span body, int64_t now_ms,
                                   struct hf_primary_room *out,
                                   struct hf_why *why);
enum hf_err hf_primary_read_question(const struct hf_frame *frame,
                                     struct hf_primary_question *out,
                                     struct hf_why *why);
enum hf_err hf_primary_read_zone(struct hf_span body, struct hf_wire_name *out,
                                 struct hf_why *why);
enum hf_err hf_primary_read_answer(struct hf_span body,
                                   enum hf_update_answer *out,
                                   struct hf_why *why);

/* The error that FAILED tells of, its sentence printable and in `said`, of
 * 4 * HF_PRIMARY_SAID_MAX + 1 octets; HF_EPEER when it is nonsense. */
enum hf_err hf_primary_read_failed(struct hf_span body, char *said,
                                   struct hf_why *why);
