/* SPDX-License-Identifier: Apache-2.0 */
/*
 * eval_input.h -- cut a stream into JSON objects: one a line, one behind the
 * other, over several lines, or as the members of an array. It counts
 * brackets and knows strings; whether an object is right is jansson's
 * business. What cannot be read costs one line, never the rest.
 */
#pragma once

#include "os/file.h"

#define HF_EVAL_OBJECT_MAX ((size_t)1 << 20) /* octets of one object */
#define HF_EVAL_DEPTH_MAX  32                /* containers inside another */

struct hf_eval_input {
    struct hf_lines lines;
    struct hf_span rest;   /* of the line at hand, not looked at yet */
    struct hf_buf pending; /* an object that began on an earlier line */
    uint64_t line;         /* where that was */
    size_t indent;         /* blanks before it */
    bool skipping;         /* it was given up; its other lines pass unread */
    unsigned depth;        /* containers open; 0 between objects */
    bool in_string;
    bool escaped;
};

/* One object, or what stands where one should be. */
struct hf_eval_item {
    uint64_t line;       /* on which it begins */
    struct hf_span text; /* of the object; borrowed until the next call */
    const char *error;   /* NULL for an object */
};

/* Fails: as hf_lines_open(). */
enum hf_err hf_eval_input_open(struct hf_eval_input *input, const char *path,
                               struct hf_why *why);
void hf_eval_input_close(struct hf_eval_input *input);

/* `*more` is false at the end. Fails: HF_ESYSTEM, HF_ECANCELED. */
enum hf_err hf_eval_input_next(struct hf_eval_input *input,
                               struct hf_eval_item *item, bool *more,
                               struct hf_why *why);
