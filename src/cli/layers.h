/* SPDX-License-Identifier: Apache-2.0 */
/*
 * layers.h -- the configuration file under a command line: what the command
 * line does not say, the sections that the command is about say instead, and
 * the file itself at the bottom. cli.c asks here, so that no command needs to
 * know that there is a file.
 */
#pragma once

#include "cli/cli.h"
#include "cli/config.h"

/* From the top: what is said by one counts before the next. */
enum hf_layer {
    HF_LAYER_CERTIFICATE,
    HF_LAYER_ZONE,
    HF_LAYER_PUBLISHER,
    HF_LAYER_ACCOUNT,
    HF_LAYER_AUTHORITY,
    HF_LAYER_PERSPECTIVE,
    HF_LAYER_FILE,
    HF_LAYER_COUNT,
};

struct hf_layers {
    struct hf_config *config;
    char path[PATH_MAX];
    const struct hf_config_section *sections[HF_LAYER_COUNT]; /* or NULL */
};

/*
 * Read the file at `path`, or the usual one when that is NULL, without judging
 * it. `*out` stays NULL when there is none, or `path` is "none". On failure a
 * message was printed. Owns: hf_layers_free().
 */
enum hf_exit hf_layers_read(const struct hf_cli *cli, const char *path,
                            struct hf_layers **out);
void hf_layers_free(struct hf_layers *layers);

/* One sentence about a problem: "holdfast: FILE:LINE: KEY: what is wrong". */
void hf_layers_tell(const struct hf_cli *cli, const struct hf_layers *layers,
                    const struct hf_config_problem *problem);

/*
 * Put the file under the command line: cli->layers, when there is a file and
 * the command heeds it. A file with mistakes is refused with all of them.
 */
enum hf_exit hf_layers_open(struct hf_cli *cli);

/*
 * The sections that the command is about, chosen by hf_layers_open() as far as
 * the command line tells. Who learns of them later says so with these; they do
 * nothing when there is no file.
 */
void hf_layers_use_certificate(const struct hf_cli *cli, struct hf_span title);
void hf_layers_use_account(const struct hf_cli *cli, struct hf_span name);
void hf_layers_use_authority(const struct hf_cli *cli, struct hf_span name);
void hf_layers_use_perspective(const struct hf_cli *cli, struct hf_span name);
enum hf_exit hf_layers_use_zone_of(const struct hf_cli *cli,
                                   struct hf_span name);

/* The section of that certificate when it is in use; or NULL. And use it again,
 * after that of another one. */
const struct hf_config_section *hf_layers_certificate(const struct hf_cli *cli);
void hf_layers_put_certificate(const struct hf_cli *cli,
                               const struct hf_config_section *section);

/*
 * What the layers say of an option: how many values, and the nth or NULL. A
 * switch has one value when it is on. The first layer that says anything
 * decides, also against options that exclude this one.
 */
size_t hf_layers_count(const struct hf_cli *cli, const char *name);
const char *hf_layers_nth(const struct hf_cli *cli, const char *name, size_t n);
bool hf_layers_switch(const struct hf_cli *cli, const char *name,
                      bool otherwise);
