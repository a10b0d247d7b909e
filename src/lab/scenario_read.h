/* SPDX-License-Identifier: Apache-2.0 */
/* scenario_read.h -- taking a line apart, for scenario*.c only. Pure. */
#pragma once

#include "dns/zone_scan.h"
#include "lab/scenario.h"

/* A line on its way. */
struct hf_lab_reading {
    struct hf_span line;
    struct hf_span rest;
    struct hf_zone_word word; /* the last one that was taken */
    struct hf_buf *room;      /* there is some for all words of the line */
    struct hf_lab_verb verb;
};

/* Take the next word. False at the end. */
bool hf_lab_next(struct hf_lab_reading *r);

/* Is the word that was taken this one, without quotes? */
bool hf_lab_is(const struct hf_lab_reading *r, const char *keyword);

/* HF_ESYNTAX at the word that was taken. */
enum hf_err hf_lab_wrong(const struct hf_lab_reading *r, struct hf_why *why,
                         const char *text);

/* The octets of the word that was taken. */
enum hf_err hf_lab_take(struct hf_lab_reading *r, struct hf_span *out,
                        struct hf_why *why);

/* The same for the next word, which must be there. */
enum hf_err hf_lab_read_text(struct hf_lab_reading *r, struct hf_span *out,
                             struct hf_why *why);

/* Nothing may be left. */
enum hf_err hf_lab_read_end(struct hf_lab_reading *r, struct hf_why *why);

/* The verbs of programs; scenario_program.c. */
enum hf_err hf_lab_read_perspectives(struct hf_lab_reading *r,
                                     struct hf_why *why);
enum hf_err hf_lab_read_words(struct hf_lab_reading *r, struct hf_why *why);
enum hf_err hf_lab_read_who(struct hf_lab_reading *r, struct hf_why *why);
enum hf_err hf_lab_read_steal(struct hf_lab_reading *r, struct hf_why *why);
enum hf_err hf_lab_read_order(struct hf_lab_reading *r, struct hf_why *why);
enum hf_err hf_lab_read_step(struct hf_lab_reading *r, struct hf_why *why);
enum hf_err hf_lab_read_get(struct hf_lab_reading *r, struct hf_why *why);
enum hf_err hf_lab_read_log(struct hf_lab_reading *r, struct hf_why *why);

/* What `expect` says when its first word, which was taken, is no name. */
enum hf_err hf_lab_read_outcome(struct hf_lab_reading *r, struct hf_why *why);
