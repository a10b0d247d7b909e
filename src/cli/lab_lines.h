/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lab_lines.h -- lines for a laboratory that come while it runs, from a
 * terminal or a fifo.
 */
#pragma once

#include "cli/lab.h"

struct hf_lab_lines {
    int fd; /* -1: none, or no more */
    struct hf_lab_place place;
    size_t len;
    char room[HF_LAB_LINE_MAX];
};

/* One line of them. */
typedef void hf_lab_line_fn(struct hf_lab *lab, struct hf_span line,
                            const struct hf_lab_place *place);

/* From `path`, "-" for standard input, or from nowhere when it is NULL. On
 * failure a message was printed. */
enum hf_exit hf_lab_lines_open(const struct hf_cli *cli, const char *path,
                               struct hf_lab_lines *lines);
void hf_lab_lines_close(struct hf_lab_lines *lines);

/* The descriptor can be read: take what is there and do the whole lines; at
 * the end, where `fd` becomes -1, also one without a newline. */
void hf_lab_lines_read(struct hf_lab *lab, struct hf_lab_lines *lines,
                       hf_lab_line_fn *obey);
