/* SPDX-License-Identifier: Apache-2.0 */
/*
 * config.h -- the text of a configuration file: keys, and sections of keys.
 *
 *     state-dir = "/srv/holdfast"             # a value
 *     zone example.com {                      # a section, with its title
 *         publisher = knot
 *     }
 *     certificate www {
 *         names = {"www.example.com", "*.example.com"}
 *     }
 *
 * A part of the language of libconfuse, which reads what is read here in the
 * same way, and does not notice what is refused here: there is no include, no
 * expansion of variables, no default, no section in a section, no comment but
 * that of one line, and nothing is left open at the end.
 *
 * It knows shape, not meaning: which keys there are is config_kind.h's
 * business. Reading goes on behind a mistake, so that all of them can be told
 * at once. No input or output.
 */
#pragma once

#include "holdfast/buf.h"
#include "holdfast/err.h"

#define HF_CONFIG_MAX          (1U << 20) /* octets of a file */
#define HF_CONFIG_PROBLEMS_MAX 100        /* that are told */

struct hf_config_key {
    const char *name;
    size_t line;
    size_t first; /* its values are config->values[first], ... */
    size_t count;
};

struct hf_config_section {
    const char *kind;  /* "zone"; "" for the file itself */
    const char *title; /* "example.com"; "" for the file itself */
    size_t line;
    size_t first; /* its keys are config->keys[first], ... */
    size_t count;
};

/* What is wrong: "conf:12: zone: no such key". */
struct hf_config_problem {
    size_t line;
    struct hf_span subject; /* as it is in the file, or empty */
    const char *text;       /* static */
    const char *choices;    /* what would be right; or NULL */
};

/*
 * A file that was read. sections[0] is the file itself: the keys before the
 * first section. All text is its own, each with a NUL.
 */
struct hf_config {
    struct hf_config_section *sections;
    size_t section_count;
    struct hf_config_key *keys;
    size_t key_count;
    const char **values;
    size_t value_count;
    struct hf_config_problem *problems;
    size_t problem_count;
    struct hf_buf room; /* of the text */
};

/*
 * Read `text`, all of it. Owns: hf_config_free(). What is wrong in it is among
 * the problems of what comes out, in the order of lines.
 * Fails: HF_ENOMEM, HF_ELIMIT (larger than HF_CONFIG_MAX).
 */
enum hf_err hf_config_parse(struct hf_span text, struct hf_config **out,
                            struct hf_why *why);
void hf_config_free(struct hf_config *config);

/* Note another problem, in the order of lines; `subject` is text of the config.
 * When there are as many as are told nothing is noted. Fails: HF_ENOMEM, which
 * is no problem of a file. */
enum hf_err hf_config_note(struct hf_config *config,
                           const struct hf_config_problem *problem,
                           struct hf_why *why);

/* By kind and title, or NULL. */
const struct hf_config_section *
hf_config_section_find(const struct hf_config *config, const char *kind,
                       const char *title);

/* By name, or NULL. `section` may be NULL. */
const struct hf_config_key *
hf_config_key_find(const struct hf_config *config,
                   const struct hf_config_section *section, const char *name);

/* Its nth value, or NULL. */
const char *hf_config_value(const struct hf_config *config,
                            const struct hf_config_key *key, size_t n);

/* Write a section as a file has it. Reading that gives the same. */
void hf_config_put(const struct hf_config *config,
                   const struct hf_config_section *section, struct hf_buf *out);
