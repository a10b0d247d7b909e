/* SPDX-License-Identifier: Apache-2.0 */
/*
 * given_line.h -- one record as people write it, out of one line of text: a
 * bare value, quoted strings, a line of a zone file or of dig, an object of
 * our own JSON. Reads hostile text; knows no files and no command line.
 */
#pragma once

#include "holdfast/name.h"

/* One record. Spans live until the callback returns. */
struct hf_given {
    struct hf_span owner; /* canonical, without the last dot; may be empty */
    struct hf_span value; /* strings joined (REQ RECORD-01) */
    const char *path;     /* file it came from; NULL: an operand */
    uint64_t line;        /* in that file */
    size_t strings;       /* 0 when not said */
    bool cut;             /* an unquoted ';' began a comment: see below */
};

/*
 * In a zone file `;` outside quotation marks begins a comment, and the record
 * loses everything behind it. That is what `cut` says; `value` is what a name
 * server would have kept.
 */

typedef void hf_given_fn(void *state, const struct hf_given *given);

/* A line that cannot be read; `text` is static. */
typedef void hf_given_fail_fn(void *state, const char *text);

/* 64 kB of data with every octet as a backslash and three digits. */
#define HF_GIVEN_ROOM ((size_t)512 * 1024)

struct hf_given_reader {
    hf_given_fn *fn;
    hf_given_fail_fn *fail;
    void *state;  /* of both */
    bool is_file; /* comments, directives and other records are passed over */
    char *room;   /* HF_GIVEN_ROOM octets */
    struct hf_name owner;      /* of the line being read */
    struct hf_name last_owner; /* of a zone file's line before */
    struct hf_name origin;     /* of $ORIGIN; empty: the root, or none */
};

/* Read one line of at most HF_GIVEN_ROOM octets: calls fn for each record in
 * it, or fail. `path` and `line` of struct hf_given are left to fn. */
void hf_given_line(struct hf_given_reader *reader, struct hf_span line);

/* Is it one of the two labels of this method with something below? */
bool hf_given_is_ours(struct hf_span owner);
