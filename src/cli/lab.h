/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lab.h -- a laboratory that runs: its names, its server, the lines that it is
 * told, and the story of what happens in it on standard output.
 */
#pragma once

#include "cli/cli.h"
#include "cli/lab_answer.h"
#include "lab/scenario.h"
#include "lab/zone_server.h"

struct hf_lab_world; /* lab_world.h */

#define HF_LAB_MOMENTS_MAX 16

/* A moment that a scenario has given a name. */
struct hf_lab_moment {
    char name[32];
    int64_t at_s;
};

/* Where a line stands. */
struct hf_lab_place {
    const char *path;
    uint64_t line;
};

struct hf_lab {
    struct hf_cli *cli;
    struct hf_lab_dns *dns;
    struct hf_lab_server *server;
    struct hf_lab_zone_config zone; /* what new zones are like */
    int64_t ahead_s;                /* of its clock */
    struct hf_lab_moment moments[HF_LAB_MOMENTS_MAX];
    size_t moment_count;
    bool is_over;                /* whoever sits before it said so */
    struct hf_buf line;          /* the one at hand, as it is meant */
    struct hf_buf room;          /* of its words */
    struct hf_lab_world *world;  /* programs; NULL: there are none here */
    struct hf_lab_answer answer; /* what the last step came to */
    struct hf_lab_place step_at; /* where that stands */
};

/* Begin with nothing but a root. Owns: hf_lab_end(). */
enum hf_exit hf_lab_begin(struct hf_cli *cli, struct hf_lab *lab);
void hf_lab_end(struct hf_lab *lab);

/* Read a zone file into it; says what is wrong with it. */
enum hf_exit hf_lab_load(struct hf_lab *lab, const char *path);

/* From now on changes are told. */
void hf_lab_tell(struct hf_lab *lab);

/*
 * Do what one line says. HF_EXIT_ERROR: it is wrong, or cannot be done, and
 * that was said; HF_EXIT_NO: what it expects is not so.
 */
enum hf_exit hf_lab_obey(struct hf_lab *lab, struct hf_span line,
                         const struct hf_lab_place *place);

/*
 * Do what all lines of a file say, as far as they are right: as above, for the
 * first that is wrong, or all that are not met.
 */
enum hf_exit hf_lab_play(struct hf_lab *lab, const char *path);

/* The moment of that name, or NULL. */
const struct hf_lab_moment *hf_lab_moment_find(const struct hf_lab *lab,
                                               struct hf_span name);

/* Listen at --listen, or where the kernel likes. */
enum hf_exit hf_lab_listen(struct hf_lab *lab);

/* One sentence on standard error about a line. */
void hf_lab_fail(const struct hf_lab *lab, const struct hf_lab_place *place,
                 const struct hf_why *why);

/*
 * A verb of programs. lab_step.c. HF_EXIT_ERROR: it cannot be done, and that
 * was said; HF_EXIT_NO: it is an expectation, and not met.
 */
enum hf_exit hf_lab_step(struct hf_lab *lab, const struct hf_lab_verb *verb,
                         const struct hf_lab_place *place);

/* Before the next step, and at the end: HF_EXIT_NO when the last one was
 * refused and nobody expected that, which is said. */
enum hf_exit hf_lab_overlooked(struct hf_lab *lab);

/*
 * Ask a resolver with empty memory, from the address and for what the verb
 * says, and compare. lab_expect.c. HF_EXIT_NO: it found something else, and
 * that was said.
 */
enum hf_exit hf_lab_expect(struct hf_lab *lab, const struct hf_lab_verb *verb,
                           const struct hf_lab_place *place);
