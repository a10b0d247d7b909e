/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lab_answer.h -- what the last step of a scenario came to: its outcome, what
 * was said, and that as JSON where it is any; and what is expected of it.
 */
#pragma once

#include <jansson.h>

#include "lab/scenario.h"

#define HF_LAB_TYPE_MAX 80

struct hf_lab_answer {
    enum hf_lab_outcome outcome;
    bool settled;                   /* expected, or good anyway */
    char type[HF_LAB_TYPE_MAX + 1]; /* of a problem; or empty */
    json_t *json;                   /* or NULL */
    struct hf_buf text;             /* all that was said */
};

void hf_lab_answer_init(struct hf_lab_answer *answer);
void hf_lab_answer_clear(struct hf_lab_answer *answer);

/* The next step: forget the last one. */
void hf_lab_answer_begin(struct hf_lab_answer *answer);

/* Take over `json` with this outcome. A member "problem" of it, as ACME has
 * them, says the type. */
void hf_lab_answer_put(struct hf_lab_answer *answer,
                       enum hf_lab_outcome outcome, json_t *json);

/* The first element of the list that has this "type", or NULL. */
const json_t *hf_lab_of_type(const json_t *list, struct hf_span type);

/* Is it what the verb, OUTCOME, HAS or LACKS, expects? */
bool hf_lab_answer_is(struct hf_lab_answer *answer,
                      const struct hf_lab_verb *verb);

/* It was refused, and nobody has expected that. */
bool hf_lab_answer_is_amiss(const struct hf_lab_answer *answer);

/* One line about it for people, with `most` octets of what was said of it:
 * "refused unauthorized: ...". */
void hf_lab_answer_tell(const struct hf_lab_answer *answer, struct hf_span said,
                        size_t most, struct hf_buf *out);
