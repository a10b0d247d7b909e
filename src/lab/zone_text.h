/* SPDX-License-Identifier: Apache-2.0 */
/*
 * zone_text.h -- the laboratory's records from text and back, as in a zone
 * file (RFC 1035, section 5.1).
 */
#pragma once

#include "lab/zone.h"

/* Where reading is, and what lines depend on. */
struct hf_lab_text {
    struct hf_wire_name origin;
    struct hf_wire_name owner; /* of the line before, at first the origin */
    uint32_t ttl_s;
    uint64_t line;      /* of the last entry, from 1 */
    uint64_t next_line; /* of the one to come */
};

/* Begin at `origin`, with the usual TTL. */
void hf_lab_text_init(struct hf_lab_text *text,
                      const struct hf_wire_name *origin);

/*
 * Take the next record off `*rest`, which ends in a newline: [owner] [TTL]
 * [class] type data, also over several lines; $ORIGIN and $TTL are obeyed on
 * the way. Its RDATA is in `room`, a growing buffer, its owner is text->owner.
 * `*more` is false at the end.
 * Fails: HF_ESYNTAX, HF_ELIMIT, HF_ENOMEM; text->line says where.
 */
enum hf_err hf_lab_text_next(struct hf_lab_text *text, struct hf_span *rest,
                             struct hf_buf *room, struct hf_lab_record *out,
                             bool *more, struct hf_why *why);

/* Add a record as one line with a newline, ASCII, names in full. */
void hf_lab_text_put(struct hf_buf *out, const struct hf_lab_record *record);

/*
 * Read a zone file into `dns`. Where a SOA stands a zone begins, made as
 * `config` says, but for its name; its SOA and NS are our own, whatever the
 * file says. `now_s` is for the journal.
 * Fails: as hf_lab_text_next(), hf_lab_zone_add() and hf_lab_record_add();
 *        `*line` says where.
 */
enum hf_err hf_lab_text_load(struct hf_lab_dns *dns, struct hf_span text,
                             const struct hf_lab_zone_config *config,
                             int64_t now_s, uint64_t *line, struct hf_why *why);
