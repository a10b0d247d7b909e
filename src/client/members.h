/* SPDX-License-Identifier: Apache-2.0 */
/*
 * members.h -- the members of our own JSON files that are text: a table says
 * how each is called and where in a struct its span is.
 */
#pragma once

#include <stddef.h>

#include "base/json.h"

struct json_t;

struct hf_member {
    const char *key;
    size_t offset; /* of a struct hf_span */
};

/* The object in a file that is its owner's alone. Owns: json_decref().
 * Fails: as hf_file_read_private() and hf_document_read(), and HF_ELIMIT (more
 * than `max` octets). */
enum hf_err hf_members_load(const char *path, size_t max, struct json_t **out,
                            struct hf_why *why);

/* Fill the spans; what is missing, or no text, is empty. They borrow from the
 * JSON. */
void hf_members_read(const struct json_t *root, const struct hf_member *table,
                     size_t count, void *out);

/* Write those that are not empty into an object that is open. False when one
 * is not UTF-8: then it is not all there, and nobody should keep it. */
bool hf_members_put(struct hf_json *json, const struct hf_member *table,
                    size_t count, const void *from);

/* An array of texts: at most `max` of them into `out`; returns how many. */
size_t hf_members_list(const struct json_t *root, const char *key,
                       struct hf_span *out, size_t max);

/* A number, or 0, or something else when there is none. A truth, or false. */
int64_t hf_members_number(const struct json_t *root, const char *key);
int64_t hf_members_number_or(const struct json_t *root, const char *key,
                             int64_t otherwise);
bool hf_members_flag(const struct json_t *root, const char *key);
