/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lab.h -- a laboratory that runs: its names, its server, the lines that it is
 * told, and the story of what happens in it on standard output.
 */
#pragma once

#include "cli/cli.h"
#include "lab/scenario.h"
#include "lab/zone_server.h"

struct hf_lab {
    struct hf_cli *cli;
    struct hf_lab_dns *dns;
    struct hf_lab_server *server;
    struct hf_lab_zone_config zone; /* what new zones are like */
    int64_t ahead_s;                /* of its clock */
    struct hf_buf room;             /* of the line at hand */
};

/* Begin with nothing but a root. Owns: hf_lab_end(). */
enum hf_exit hf_lab_begin(struct hf_cli *cli, struct hf_lab *lab);
void hf_lab_end(struct hf_lab *lab);

/* Read a zone file into it; says what is wrong with it. */
enum hf_exit hf_lab_load(struct hf_lab *lab, const char *path);

/* From now on changes are told. */
void hf_lab_tell(struct hf_lab *lab);

/*
 * Do what one line says; `path` and `number` are where it stands. What is
 * wrong with it is said; false then.
 */
bool hf_lab_obey(struct hf_lab *lab, struct hf_span line, const char *path,
                 uint64_t number);
