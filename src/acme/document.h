/* SPDX-License-Identifier: Apache-2.0 */
/*
 * document.h -- reading the JSON of an ACME server (RFC 8555), for the files
 * of this layer.
 *
 * JSON itself is read strictly: UTF-8, one object, no member twice, bounded.
 * Its contents are read tolerantly, as RFC 8555, section 6.1 and onwards ask:
 * unknown members are ignored, and one that is missing or of a wrong type is
 * reported as such and never guessed. What is given out borrows from the
 * document.
 */
#pragma once

#include <jansson.h>

#include "holdfast/challenge.h"
#include "holdfast/err.h"

/*
 * Read `text` into `*out`, released with json_decref().
 * Fails: HF_ESYNTAX (no JSON object), HF_ENOMEM.
 */
enum hf_err hf_document_read(struct hf_span text, json_t **out,
                             struct hf_why *why);

/* The member, or NULL when it is missing or null. */
const json_t *hf_document_member(const json_t *object, const char *key);

/* A string member; wrong types are told apart from missing ones. */
struct hf_text hf_document_text(const json_t *object, const char *key);

/* The same where only a string counts: empty otherwise. */
struct hf_span hf_document_string(const json_t *object, const char *key);

/*
 * An array of strings as it stands, entries of other types with a NULL ptr.
 * The list takes the first `count` places of `*room`, which moves on; the
 * caller has made it large enough with hf_document_size().
 */
struct hf_names hf_document_names(const json_t *object, const char *key,
                                  struct hf_span **room);

/* Places that hf_document_names() will take. */
size_t hf_document_size(const json_t *object, const char *key);
